// A pool under load while its server is stopped, crashes and comes back. COROPG_TEST_FULL makes it 20 times each.

#include "../support/cluster.hpp"
#include "../support/write_load.hpp"

#include <coropg/log.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

int rounds() { return std::getenv("COROPG_TEST_FULL") != nullptr ? 20 : 5; }

/// Begins at the moment the server accepts connections again.
using moment = std::chrono::steady_clock::time_point;

/// Repeats `outage` under load. It returns when the server accepts again.
template <class Outage>
void run_through(Outage outage) {
    if (!cluster::is_possible()) return;
    set_logger(nullptr);
    cluster server;
    write_load::make_table(server.info());
    write_load load{server.info(), {.max_size = 4, .acquire_timeout = 10s}, 8};
    load.first_success(std::chrono::steady_clock::now());
    std::vector<std::int64_t> times;
    for (int i = 0; i < rounds(); ++i) {
        outage(server, load);
        const moment back = std::chrono::steady_clock::now();
        times.push_back(load.first_success(back).count());
        std::this_thread::sleep_for(50ms);
    }
    load.stop();
    std::ranges::sort(times);
    std::string all;
    for (const std::int64_t time : times) all += std::to_string(time) + " ";
    BOOST_TEST_MESSAGE(all << "ms from the server's return to the first success");
    BOOST_TEST(times[times.size() / 2] <= 250);
    BOOST_TEST(times.back() <= 1000);  // for machines that are busy otherwise
    const pool_stats s = load.pool.stats();
    BOOST_TEST_MESSAGE(s.requests_num << " requests, " << s.connections_num << " connects, of them "
                                      << s.connections_errors << " failed");
    BOOST_TEST(s.timed_out == 0U);
    BOOST_TEST(s.failed == 0U);
    BOOST_TEST(s.granted == s.released);
    load.check(server.info());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_restart)

BOOST_AUTO_TEST_CASE(a_fast_restart) {
    run_through([](cluster& server, const write_load&) {
        server.stop(stop_mode::fast);
        server.start();
    });
}

BOOST_AUTO_TEST_CASE(an_immediate_restart) {
    run_through([](cluster& server, const write_load&) {
        server.stop(stop_mode::immediate);
        server.start();
    });
}

BOOST_AUTO_TEST_CASE(a_killed_process) {
    run_through([](cluster& server, const write_load&) {
        sync::connection witness = sync::connect(server.info());
        const auto victims = witness.fetch<int>(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()");
        BOOST_REQUIRE(!victims.empty());
        cluster::kill_process(victims.front());
        try {  // the server ends all sessions, this one among them
            for (;;) witness.execute("SELECT pg_sleep(0.001)");
        } catch (const error&) {
        }
        while (!server.accepts()) std::this_thread::sleep_for(5ms);
    });
}

BOOST_AUTO_TEST_SUITE_END()
