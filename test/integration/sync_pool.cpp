// What only threads can show of the blocking pool; what both pools do is in pool.cpp.
#include "../support/pools.hpp"

#include <coropg/testing/fault_proxy.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

auto seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start);
}

template <class Predicate>
void wait_until(Predicate is_so) {
    const auto start = std::chrono::steady_clock::now();
    while (!is_so()) {
        BOOST_REQUIRE(seconds_since(start) < within(20s));
        std::this_thread::yield();
    }
}

template <class Work>
auto in_thread(Work work) {
    return std::async(std::launch::async, std::move(work));
}

/// All by which `who` are connected, which that one sees who asks.
std::int64_t backends_of(std::string_view who) {
    auto conn = sync::connect(dsn());
    return conn.fetch_one<std::int64_t>("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", who);
}

void kill(int pid) {
    auto conn = sync::connect(dsn());
    conn.execute("SELECT pg_terminate_backend($1)", pid);
    wait_until(
        [&] { return conn.fetch_one<bool>("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pid); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sync_pools)

// The answer to its reset is not read yet: behind it the server has ended.
BOOST_AUTO_TEST_CASE(one_that_ends_behind_its_reset_is_not_lent) {
    auto admin = sync::connect(dsn());
    sync::pool pool{dsn(), {.max_size = 1}};
    for (const char* const change : {"SET search_path = nowhere", "LISTEN sync_pools", "DISCARD TEMP"}) {
        int pid = 0;
        {
            auto conn = pool.acquire();
            conn->execute(coropg::unchecked_sql{change});
            pid = conn->fetch_one<int>("SELECT pg_backend_pid()");
        }
        admin.execute("SELECT pg_terminate_backend($1, 5000)", pid);
        BOOST_TEST(pool.fetch_one<int>("SELECT pg_backend_pid()") != pid);
    }
}

BOOST_AUTO_TEST_CASE(one_that_ends_while_it_is_lent_and_unused_is_not_lent_again) {
    auto admin = sync::connect(dsn());
    sync::pool pool{dsn(), {.max_size = 1}};
    auto conn = pool.acquire();
    const int pid = conn->fetch_one<int>("SELECT pg_backend_pid()");
    auto next = in_thread([&] { return pool.fetch_one<int>("SELECT pg_backend_pid()"); });
    wait_until([&] { return pool.stats().requests_waiting == 1; });
    admin.execute("SELECT pg_terminate_backend($1, 5000)", pid);
    conn.release();
    BOOST_TEST(next.get() != pid);
}

BOOST_AUTO_TEST_CASE(many_threads_share_few_connections) {
    constexpr std::size_t threads = 16, rounds = 2000;
    sync::pool pool{conninfo{dsn()}.application_name("few"), {.max_size = 4}};
    std::atomic<int> in_use = 0, most = 0;
    std::vector<std::future<void>> all;
    for (std::size_t t = 0; t < threads; ++t)
        all.push_back(in_thread([&] {
            for (std::size_t i = 0; i < rounds; ++i) {
                const sync::pooled_connection conn = pool.acquire();
                const int now = ++in_use;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                --in_use;
            }
        }));
    all.push_back(in_thread([&] {
        for (int i = 0; i < 20; ++i) most = std::max(most.load(), static_cast<int>(backends_of("few")));
    }));
    for (auto& each : all) each.get();
    BOOST_TEST(most <= 4);
    const pool_stats s = pool.stats();
    BOOST_TEST(s.granted == threads * rounds);
    BOOST_TEST(s.released == s.granted);
    BOOST_TEST(s.requests_num == s.granted);
    BOOST_TEST(s.connections_num <= 4U);
    BOOST_TEST(s.requests_waiting == 0U);
}

BOOST_AUTO_TEST_CASE(threads_run_statements_side_by_side) {
    sync::pool pool{dsn(), {.max_size = 3}};
    std::vector<std::future<void>> all;
    for (int t = 0; t < 8; ++t)
        all.push_back(in_thread([&pool, t] {
            for (int i = 0; i < 100; ++i)
                if (pool.fetch_one<int>("SELECT $1 + $2", t, i) != t + i) throw std::runtime_error{"not my answer"};
        }));
    for (auto& each : all) each.get();
    BOOST_TEST(pool.stats().pool_size <= 3U);
}

BOOST_AUTO_TEST_CASE(who_waits_is_woken_by_a_return) {
    sync::pool pool{dsn(), {.max_size = 1}};
    sync::pooled_connection held = pool.acquire();
    const int pid = held->backend_pid();
    auto other = in_thread([&] { return pool.acquire()->backend_pid(); });
    wait_until([&] { return pool.stats().requests_waiting == 1; });
    held.release();
    BOOST_TEST(other.get() == pid);
    BOOST_TEST(pool.stats().requests_queued == 2U);
}

BOOST_AUTO_TEST_CASE(a_wait_ends_at_its_deadline) {
    sync::pool pool{dsn(), {.max_size = 1, .acquire_timeout = 200ms}};
    sync::pooled_connection held = after_login([&] { return pool.acquire(); });
    const std::uint64_t timed_out = pool.stats().timed_out;
    const auto start = std::chrono::steady_clock::now();
    error_of<pool_timeout>([&] { pool.acquire(); });
    BOOST_TEST((seconds_since(start) >= 200ms));
    BOOST_TEST((seconds_since(start) < within(1s)));
    BOOST_TEST_MESSAGE("asked for 0.2 s: " << seconds_since(start).count() << " s");
    error_of<query_timeout>([&] { pool.with({.timeout = 50ms}).execute("SELECT 1"); });
    BOOST_TEST(pool.stats().timed_out == timed_out + 2);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_away_at_first_is_waited_for) {
    testing::fault_proxy proxy{dsn()};
    for (int i = 0; i < 3; ++i) proxy.arm({.from = testing::side::client, .what = testing::fault::rst});
    sync::pool pool{proxy.info(), {.min_size = 1, .max_size = 2}};
    auto other = in_thread([&] { return pool.fetch_one<int>("SELECT 1"); });
    pool.wait();
    BOOST_TEST(other.get() == 1);
    BOOST_TEST(pool.stats().connections_errors == 3U);
}

BOOST_AUTO_TEST_CASE(a_server_that_refuses_for_good_is_not_waited_for) {
    sync::pool pool{conninfo{dsn()}.dbname("not_there"), {.min_size = 1}};
    error_of<connection_error>([&] { pool.wait(); });
    error_of<connection_error>([&] { pool.acquire(); });
}

BOOST_AUTO_TEST_CASE(threads_that_wait_for_the_smallest_size_share_the_work) {
    sync::pool pool{dsn(), {.min_size = 4}};
    BOOST_TEST(!pool.try_acquire());
    auto other = in_thread([&] { pool.wait(); });
    pool.wait();
    other.get();
    BOOST_TEST(pool.stats().pool_available == 4U);
    BOOST_TEST(pool.stats().connections_num == 4U);
    BOOST_TEST(pool.try_acquire().has_value());
}

BOOST_AUTO_TEST_CASE(who_is_served_leaves_its_connect_to_the_next) {
    testing::fault_proxy proxy{dsn()};
    sync::pool pool{proxy.info(), {.max_size = 2}};
    sync::pooled_connection held = pool.acquire();
    proxy.arm({.from = testing::side::client, .what = testing::fault::silence});
    auto other = in_thread([&] { return pool.acquire(); });
    wait_until([&] { return proxy.open_connections() == 2; });
    const auto start = std::chrono::steady_clock::now();
    held.release();
    sync::pooled_connection conn = other.get();
    BOOST_TEST((seconds_since(start) < within(1s)));
    error_of<query_timeout>([&] { pool.with({.timeout = 50ms}).execute("SELECT 1"); });
    BOOST_TEST(pool.stats().connections_num == 2U);
    BOOST_TEST(pool.stats().connections_errors == 0U);  // nothing was learned about the server
}

/// A pool whose first attempt to connect meets a server that says nothing.
struct pool_with_a_silent_attempt {
    explicit pool_with_a_silent_attempt(pool_options options) : pool{dsn(), options} {
        proxy.arm({.from = testing::side::client, .what = testing::fault::silence});
        pool.before_connect([this](conninfo& info) {
            if (attempts++ == 0) info = proxy.info();
        });
    }

    testing::fault_proxy proxy{dsn()};
    std::atomic<int> attempts = 0;
    sync::pool pool;
};

BOOST_AUTO_TEST_CASE(one_thread_goes_past_an_attempt_that_hangs) {
    pool_with_a_silent_attempt here{{.max_size = 2}};
    const auto start = std::chrono::steady_clock::now();
    const sync::pooled_connection conn = here.pool.acquire();
    BOOST_TEST((seconds_since(start) >= 1s));
    BOOST_TEST((seconds_since(start) < within(3s)));
    BOOST_TEST(here.attempts == 2);
}

BOOST_AUTO_TEST_CASE(who_comes_behind_an_attempt_that_hangs_is_served_beside_it) {
    pool_with_a_silent_attempt here{{.max_size = 4}};
    auto first = in_thread([&] { return here.pool.acquire(); });
    wait_until([&] { return here.attempts == 2; });
    sync::pooled_connection held = first.get();
    for (int i = 0; i < 2; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const sync::pooled_connection next = here.pool.acquire();
        const sync::pooled_connection another = here.pool.acquire();
        BOOST_TEST((seconds_since(start) < within(3s)));
    }
}

// After a second the next attempt is made, and so on: the thread has to go on with all of them.
BOOST_AUTO_TEST_CASE(one_thread_makes_as_many_slow_attempts_as_it_likes) {
    for (const std::size_t size : {4U, 60U}) {
        sync::pool pool{conninfo{dsn()}.set("options", "-c post_auth_delay=3"),
                        {.max_size = size, .acquire_timeout = 20s}};
        const auto start = std::chrono::steady_clock::now();
        BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
        BOOST_TEST((seconds_since(start) < within(5s)), "with a size of " << size);
    }
}

// Its own attempt is a second old by then: the next must not come before it again and again.
BOOST_AUTO_TEST_CASE(one_thread_logs_in_behind_a_hook_that_takes_long) {
    sync::pool pool{dsn(), {.max_size = 10, .acquire_timeout = 20s}};
    std::atomic<int> calls = 0;
    pool.before_connect([&](conninfo&) {
        ++calls;
        std::this_thread::sleep_for(1200ms);
    });
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST((seconds_since(start) < within(3s)));
    BOOST_TEST(calls <= 2);
}

BOOST_AUTO_TEST_CASE(a_login_goes_on_however_seldom_somebody_waits_for_it) {
    sync::pool pool{conninfo{dsn()}.set("options", "-c post_auth_delay=2"), {.max_size = 4}};
    std::atomic<int> attempts = 0;
    pool.before_connect([&](conninfo&) { ++attempts; });
    const auto start = std::chrono::steady_clock::now();
    for (bool is_there = false; !is_there;) {
        BOOST_TEST_REQUIRE((seconds_since(start) < within(15s)));
        try {
            is_there = pool.with({.timeout = 300ms}).fetch_one<bool>("SELECT true");
        } catch (const query_timeout&) {
            std::this_thread::sleep_for(1200ms);
        }
    }
    BOOST_TEST(attempts <= 3);  // one more for each second
}

// The server ends it when authentication_timeout is over.
BOOST_AUTO_TEST_CASE(a_login_that_nobody_went_on_with_is_begun_anew_when_the_server_has_ended_it) {
    testing::fault_proxy proxy{dsn()};
    proxy.pace(testing::side::server, {.delay = 100ms});
    sync::pool pool{proxy.info(), {.max_size = 1}};
    error_of<query_timeout>([&] { pool.with({.timeout = 20ms}).execute("SELECT 1"); });
    proxy.cut();
    std::this_thread::sleep_for(1200ms);
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(pool.stats().connections_errors == 0U);
}

BOOST_AUTO_TEST_CASE(threads_that_look_on_are_not_woken_by_each_turn) {
    testing::fault_proxy proxy{dsn()};
    proxy.pace(testing::side::server, {.delay = 60s});
    sync::pool pool{proxy.info(), {.min_size = 50, .max_size = 50, .acquire_timeout = 3s, .max_parallel_connects = 50}};
    const auto wait = [&pool] {
        error_of<pool_timeout>([&] { pool.wait(); });
        rusage used{};
        ::getrusage(RUSAGE_THREAD, &used);
        return used.ru_nvcsw;
    };
    std::vector<std::future<long>> waits;
    for (int i = 0; i < 8; ++i) waits.push_back(in_thread(wait));
    long switches = 0;
    for (auto& each : waits) switches += each.get();
    BOOST_TEST(switches < 12000);  // a turn of each takes 8 ms
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_a_wait_for_a_connect_not_the_connect) {
    testing::fault_proxy proxy{dsn()};
    proxy.pace(testing::side::server, {.delay = 200ms});
    sync::pool pool{proxy.info(), {.max_size = 1}};
    const auto start = std::chrono::steady_clock::now();
    error_of<query_timeout>([&] { pool.with({.timeout = 20ms}).execute("SELECT 1"); });
    BOOST_TEST((seconds_since(start) < within(200ms)));
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(pool.stats().connections_num == 1U);
    BOOST_TEST(proxy.traffic().connections == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_ended_while_idle_is_not_lent) {
    sync::pool pool{dsn(), {.max_size = 1}};
    const int pid = pool.acquire()->backend_pid();
    kill(pid);
    BOOST_TEST(pool.fetch_one<int>("SELECT pg_backend_pid()") != pid);
    BOOST_TEST(pool.stats().connections_lost == 1U);
    BOOST_TEST(pool.stats().returns_bad == 0U);
}

BOOST_AUTO_TEST_CASE(a_silent_connection_is_found_out_after_it_was_idle) {
    testing::fault_proxy proxy{dsn()};
    sync::pool pool{proxy.info(), {.max_size = 1, .check_after_idle = 0ms}};
    pool.execute("SELECT 1");
    pool.execute("SELECT 1");
    BOOST_TEST(pool.stats().connections_num == 1U);
    proxy.cut(testing::fault::silence);
    const auto start = std::chrono::steady_clock::now();
    error_of<query_timeout>([&] { pool.with({.timeout = 50ms}).execute("SELECT 1"); });
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST((seconds_since(start) < within(5s)));
    BOOST_TEST(pool.stats().connections_lost == 1U);
}

BOOST_AUTO_TEST_CASE(a_reset_travels_with_what_the_next_user_sends) {
    sync::pool pool{dsn(), {.max_size = 1}};
    int pid = 0;
    {
        sync::pooled_connection conn = pool.acquire();
        pid = conn->backend_pid();
        conn->execute("SET search_path = nowhere");
    }
    sync::pooled_connection conn = pool.acquire();
    BOOST_TEST(pool.stats().requests_queued == 1U);  // nobody waited but for the connect
    BOOST_TEST(conn->fetch_one<std::string>("SHOW search_path") != "nowhere");
    BOOST_TEST(conn->backend_pid() == pid);
}

BOOST_AUTO_TEST_CASE(what_was_left_under_way_is_waited_for_by_the_next) {
    sync::pool pool{dsn(), {.max_size = 1}};
    const auto work = [](sync::transaction& tx) -> int { return tx.fetch_one<int>("SELECT 1/$1", 0); };
    error_of<errors::division_by_zero>([&] { pool.transaction(work); });
    error_of<query_timeout>([&] { pool.acquire()->with({.timeout = 20ms}).execute("SELECT pg_sleep(10)"); });
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST((seconds_since(start) < within(3s)));
}

BOOST_AUTO_TEST_CASE(hooks_are_called_by_whoever_does_the_work) {
    sync::pool pool{dsn(), {.max_size = 1}};
    int lent = 0;
    bool is_kept = true;
    pool.before_connect([](conninfo& info) { info.application_name("hooked"); });
    pool.after_connect([](sync::connection& conn) { conn.execute("SET search_path = mine"); });
    pool.before_acquire([&](sync::connection&) { return ++lent != 2; });
    pool.after_release([&](sync::connection&) { return is_kept; });
    const int first = pool.acquire()->backend_pid();
    const int second = pool.acquire()->backend_pid();
    BOOST_TEST(first != second);
    BOOST_TEST(pool.fetch_one<std::string>("SELECT current_setting('application_name')") == "hooked");
    BOOST_TEST(pool.fetch_one<std::string>("SHOW search_path") == "mine");
    is_kept = false;
    BOOST_TEST(pool.acquire()->backend_pid() == second);
    BOOST_TEST(pool.acquire()->backend_pid() != second);
}

BOOST_AUTO_TEST_CASE(what_fails_in_a_hook_of_threads_says_nothing_of_the_statement_it_is_called_for) {
    for (const bool is_before_acquire : {false, true}) {
        sync::pool pool{dsn(), {.max_size = 1}};
        const auto ask = [](sync::connection& conn) { return conn.fetch_one<bool>("SELECT true WHERE false"); };
        if (is_before_acquire)
            pool.before_acquire(ask);
        else
            pool.after_connect([ask](sync::connection& conn) { ask(conn); });
        const auto outcome_of = [](auto work) { return error_of<row_count_error>(work).outcome(); };
        BOOST_TEST((outcome_of([&] { pool.execute("SELECT 2"); }) == outcome::not_sent));
        BOOST_TEST((outcome_of([&] { pool.execute_script("SELECT 2"); }) == outcome::not_sent));
        BOOST_TEST((outcome_of([&] { pool.acquire(); }) == outcome::not_sent));
    }
}

BOOST_AUTO_TEST_CASE(a_hook_of_threads_that_leaves_a_transaction_open_fails_who_acquires) {
    sync::pool pool{dsn(), {.max_size = 1}};
    pool.before_acquire([](sync::connection& conn) {
        conn.execute("BEGIN");
        return true;
    });
    const auto e = error_of<usage_error>([&] { pool.execute("CREATE TABLE sync_pools_left (id int)"); });
    BOOST_TEST(contains(e.what(), "before_acquire left a transaction open"), e.what());
    pool.before_acquire(nullptr);
    BOOST_TEST(pool.fetch_one<bool>("SELECT to_regclass('sync_pools_left') IS NULL"));
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_lost_in_a_hook_of_threads_is_made_anew) {
    sync::pool pool{dsn(), {.max_size = 1}};
    int calls = 0;
    pool.after_connect([&](sync::connection& conn) {
        if (++calls == 1) sync::connect(dsn()).execute("SELECT pg_terminate_backend($1, 5000)", conn.backend_pid());
        conn.execute("SELECT 1");
    });
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(a_hook_that_fails_fails_one_who_waits) {
    sync::pool pool{dsn(), {.max_size = 1}};
    pool.after_connect([left = 1](sync::connection&) mutable {
        if (left-- > 0) throw std::runtime_error{"not today"};
    });
    error_of<std::runtime_error>([&] { pool.acquire(); });
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
}

BOOST_AUTO_TEST_CASE(closing_waits_for_what_is_lent) {
    sync::pool pool{dsn(), {.max_size = 1}};
    sync::pooled_connection held = pool.acquire();
    auto waiting = in_thread([&] { error_of<pool_closed>([&] { pool.acquire(); }); });
    wait_until([&] { return pool.stats().requests_waiting == 1; });
    auto closing = in_thread([&] { pool.close(); });
    waiting.get();
    BOOST_TEST(held->fetch_one<int>("SELECT 1") == 1);
    held.release();
    closing.get();
    BOOST_TEST(pool.stats().pool_size == 0U);
    pool.close();
    error_of<pool_closed>([&] { pool.acquire(); });
    error_of<pool_closed>([&] { pool.wait(); });
    error_of<pool_closed>([&] { pool.execute("SELECT 1"); });
    BOOST_TEST(!pool.try_acquire());
}

BOOST_AUTO_TEST_CASE(closing_cuts_off_who_is_not_done_in_time) {
    sync::pool pool{dsn(), {.max_size = 1}};
    std::promise<void> is_lent;
    auto sleeper = in_thread([&] {
        sync::pooled_connection conn = pool.acquire();
        is_lent.set_value();
        error_of<connection_error>([&] { conn->execute("SELECT pg_sleep(60)"); });
    });
    is_lent.get_future().get();
    const auto start = std::chrono::steady_clock::now();
    pool.close(50ms);
    BOOST_TEST((seconds_since(start) >= 50ms));
    sleeper.get();
    BOOST_TEST((seconds_since(start) < within(5s)));
}

BOOST_AUTO_TEST_CASE(closing_ends_a_connect_that_is_under_way) {
    testing::fault_proxy proxy{dsn()};
    proxy.arm({.from = testing::side::client, .what = testing::fault::silence});
    proxy.arm({.from = testing::side::client, .what = testing::fault::silence});
    sync::pool pool{proxy.info(), {.min_size = 2}};
    auto one = in_thread([&] { error_of<pool_closed>([&] { pool.wait(); }); });
    auto other = in_thread([&] { error_of<pool_closed>([&] { pool.acquire(); }); });
    wait_until([&] { return proxy.open_connections() == 2; });
    const auto start = std::chrono::steady_clock::now();
    pool.close();
    one.get(), other.get();
    BOOST_TEST((seconds_since(start) < within(2s)));
}

BOOST_AUTO_TEST_CASE(what_is_lent_and_who_waits_outlive_the_handle) {
    std::optional<sync::pool> pool{std::in_place, dsn(), pool_options{.max_size = 1}};
    sync::pooled_connection conn = pool->acquire();
    auto waiting = in_thread([&] { error_of<pool_closed>([&] { pool->acquire(); }); });
    wait_until([&] { return pool->stats().requests_waiting == 1; });
    pool.reset();
    waiting.get();
    BOOST_TEST(conn->fetch_one<int>("SELECT 1") == 1);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_moved_away_is_replaced) {
    sync::pool pool{dsn(), {.max_size = 1}};
    sync::connection mine = std::move(*pool.acquire());
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(mine.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(pool.stats().connections_num == 2U);
}

BOOST_AUTO_TEST_CASE(a_child_process_needs_a_pool_of_its_own) {
    sync::pool pool{dsn(), {.max_size = 2}};
    sync::pooled_connection held = pool.acquire();
    { const sync::pooled_connection idle = pool.acquire(); }
    const pid_t child = ::fork();
    if (child == 0) {
        int refused = 0;
        const auto count = [&](auto work) {
            try {
                work();
            } catch (const usage_error&) {
                ++refused;
            }
        };
        count([&] { pool.acquire(); });
        count([&] { pool.execute("SELECT 1"); });
        count([&] { pool.wait(); });
        count([&] { (void)pool.stats(); });
        count([&] { pool.resize(1, 2); });
        count([&] { pool.drain(); });
        count([&] { pool.close(); });
        held.release();
        { const sync::pool gone = std::move(pool); }
        ::_exit(refused);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 7));
    BOOST_TEST(held->fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
    BOOST_TEST(pool.stats().connections_num == 2U);
    BOOST_TEST(pool.stats().connections_lost == 0U);
}

BOOST_AUTO_TEST_CASE(connections_can_be_replaced_and_resized) {
    sync::pool pool{dsn(), {.max_size = 1}};
    const int pid = pool.acquire()->backend_pid();
    pool.drain();
    BOOST_TEST(pool.acquire()->backend_pid() != pid);
    pool.resize(2, 3);
    pool.wait();
    BOOST_TEST(pool.stats().pool_size == 2U);
    error_of<usage_error>([&] { pool.resize(2, 1); });
}

BOOST_AUTO_TEST_SUITE_END()
