// A pool under load while its server is stopped, crashes and comes back. COROPG_TEST_FULL makes it 20 times each.

#include "../support/cluster.hpp"
#include "../support/write_load.hpp"

#include <coropg/log.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

bool is_full() { return std::getenv("COROPG_TEST_FULL") != nullptr; }
int rounds() { return is_full() ? 20 : 5; }

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
        times.push_back(load.first_success(std::chrono::steady_clock::now()).count());
        BOOST_TEST(static_cast<double>(times.back()) <= within(is_full() ? 250 : 1000));
        std::this_thread::sleep_for(50ms);
    }
    load.stop();
    std::ranges::sort(times);
    std::string all;
    for (const std::int64_t time : times) all += std::to_string(time) + " ";
    BOOST_TEST_MESSAGE(all << "ms from the server's return to the first success");
    BOOST_TEST(static_cast<double>(times[times.size() / 2]) <= within(250));
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

// One process after the other is told to end, for 3 s or 60.
BOOST_AUTO_TEST_CASE(a_storm_of_terminations) {
    if (!cluster::is_possible()) return;
    set_logger(nullptr);
    cluster server;
    write_load::make_table(server.info());
    write_load load{server.info(), {.max_size = 8, .acquire_timeout = 10s}, 64};
    sync::connection killer = sync::connect(server.info());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{is_full() ? 60 : 3};
    std::int64_t killed = 0;
    while (std::chrono::steady_clock::now() < end) {
        killed += killer.fetch_one<std::int64_t>(
            "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) AS victim");
        std::this_thread::sleep_for(10ms);
    }
    BOOST_TEST((load.first_success(std::chrono::steady_clock::now()) <= within(1000ms)));
    load.stop();
    BOOST_TEST_MESSAGE(killed << " processes ended");
    BOOST_TEST(killed > 50);
    BOOST_TEST(load.pool.stats().timed_out == 0U);
    BOOST_TEST(load.pool.stats().failed == 0U);
    load.check(server.info());
}

BOOST_AUTO_TEST_SUITE_END()
