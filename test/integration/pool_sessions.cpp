// What one user of a pooled connection leaves behind, and what the next one finds; counted on the wire, what it costs.

#include "../support/pool_face.hpp"

#include <coropg/testing/fault_proxy.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using testing::side;

namespace {

/// A pool of one connection behind a proxy that counts.
struct counted_face {
    explicit counted_face(pool_options options = {.max_size = 1})
        : proxy{conninfo{tcp_dsn()}}, face{options, proxy.info()} {}

    testing::fault_proxy proxy;
    pool_face face;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_sessions)

BOOST_AUTO_TEST_CASE(what_was_used_lately_is_lent_without_a_word) {
    counted_face all;
    pool_face& face = all.face;
    AWAIT(face.pool.execute("SELECT 1"));
    const testing::traffic t = all.proxy.during([&] {
        for (int i = 0; i < 10; ++i) {
            pooled_connection conn = AWAIT(face.pool.acquire());
            AWAIT(conn->execute("SELECT 1"));
            conn.release();
            AWAIT(face.pool.execute("SELECT 1"));
        }
        face.run_for(20ms);
    });
    BOOST_TEST(t.round_trips == 20U);
    BOOST_TEST(t.executed.size() == 20U);
}

BOOST_AUTO_TEST_CASE(what_was_unused_for_long_is_asked_for_a_sign_of_life) {
    counted_face all{{.max_size = 1, .check_after_idle = 30ms}};
    pool_face& face = all.face;
    AWAIT(face.pool.execute("SELECT 1"));
    face.run_for(50ms);
    const testing::traffic t = all.proxy.during([&] { AWAIT(face.pool.execute("SELECT 2")); });
    BOOST_TEST(t.round_trips == 2U);
    BOOST_TEST(t.connections == 0U);
}

BOOST_AUTO_TEST_CASE(an_open_transaction_is_rolled_back) {
    pool_face face{{.max_size = 1}};
    AWAIT(face.pool.execute_script("DROP TABLE IF EXISTS pool_left; CREATE TABLE pool_left (n int)"));
    int pid = 0;
    for (const bool is_by_hand : {true, false}) {
        pooled_connection conn = AWAIT(face.pool.acquire());
        if (pid != 0) BOOST_TEST(conn->backend_pid() == pid);
        pid = conn->backend_pid();
        if (is_by_hand) {
            AWAIT(conn->execute("BEGIN"));
            AWAIT(conn->execute("INSERT INTO pool_left VALUES (1)"));
            conn.release();
        } else {
            auto tx = AWAIT(conn->begin());
            AWAIT(tx.execute("INSERT INTO pool_left VALUES (1)"));
            conn.release();
            face.poll();
            BOOST_TEST(!tx.is_open());
            ERROR_OF(usage_error, tx.execute("INSERT INTO pool_left VALUES (2)"));
        }
        pooled_connection next = AWAIT(face.pool.acquire());
        BOOST_TEST(next->backend_pid() == pid);
        BOOST_TEST(AWAIT(next->fetch_one<bool>("SELECT pg_current_xact_id_if_assigned() IS NULL")));
        BOOST_TEST(AWAIT(next->fetch_one<std::int64_t>("SELECT count(*) FROM pool_left")) == 0);
    }
    AWAIT(face.pool.execute("DROP TABLE pool_left"));
}

BOOST_AUTO_TEST_CASE(a_rollback_that_takes_long_costs_the_connection) {
    counted_face all;
    pool_face& face = all.face;
    pooled_connection conn = AWAIT(face.pool.acquire());
    const int pid = conn->backend_pid();
    AWAIT(conn->execute("BEGIN"));
    all.proxy.arm_open({.at_byte = 0, .what = testing::fault::silence});
    conn.release();
    const auto start = std::chrono::steady_clock::now();
    pooled_connection next = AWAIT(face.pool.acquire());
    BOOST_TEST(AWAIT(next->fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(next->backend_pid() != pid);
    BOOST_TEST(seconds_since(start) < within(2));
}

BOOST_AUTO_TEST_CASE(a_failed_transaction_is_rolled_back) {
    pool_face face{{.max_size = 1}};
    for (const bool is_by_hand : {true, false}) {
        pooled_connection conn = AWAIT(face.pool.acquire());
        const int pid = conn->backend_pid();
        std::optional<transaction> tx;
        if (is_by_hand) {
            AWAIT(conn->execute("BEGIN"));
            ERROR_OF(errors::division_by_zero, conn->execute("SELECT 1/0"));
        } else {
            tx.emplace(AWAIT(conn->begin()));
            ERROR_OF(errors::division_by_zero, tx->execute("SELECT 1/0"));
        }
        conn.release();
        pooled_connection next = AWAIT(face.pool.acquire());
        BOOST_TEST(AWAIT(next->fetch_one<int>("SELECT 1")) == 1);
        BOOST_TEST(next->backend_pid() == pid);
    }
}

BOOST_AUTO_TEST_CASE(statements_that_are_under_way_at_the_return_are_given_up) {
    administrator admin;
    pool_face face{{.max_size = 1}};
    for (const int statements : {1, 5}) {
        pooled_connection conn = AWAIT(face.pool.acquire());
        const int pid = conn->backend_pid();
        admin->execute("SELECT pg_advisory_lock(4713)");  // none of them ends before it is unlocked
        std::vector<cancellable> work;
        for (int i = 0; i < statements; ++i)
            work.push_back(face.start(conn->execute("SELECT pg_advisory_xact_lock(4713)")));
        face.poll();
        conn.release();
        for (cancellable& each : work) {
            const auto e = each.error<operation_aborted>();
            BOOST_TEST((e.outcome() != outcome::not_sent));
        }
        admin->execute("SELECT pg_advisory_unlock(4713)");
        const auto start = std::chrono::steady_clock::now();
        pooled_connection next = AWAIT(face.pool.acquire());
        BOOST_TEST(AWAIT(next->fetch_one<int>("SELECT 17")) == 17);
        BOOST_TEST(next->backend_pid() == pid);
        BOOST_TEST(seconds_since(start) < within(2));
    }
}

BOOST_AUTO_TEST_CASE(a_statement_that_does_not_end_is_cancelled_or_costs_the_connection) {
    pool_face face{{.max_size = 1}};
    pooled_connection conn = AWAIT(face.pool.acquire());
    cancellable sleeper = face.start(conn->execute("SELECT pg_sleep(30)"));
    face.run_for(50ms);
    conn.release();
    sleeper.error<operation_aborted>();
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT 17")) == 17);
    BOOST_TEST(seconds_since(start) < within(2));
}

BOOST_AUTO_TEST_CASE(nothing_of_the_session_is_left) {
    for (const pool_reset level : {pool_reset::changed, pool_reset::always}) {
        pool_face face{{.max_size = 1, .reset = level}};
        pooled_connection conn = AWAIT(face.pool.acquire());
        const int pid = conn->backend_pid();
        AWAIT(conn->execute("SET application_name = 'left'"));
        AWAIT(conn->execute("SET ROLE pg_monitor"));
        AWAIT(conn->execute("RESET ROLE"));
        AWAIT(conn->execute("LISTEN left_channel"));
        AWAIT(conn->execute("SELECT pg_advisory_lock(4711)"));
        AWAIT(conn->execute("CREATE TEMP TABLE left_table (n int)"));
        AWAIT(conn->execute("DECLARE left_cursor CURSOR WITH HOLD FOR SELECT 1"));
        AWAIT(conn->execute("SET ROLE pg_monitor"));
        conn.release();

        pooled_connection next = AWAIT(face.pool.acquire());
        BOOST_TEST(next->backend_pid() == pid);
        BOOST_TEST(AWAIT(next->fetch_one<std::string>("SHOW application_name")) != "left");
        BOOST_TEST(AWAIT(next->fetch_one<bool>("SELECT current_user = session_user")));
        BOOST_TEST(AWAIT(next->fetch_one<std::int64_t>("SELECT count(*) FROM pg_listening_channels()")) == 0);
        BOOST_TEST(AWAIT(next->fetch_one<std::int64_t>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                                                       "AND pid = pg_backend_pid()")) == 0);
        BOOST_TEST(AWAIT(next->fetch_one<bool>("SELECT to_regclass('left_table') IS NULL")));
        BOOST_TEST(AWAIT(next->fetch_one<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE is_holdable")) == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_reset_travels_with_the_next_statement_and_keeps_what_is_prepared) {
    counted_face all;
    all.proxy.pace(testing::side::server, {.delay = 20ms});  // all that waits for no answer is sent before one
    pool_face& face = all.face;
    const auto use = [&]() -> asio::awaitable<void> {
        pooled_connection conn = co_await face.pool.acquire();
        for (int i = 0; i < 3; ++i) co_await conn->fetch_one<int>("SELECT 40 + $1::int", i);
        co_await conn->execute("SET search_path = nowhere");
    };
    AWAIT(use());
    const auto is_clean = [&] {
        const bool is_reset = std::ranges::count(all.proxy.traffic().executed, "RESET ALL") == 1;
        return is_reset && face.pool.stats().pool_available == 1;
    };
    BOOST_REQUIRE(face.run_until(is_clean));
    const auto use_twice = [&]() -> asio::awaitable<void> {
        {
            pooled_connection conn = co_await face.pool.acquire();
            co_await conn->execute("SET search_path = nowhere");
        }
        pooled_connection conn = co_await face.pool.acquire();
        const int answer = co_await conn->fetch_one<int>("SELECT 40 + $1::int", 2);
        BOOST_TEST(answer == 42);
    };
    const testing::traffic t = all.proxy.during([&] { AWAIT(use_twice()); });
    BOOST_TEST(t.round_trips == 2U);  // SET; then the reset with the statement behind it
    BOOST_TEST(std::ranges::count(t.executed, "RESET ALL") == 1);
    BOOST_TEST(std::ranges::count(t.parsed, "SELECT 40 + $1::int") == 0, "it is prepared still");
}

BOOST_AUTO_TEST_CASE(a_reset_is_sent_at_once_when_nobody_comes) {
    administrator admin;
    pool_face face{{.max_size = 1}};
    pooled_connection conn = AWAIT(face.pool.acquire());
    AWAIT(conn->execute("SELECT pg_advisory_lock(4712)"));
    conn.release();
    const auto is_free = [&] {
        return admin->fetch_one<std::int64_t>(
                   "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4712") == 0;
    };
    BOOST_TEST(face.run_until(is_free, 2s));
}

BOOST_AUTO_TEST_CASE(a_one_shot_that_changes_the_session_leaves_nothing_behind) {
    pool_face face{{.max_size = 1}};
    AWAIT(face.pool.execute("SET search_path = nowhere"));
    BOOST_TEST(AWAIT(face.pool.fetch_one<std::string>("SHOW search_path")) != "nowhere");
    AWAIT(face.pool.execute("LISTEN pool_channel"));
    BOOST_TEST(AWAIT(face.pool.fetch_one<std::int64_t>("SELECT count(*) FROM pg_listening_channels()")) == 0);
    AWAIT(face.pool.execute("SELECT set_config('search_path', 'nowhere', false)"));
    BOOST_TEST(AWAIT(face.pool.fetch_one<std::string>("SHOW search_path")) != "nowhere");
    BOOST_TEST(face.pool.stats().connections_num == 1U);
}

// While one changes a session, others do not see it.
BOOST_AUTO_TEST_CASE(a_one_shot_that_changes_the_session_is_alone_with_it) {
    pool_face face{{.max_size = 2}};
    std::vector<asio::awaitable<void>> work;
    const auto change = [&]() -> asio::awaitable<void> { co_await face.pool.execute("SET search_path = nowhere"); };
    const auto look = [&]() -> asio::awaitable<void> {
        const std::string path = co_await face.pool.fetch_one<std::string>("SHOW search_path");
        BOOST_TEST(path != "nowhere");
    };
    for (int i = 0; i < 200; ++i) work.push_back(i % 4 == 0 ? change() : look());
    AWAIT(gather(std::move(work)));
}

BOOST_AUTO_TEST_CASE(no_one_shot_is_put_behind_one_that_has_run_for_long) {
    administrator admin;
    pool_face face{{.max_size = 2}, named("pool_sessions_sleeper")};
    cancellable sleeper = face.start(face.pool.execute("SELECT pg_sleep(30)"));
    const auto is_running = [&] {
        return admin->fetch_one<bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pool_sessions_sleeper' "
            "AND state = 'active' AND now() - query_start > '50 ms')");
    };
    BOOST_REQUIRE(face.run_until(is_running));
    std::vector<asio::awaitable<int>> work;
    for (int i = 0; i < 200; ++i) work.push_back(face.pool.fetch_one<int>("SELECT $1::int", i));
    AWAIT(gather(std::move(work)));
    BOOST_TEST(!sleeper.has_ended());
    sleeper.cancel_inside();
    sleeper.error<operation_aborted>();
}

BOOST_AUTO_TEST_CASE(no_one_shot_waits_for_a_slow_one_that_has_just_begun) {
    for (const std::size_t up : {0U, 1U, 2U}) {
        pool_face face{{.min_size = up, .max_size = 3, .check_after_idle = 0ms}};
        AWAIT(face.pool.wait());
        cancellable sleeper = face.start(face.pool.execute("SELECT pg_sleep(30)"));
        for (int i = 0; i < 20; ++i) BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT $1::int", i)) == i);
        BOOST_TEST(!sleeper.has_ended());
        sleeper.cancel_inside();
        sleeper.error<operation_aborted>();
    }
}

BOOST_AUTO_TEST_CASE(no_one_shot_is_put_behind_one_that_was_given_up) {
    pool_face face{{.max_size = 1}};
    face.make_known_as_short();
    cancellable sleeper = face.start(face.pool.execute("SELECT pg_sleep($1)", 5.0));
    cancellable behind = face.start(face.pool.execute("SELECT 1"));
    BOOST_REQUIRE(face.run_until([&] { return face.pool.stats().lent == 2; }));
    sleeper.cancel_inside();
    sleeper.error<operation_aborted>();
    face.pool.resize(0, 2);
    AWAIT(face.pool.execute("SELECT 1"));
    BOOST_TEST(!behind.has_ended());
    behind.cancel_inside();
    behind.error<operation_aborted>();
}

BOOST_AUTO_TEST_CASE(notices_are_for_the_user_who_caused_them) {
    pool_face face{{.max_size = 1}};
    int heard_by_first = 0;
    int heard_by_second = 0;
    pooled_connection first = AWAIT(face.pool.acquire());
    first->on_notice([&](const diagnostics&) { ++heard_by_first; });
    AWAIT(first->execute("DO $$ BEGIN RAISE NOTICE 'one'; END $$"));
    BOOST_TEST(heard_by_first == 1);
    cancellable left = face.start(first->execute("DO $$ BEGIN PERFORM pg_sleep(0.05); RAISE NOTICE 'two'; END $$"));
    face.poll();
    first.release();
    pooled_connection second = AWAIT(face.pool.acquire());
    second->on_notice([&](const diagnostics&) { ++heard_by_second; });
    BOOST_TEST(AWAIT(second->fetch_one<int>("SELECT 1")) == 1);
    try {
        left.wait();  // it may have ended before its cancel came
    } catch (const operation_aborted&) {
    }
    BOOST_TEST(heard_by_first == 1);
    BOOST_TEST(heard_by_second == 0);
    AWAIT(second->execute("DO $$ BEGIN RAISE NOTICE 'three'; END $$"));
    BOOST_TEST(heard_by_second == 1);
}

BOOST_AUTO_TEST_CASE(what_went_back_is_used_no_more) {
    pool_face face{{.max_size = 1}};
    pooled_connection conn = AWAIT(face.pool.acquire());
    coropg::connection& stale = *conn;
    auto options = conn->with({.timeout = 5s});
    auto statement = conn->execute("CREATE TABLE pool_stale ()");
    auto pipeline = conn->pipeline();
    pipeline.execute("CREATE TABLE pool_stale ()");
    conn.release();
    conn.release();
    BOOST_TEST(!conn);
    error_of<usage_error>([&] { *conn; });
    ERROR_OF(usage_error, stale.execute("CREATE TABLE pool_stale ()"));
    BOOST_TEST(!stale.is_open());
    BOOST_TEST(stale.backend_pid() == 0);
    BOOST_TEST(stale.server_version() == 0);
    for (int round = 0; round < 2; ++round) {
        const auto e = ERROR_OF(usage_error, options.execute("CREATE TABLE pool_stale ()"));
        BOOST_TEST(contains(e.what(), "went back to its pool"), e.what());
        if (round == 1) break;
        // The next user may have the very same socket and event loop.
        conn = AWAIT(face.pool.acquire());
    }
    VOID_ERROR_OF(usage_error, only_run(std::move(statement)));
    VOID_ERROR_OF(usage_error, pipeline.run());
    BOOST_TEST(AWAIT(conn->fetch_one<bool>("SELECT to_regclass('pool_stale') IS NULL")));
}

BOOST_AUTO_TEST_CASE(a_transaction_may_outlive_its_connection) {
    for (const bool is_killed : {true, false}) {
        administrator admin;
        pool_face face{{.max_size = 1}};
        pooled_connection conn = AWAIT(face.pool.acquire());
        {
            auto tx = AWAIT(conn->begin());
            AWAIT(tx.execute("SELECT 1"));
            if (is_killed) {
                admin.terminate(conn->backend_pid());
                ERROR_OF(error, tx.execute("SELECT 1"));
                conn.release();
            } else {
                conn.discard();
            }
            face.poll();
            BOOST_TEST(!tx.is_open());
        }
        face.require_whole();
    }
}

BOOST_AUTO_TEST_CASE(a_connection_can_be_taken_away_for_good) {
    pool_face face{{.max_size = 1}};
    pooled_connection conn = AWAIT(face.pool.acquire());
    coropg::connection mine = std::move(*conn);
    conn.release();
    face.require_whole();
    BOOST_TEST(AWAIT(mine.fetch_one<int>("SELECT 1")) == 1);
}

// The library drops statements that have left its cache. That is no change by the program, for which the settings of the
// hook would be lost.
BOOST_AUTO_TEST_CASE_TEMPLATE(many_statements_are_no_change_of_the_session, Face, both_faces) {
    constexpr int more_than_are_kept = 300;
    pool_of<Face> face{{.max_size = 1}};
    if constexpr (Face::is_async)
        face.pool.after_connect(
            [](coropg::connection& conn) -> asio::awaitable<void> { co_await conn.execute("SET work_mem = '5MB'"); });
    else
        face.pool.after_connect([](sync::connection& conn) { conn.execute("SET work_mem = '5MB'"); });
    for (int i = 0; i < more_than_are_kept; ++i) {
        const unchecked_sql sql{"SELECT " + std::to_string(i)};
        for (int use = 0; use < 2; ++use) BOOST_TEST(AWAIT(face.pool.template fetch_one<int>(sql)) == i);
    }
    auto conn = AWAIT(face.pool.acquire());
    BOOST_TEST(!conn->runner().core().changes().is_dirty());
    BOOST_TEST(AWAIT(conn->template fetch_one<std::string>("SHOW work_mem")) == "5MB");
    BOOST_TEST(AWAIT(conn->template fetch_one<bool>("SELECT count(*) > 200 FROM pg_prepared_statements")));
    BOOST_TEST(face.pool.stats().connections_num == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
