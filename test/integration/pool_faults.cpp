// A pool whose connections are killed, cut or answered by silence, or can't be made.

#include "../support/memory.hpp"
#include "../support/pool_face.hpp"

#include <coropg/testing/fault_proxy.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// The server of this run by its address: without descriptors no name is found, and the resolver does not say why.
conninfo by_address() {
    conninfo info = dsn();
    const std::string host{info.get("host")};
    if (host.empty() || host.starts_with('/') || !info.get("hostaddr").empty()) return info;
    asio::io_context io;
    const auto found = asio::ip::tcp::resolver{io}.resolve(host, "5432");
    return info.hostaddr(found.begin()->endpoint().address().to_string());
}

/// Leaves the process no more than `spare` descriptors while it lives.
class few_descriptors {
 public:
    explicit few_descriptors(rlim_t spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);  // the lowest that is free
        ::close(next);
        const rlimit fewer{static_cast<rlim_t>(next) + spare, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &fewer);
    }
    ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;

 private:
    rlimit before_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_faults)

BOOST_AUTO_TEST_CASE(a_herd_connects_a_few_at_a_time) {
    constexpr std::size_t herd = 500;
    testing::fault_proxy proxy{conninfo{tcp_dsn()}};
    proxy.pace(testing::side::server, {.delay = 2ms});
    pool_face face{{.max_size = 24, .max_parallel_connects = 4}, proxy.info()};
    bool is_up = false;
    face.pool.before_connect([&](conninfo& info) -> asio::awaitable<void> {
        if (!is_up) info.port(1);
        co_return;
    });
    std::size_t ended = 0;
    const auto use = [&]() -> asio::awaitable<void> {
        {
            pooled_connection conn = co_await face.pool.acquire();
            co_await sleep_for(20ms);
        }
        ++ended;
    };
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < herd; ++i) asio::co_spawn(face.io, use(), asio::detached);
    face.run_for(300ms);
    const std::uint64_t failed = face.pool.stats().connections_errors;
    BOOST_TEST(failed >= 2U);
    // Four at once; then one after 25, 75, 175 and 275 ms at the earliest, and every 100 ms from then on.
    BOOST_TEST(static_cast<double>(failed) <= 5 + std::max(seconds_since(start), 0.3) * 10, "not in a loop");

    is_up = true;
    std::size_t most = 0;
    const auto all_ended = [&] {
        const std::size_t open = proxy.open_connections();  // asked first: the other grows
        most = std::max(most, open - std::min(open, proxy.traffic().count(testing::side::server, 'Z')));
        return ended == herd;
    };
    BOOST_TEST(face.run_until(all_ended));
    BOOST_TEST_MESSAGE("at most " << most << " sockets were being connected at once");
    BOOST_TEST(most >= 1U);
    BOOST_TEST(most <= 4U);
    BOOST_TEST(face.pool.stats().pool_size == 24U);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_replaced_for_who_waits) {
    administrator admin;
    pool_face face{{.max_size = 1}};
    pooled_connection conn = AWAIT(face.pool.acquire());
    const int pid = conn->backend_pid();
    cancellable waiter = face.start(face.pool.fetch_one<int>("SELECT 1"));
    face.poll();
    admin.terminate(pid);
    ERROR_OF(connection_error, conn->execute("SELECT 1"));
    BOOST_TEST(!conn->is_open());
    conn.release();
    waiter.wait();
    BOOST_TEST(face.pool.stats().returns_bad == 1U);
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(one_that_is_killed_while_it_is_idle_is_gone_at_once) {
    administrator admin;
    pool_face face{{.max_size = 3}};
    double best = 1;
    for (int round = 0; round < 5; ++round) {
        fill(face, 3);
        const int pid = AWAIT(face.pool.fetch_one<int>("SELECT pg_backend_pid()"));
        BOOST_TEST(face.pool.stats().pool_available == 3U);
        const std::uint64_t lost = face.pool.stats().connections_lost;
        admin.terminate(pid);
        const auto start = std::chrono::steady_clock::now();
        BOOST_TEST(face.run_until([&] { return face.pool.stats().connections_lost == lost + 1; }, 2s));
        best = std::min(best, seconds_since(start));
        BOOST_TEST(face.pool.stats().pool_size == 2U);
    }
    BOOST_TEST_MESSAGE("noticed within " << best * 1000 << " ms");
    BOOST_TEST(best < 0.05);
    BOOST_TEST(face.pool.stats().requests_errors == 0U);
}

BOOST_AUTO_TEST_CASE(one_that_is_killed_just_before_it_is_lent_is_not_lent) {
    administrator admin;
    pool_face face{{.max_size = 4}, named("pool_faults_idle")};
    for (int round = 0; round < 5; ++round) {
        fill(face, 4);
        BOOST_TEST(admin.terminate_all("pool_faults_idle") == 4);
        // The event loop has not heard of it yet.
        if (round % 2 == 0) {
            pooled_connection conn = AWAIT(face.pool.acquire());
            BOOST_TEST(AWAIT(conn->fetch_one<int>("SELECT 1")) == 1);
        } else {
            std::vector<asio::awaitable<int>> work;
            for (int i = 0; i < 100; ++i) work.push_back(face.pool.fetch_one<int>("SELECT $1::int", i));
            AWAIT(gather(std::move(work)));
        }
    }
    face.require_whole();
}

// The event loop is late: the server has answered the reset, and ended, before anybody reads its answer.
BOOST_AUTO_TEST_CASE(one_that_ends_behind_its_reset_is_not_lent) {
    administrator admin;
    pool_face face{{.max_size = 1}, named("pool_faults_reset")};
    for (int round = 0; round < 10; ++round) {
        pooled_connection conn = AWAIT(face.pool.acquire());
        AWAIT(conn->execute("SET search_path = nowhere"));
        const int pid = AWAIT(conn->fetch_one<int>("SELECT pg_backend_pid()"));
        conn.release();
        face.io.restart();
        for (int turn = 0; turn < round; ++turn) face.io.poll_one();
        admin.terminate(pid);
        const int next = AWAIT(face.pool.fetch_one<int>("SELECT pg_backend_pid()"));
        BOOST_TEST(next != pid);
    }
    face.require_whole();
}

// One that was lent and not used, for another who waits for it.
BOOST_AUTO_TEST_CASE(one_that_ends_while_it_is_lent_and_unused_is_not_lent_again) {
    administrator admin;
    pool_face face{{.max_size = 1}, named("pool_faults_unused")};
    pooled_connection conn = AWAIT(face.pool.acquire());
    const int pid = AWAIT(conn->fetch_one<int>("SELECT pg_backend_pid()"));
    int next = 0;
    const auto ask = [&]() -> asio::awaitable<void> {
        next = co_await face.pool.fetch_one<int>("SELECT pg_backend_pid()");
    };
    cancellable other = face.start(ask());
    face.poll();
    admin.terminate(pid);
    conn.release();
    other.wait();
    BOOST_TEST(next != pid);
    face.require_whole();
}

// The event loop is late: when it hears that the connection is there, that is gone again.
BOOST_AUTO_TEST_CASE(one_that_ends_as_soon_as_it_is_made_is_not_lent) {
    administrator admin;
    for (int round = 0; round < 10; ++round) {
        const std::string name = "pool_faults_newborn_" + std::to_string(round);
        const auto is_made = [&] {
            return admin->fetch_one<bool>(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle')", name);
        };
        pool_face face{{.max_size = 1}, named(name)};
        bool is_lent = false;
        const auto use = [&]() -> asio::awaitable<void> {
            pooled_connection conn = co_await face.pool.acquire();
            is_lent = true;
            co_await conn->execute("SELECT 1");
        };
        cancellable user = face.start(use());
        while (!is_made()) face.poll();
        if (!is_lent) BOOST_TEST(admin.terminate_all(name) == 1);  // else the event loop was not late
        user.wait();
    }
}

// A one-shot that was not sent, since its connection was lost before its turn, is run on another.
BOOST_AUTO_TEST_CASE(a_one_shot_that_was_not_sent_is_run_on_another_connection) {
    administrator admin;
    pool_face face{{.max_size = 1, .pipeline_depth = 1000}, named("pool_faults_queued")};
    AWAIT(face.pool.execute("SELECT 1"));
    const int pid = AWAIT(face.pool.fetch_one<int>("SELECT pg_backend_pid()"));
    // More than are on the wire at a time: the others are queued behind them.
    std::vector<cancellable> work;
    work.push_back(face.start(face.pool.execute("SELECT pg_sleep(30)")));
    for (int i = 0; i < 300; ++i) work.push_back(face.start(face.pool.execute("SELECT 1")));
    face.poll();
    admin.terminate(pid);
    int unknown = 0;
    int ended_well = 0;
    for (cancellable& each : work) try {
            each.wait();
            ++ended_well;
        } catch (const connection_error& e) {
            BOOST_TEST((e.outcome() == outcome::unknown));
            ++unknown;
        }
    BOOST_TEST_MESSAGE(unknown << " were sent, " << ended_well << " were run on another connection");
    BOOST_TEST(unknown >= 1);
    BOOST_TEST(ended_well >= 100);
    face.require_whole();
}

// Its tries are limited.
BOOST_AUTO_TEST_CASE(a_one_shot_is_not_run_again_when_it_may_have_had_an_effect) {
    administrator admin;
    pool_face face{{.max_size = 1}};
    cancellable sleeper = face.start(face.pool.execute("SELECT pg_sleep(30), 'pool_faults_unknown'"));
    const auto kill = [&] {
        return admin->fetch_one<std::int64_t>(
                   "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
                   "AND query = 'SELECT pg_sleep(30), ''pool_faults_unknown'''") == 1;
    };
    BOOST_TEST(face.run_until(kill));
    const auto e = sleeper.error<connection_error>();
    BOOST_TEST((e.outcome() == outcome::unknown));
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(one_that_is_killed_while_it_is_lent_is_an_error_of_its_user) {
    administrator admin;
    pool_face face{{.max_size = 2}};
    {
        pooled_connection conn = AWAIT(face.pool.acquire());
        cancellable sleeper = face.start(conn->execute("SELECT pg_sleep(30)"));
        face.run_for(20ms);
        admin.terminate(conn->backend_pid());
        const auto e = sleeper.error<connection_error>();
        BOOST_TEST((e.outcome() == outcome::unknown));
        BOOST_TEST(contains(e.what(), "terminating connection"), e.what());
        const auto again = ERROR_OF(connection_error, conn->execute("SELECT 1"));
        BOOST_TEST((again.outcome() == outcome::not_sent));
    }
    face.require_whole();
    BOOST_TEST(face.pool.stats().returns_bad == 1U);
}

BOOST_AUTO_TEST_CASE(one_that_answers_by_silence_is_passed_over) {
    testing::fault_proxy proxy{conninfo{tcp_dsn()}};
    pool_face face{{.max_size = 3, .acquire_timeout = 5s, .check_after_idle = 10ms}, proxy.info()};
    fill(face, 3);
    face.run_for(30ms);
    proxy.cut(testing::fault::silence);
    const auto start = std::chrono::steady_clock::now();
    {
        pooled_connection conn = AWAIT(face.pool.acquire());
        BOOST_TEST(AWAIT(conn->fetch_one<int>("SELECT 1")) == 1);
    }
    const double took = seconds_since(start);
    BOOST_TEST_MESSAGE("passed over in " << took << " s");
    BOOST_TEST(took >= 0.9);
    BOOST_TEST(took < 1.8);
    BOOST_TEST(face.run_until([&] { return face.pool.stats().connections_lost == 3; }, 3s));
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(a_silent_server_costs_no_more_than_the_wait_allows) {
    testing::fault_proxy proxy{conninfo{tcp_dsn()}};
    pool_face face{{.max_size = 1, .acquire_timeout = 300ms, .check_after_idle = 10ms}, proxy.info()};
    fill(face, 1);
    face.run_for(30ms);
    proxy.cut(testing::fault::silence);
    const auto start = std::chrono::steady_clock::now();
    ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(seconds_since(start) < within(0.8));
    // Nor does one that is being connected.
    BOOST_TEST(face.run_until([&] { return face.pool.stats().pool_size == 0; }, 3s));
    proxy.arm({.from = testing::side::client, .what = testing::fault::silence});
    const auto again = std::chrono::steady_clock::now();
    ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(seconds_since(again) < 0.8);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pool_without_descriptors)

BOOST_AUTO_TEST_CASE(without_descriptors_it_waits_for_some) {
    // To look at the type of an object, the sanitizers open a pipe, and call it broken when they can't.
    if (!memory_is_measurable) return skip("the sanitizers need descriptors");
    for (const rlim_t spare : {rlim_t{0}, rlim_t{1}, rlim_t{2}, rlim_t{3}, rlim_t{4}, rlim_t{5}, rlim_t{7}}) {
        pool_face face{{.max_size = 3, .acquire_timeout = 250ms}, by_address()};
        face.poll();
        std::vector<pooled_connection> held;
        {
            const few_descriptors limit{spare};
            const auto start = std::chrono::steady_clock::now();
            for (int i = 0; i < 3; ++i) try {
                    held.push_back(AWAIT(face.pool.acquire()));
                } catch (const pool_timeout& e) {
                    BOOST_TEST(contains(e.what(), "Too many open files"), e.what());
                } catch (const connection_error& e) {
                    BOOST_TEST(contains(e.what(), "Too many open files"), e.what());
                }
            BOOST_TEST(held.size() < 3U);
            BOOST_TEST(seconds_since(start) < within(2));
            BOOST_TEST(face.pool.stats().connections_errors < 30U, "it does not try in a loop");
        }
        held.clear();
        face.require_whole();
    }
}

BOOST_AUTO_TEST_SUITE_END()
