// What one user of a connection leaves behind, and what of it the next user finds: nothing.
#include "../support/faces.hpp"

#include <coropg/testing/fault_proxy.hpp>

#include <boost/asio/co_spawn.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using coropg::testing::fault;
using coropg::testing::fault_proxy;
using coropg::testing::side;

namespace session_reset_test {

enum class mood { sad, ok };

}  // namespace session_reset_test

template <>
struct coropg::codec<session_reset_test::mood> : coropg::enum_codec<session_reset_test::mood, "reset_mood"> {};

BOOST_AUTO_TEST_SUITE(session_reset)

namespace {

/// A connection that passes from hand to hand.
template <class Face>
struct lent {
    explicit lent(Face& f, const conninfo& info = dsn()) : face{f}, conn{face.connect(info)} {}

    [[nodiscard]] detail::session& core() const { return conn.runner().core(); }
    void reset(std::chrono::milliseconds limit = 10s) { core().reset(detail::clock::now() + limit); }
    /// What the next user finds is as the server sees it, and the session comes to rest.
    [[nodiscard]] bool holds(const std::string& condition) {
        const bool found = AWAIT(conn.template fetch_one<bool>(unchecked_sql{"SELECT " + condition}));
        BOOST_TEST(conn.backend_pid() == pid);
        return found;
    }

    Face& face;
    typename Face::connection conn;
    int pid = conn.backend_pid();
};

struct remainder {
    const char* left_by;
    const char* is_gone;
};

constexpr remainder remainders[]{
    {"SET application_name = 'former'", "current_setting('application_name') <> 'former'"},
    {"SELECT set_config('former.setting', 'x', false)", "coalesce(current_setting('former.setting', true), '') = ''"},
    {"SET ROLE pg_monitor", "current_user = session_user"},
    {"SET SESSION AUTHORIZATION pg_monitor", "session_user <> 'pg_monitor'"},
    {"SET default_transaction_read_only = on", "current_setting('transaction_read_only') = 'off'"},
    {"LISTEN former", "NOT EXISTS (SELECT FROM pg_listening_channels())"},
    {"SELECT pg_advisory_lock(4711)",
     "NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"},
    {"CREATE TEMP TABLE former ()", "to_regclass('former') IS NULL"},
    {"SELECT 1 AS n INTO TEMPORARY former", "to_regclass('former') IS NULL"},
    {"DECLARE former CURSOR WITH HOLD FOR SELECT 1", "NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'former')"},
    {"PREPARE former AS SELECT 1", "NOT EXISTS (SELECT FROM pg_prepared_statements)"},
    {"DO $$ BEGIN PERFORM set_config('former.setting', 'x', false); END $$",
     "coalesce(current_setting('former.setting', true), '') = ''"},
    {"BEGIN", "NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'pg_class'::regclass AND mode = 'ShareLock')"},
};

/// A statement that is run by nobody in particular.
template <class Face>
void start(lent<Face>& c, const unchecked_sql& sql) {
    auto u = c.core().make_unit({}, std::source_location::current());
    u->add(sql_view{sql}, 0);
    c.conn.runner().start(std::move(u));
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_user_leaves_behind_is_gone, Face, both_faces) {
    Face face;
    for (const remainder& r : remainders) {
        BOOST_TEST_CONTEXT(r.left_by) {
            lent<Face> c{face};
            BOOST_TEST(c.core().is_quiet());
            AWAIT(c.conn.execute(unchecked_sql{r.left_by}));
            if (std::string_view{r.left_by} == "BEGIN")
                AWAIT(c.conn.execute("LOCK TABLE pg_class IN SHARE MODE"));
            else
                BOOST_TEST(!c.holds(r.is_gone));
            BOOST_TEST(c.core().changes().is_dirty());
            BOOST_TEST(!c.core().is_quiet());
            c.reset();
            BOOST_TEST(!c.core().changes().is_dirty());
            BOOST_TEST(c.holds(r.is_gone));
            BOOST_TEST(c.core().is_quiet());
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_numbers_of_sequences_are_not_the_next_users, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    AWAIT(c.conn.execute_script("DROP SEQUENCE IF EXISTS reset_numbers; CREATE SEQUENCE reset_numbers"));
    AWAIT(c.conn.execute("SELECT nextval('reset_numbers')"));
    c.reset();
    ERROR_OF(errors::object_not_in_prerequisite_state, c.conn.execute("SELECT currval('reset_numbers')"));
    AWAIT(c.conn.execute("DROP SEQUENCE reset_numbers"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_stores_and_reads_alone_needs_no_reset, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    AWAIT(c.conn.execute_script("DROP TABLE IF EXISTS reset_plain; CREATE TABLE reset_plain (n int)"));
    AWAIT(c.conn.execute_many("INSERT INTO reset_plain VALUES ($1)", std::vector<int>{1, 2}));
    {
        auto tx = AWAIT(c.conn.begin({.read_only = true}));
        AWAIT(tx.execute("SELECT pg_advisory_xact_lock(1)"));
        BOOST_TEST(!c.core().is_quiet());
        auto inner = AWAIT(tx.begin());
        AWAIT(inner.execute("SELECT 1"));
        AWAIT(inner.commit());
        AWAIT(tx.commit());
    }
    ERROR_OF(errors::division_by_zero, c.conn.execute("SELECT 1 / 0"));
    AWAIT(c.conn.execute("DROP TABLE reset_plain"));
    BOOST_TEST(!c.core().changes().is_dirty());
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(statements_in_batches_scripts_and_transactions_count, Face, both_faces) {
    Face face;
    const auto makes_dirty = [&](auto work) {
        lent<Face> c{face};
        work(c);
        BOOST_TEST(c.core().changes().is_dirty());
        BOOST_TEST(!c.core().is_quiet());
        c.reset();
        BOOST_TEST(c.holds("coalesce(current_setting('a.b', true), '') = ''"));
        BOOST_TEST(c.core().is_quiet());
    };
    makes_dirty([&](auto& c) { AWAIT(c.conn.execute_script("SELECT 1; SET a.b = 1; SELECT 2")); });
    makes_dirty([&](auto& c) {
        AWAIT(c.conn.execute_many("SELECT set_config('a.b', $1, false)", std::vector<std::string>{"1", "2"}));
    });
    makes_dirty([&](auto& c) {
        auto p = c.conn.pipeline();
        p.execute("SELECT 1");
        p.sync();
        p.execute("SELECT 2");
        p.execute("SET a.b = 1");
        AWAIT(p.run());
    });
    makes_dirty([&](auto& c) {
        auto tx = AWAIT(c.conn.begin());
        AWAIT(tx.execute("SET a.b = 1"));
        AWAIT(tx.commit());
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_that_was_never_sent_changes_nothing, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    { auto tx = AWAIT(c.conn.begin()); }
    auto tx = AWAIT(c.conn.begin());
    ERROR_OF(usage_error, c.conn.execute("SET a.b = 1"));
    AWAIT(tx.rollback());
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_transaction_begun_by_hand_is_rolled_back, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    AWAIT(c.conn.execute_script("DROP TABLE IF EXISTS reset_by_hand; CREATE TABLE reset_by_hand (n int)"));
    for (const bool fails : {false, true}) {
        AWAIT(c.conn.execute_script("BEGIN; INSERT INTO reset_by_hand VALUES (1)"));
        if (fails) ERROR_OF(errors::division_by_zero, c.conn.execute("SELECT 1 / 0"));
        c.reset();
        BOOST_TEST(c.holds("NOT EXISTS (SELECT FROM reset_by_hand)"));
        BOOST_TEST(c.core().is_quiet());
    }
    // One that nobody has heard of yet.
    start(c, unchecked_sql{"BEGIN"});
    start(c, unchecked_sql{"INSERT INTO reset_by_hand VALUES (2)"});
    c.reset();
    BOOST_TEST(c.holds("NOT EXISTS (SELECT FROM reset_by_hand)"));
    AWAIT(c.conn.execute("DROP TABLE reset_by_hand"));
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_transaction_whose_handle_is_alive_is_rolled_back_and_takes_no_more, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    AWAIT(c.conn.execute_script("DROP TABLE IF EXISTS reset_scopes; CREATE TABLE reset_scopes (n int)"));
    for (const bool fails : {false, true}) {
        auto tx = AWAIT(c.conn.begin());
        AWAIT(tx.execute("INSERT INTO reset_scopes VALUES (1)"));
        auto inner = AWAIT(tx.begin());
        AWAIT(inner.execute("INSERT INTO reset_scopes VALUES (2)"));
        if (fails) ERROR_OF(errors::division_by_zero, inner.execute("SELECT 1 / 0"));
        BOOST_TEST(!c.core().changes().is_dirty());
        c.reset();
        BOOST_TEST(c.holds("NOT EXISTS (SELECT FROM reset_scopes)"));
        BOOST_TEST(c.core().is_quiet());
        BOOST_TEST(!tx.is_open());
        ERROR_OF(usage_error, tx.execute("INSERT INTO reset_scopes VALUES (3)"));
        ERROR_OF(usage_error, inner.execute("INSERT INTO reset_scopes VALUES (4)"));
        VOID_ERROR_OF(usage_error, tx.commit());
        VOID_ERROR_OF(usage_error, inner.rollback());
        auto next = AWAIT(c.conn.begin());
        AWAIT(next.execute("SELECT 1"));
        AWAIT(next.commit());
    }
    {
        auto unused = AWAIT(c.conn.begin());
        c.reset();
    }
    BOOST_TEST(c.holds("NOT EXISTS (SELECT FROM reset_scopes)"));
    AWAIT(c.conn.execute("DROP TABLE reset_scopes"));
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_transaction_that_changed_the_session_is_rolled_back_too, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    auto tx = AWAIT(c.conn.begin());
    AWAIT(tx.execute("SET ROLE pg_monitor"));
    AWAIT(tx.execute("SELECT pg_advisory_lock(4712)"));
    c.reset();
    BOOST_TEST(
        c.holds("current_user = session_user AND NOT EXISTS "
                "(SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"));
    BOOST_TEST(c.core().is_quiet());
}

// -------------------------------------------------------------------------------------------- statements under way

namespace {

/// Spawns the statement, and keeps what becomes of it.
std::shared_ptr<std::exception_ptr> spawn(async_face& face, asio::awaitable<result> work) {
    auto end = std::make_shared<std::exception_ptr>();
    asio::co_spawn(face.io, std::move(work), [end](std::exception_ptr problem, const result&) { *end = problem; });
    return end;
}

void run_until(async_face& face, coropg::connection& observer, int pid, const char* wait_event) {
    const auto limit = detail::clock::now() + 10s;
    while (!AWAIT(observer.fetch_one<bool>(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = $2)", pid, wait_event)))
        BOOST_REQUIRE(detail::clock::now() < limit);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_statement_under_way_is_cancelled) {
    async_face face;
    lent<async_face> c{face};
    auto observer = face.connect();
    for (const bool in_transaction : {false, true}) {
        std::optional<transaction> tx;
        if (in_transaction) tx = AWAIT(c.conn.begin());
        const auto end = spawn(face, tx ? tx->execute("SELECT pg_sleep(30), set_config('a.b', 'x', false)")
                                        : c.conn.execute("SELECT pg_sleep(30), set_config('a.b', 'x', false)"));
        run_until(face, observer, c.pid, "PgSleep");
        BOOST_TEST(!c.core().is_quiet());
        const auto start = detail::clock::now();
        c.reset();
        BOOST_TEST(c.holds("coalesce(current_setting('a.b', true), '') = ''"));
        BOOST_TEST((detail::clock::now() - start < within(5s)));
        BOOST_CHECK_THROW(std::rethrow_exception(*end), operation_aborted);
        BOOST_TEST(c.core().is_quiet());
    }
}

BOOST_AUTO_TEST_CASE(statements_on_the_wire_and_in_the_queue_are_given_up) {
    async_face face;
    lent<async_face> c{face};
    auto observer = face.connect();
    AWAIT(c.conn.execute_script("DROP TABLE IF EXISTS reset_queue; CREATE TABLE reset_queue (n int)"));
    std::vector<std::shared_ptr<std::exception_ptr>> ends;
    ends.push_back(spawn(face, c.conn.execute("SELECT pg_sleep(0.3)")));
    for (int i = 0; i < 300; ++i) ends.push_back(spawn(face, c.conn.execute("INSERT INTO reset_queue VALUES ($1)", i)));
    run_until(face, observer, c.pid, "PgSleep");
    c.reset();
    BOOST_TEST(c.holds("(SELECT count(*) < 200 FROM reset_queue)"));
    for (const auto& end : ends) BOOST_CHECK_THROW(std::rethrow_exception(*end), operation_aborted);
    AWAIT(c.conn.execute("DROP TABLE reset_queue"));
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE(a_script_under_way_is_cancelled) {
    async_face face;
    lent<async_face> c{face};
    auto observer = face.connect();
    bool is_cancelled = false;
    asio::co_spawn(face.io, c.conn.execute_script("BEGIN; SET a.b = 1; SELECT pg_sleep(30)"),
                   [&](std::exception_ptr problem) { is_cancelled = problem != nullptr; });
    run_until(face, observer, c.pid, "PgSleep");
    c.reset();
    BOOST_TEST(c.holds("coalesce(current_setting('a.b', true), '') = ''"));
    BOOST_TEST(is_cancelled);
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE(a_commit_that_was_sent_is_left_to_the_server) {
    async_face face;
    lent<async_face> c{face};
    AWAIT(c.conn.execute_script("DROP TABLE IF EXISTS reset_commit; CREATE TABLE reset_commit (n int)"));
    auto tx = AWAIT(c.conn.begin({.finds_transaction_id = false}));
    AWAIT(tx.execute("INSERT INTO reset_commit VALUES (1)"));
    std::exception_ptr end;
    asio::co_spawn(face.io, tx.commit(), [&](std::exception_ptr problem) { end = problem; });
    face.io.restart();
    while (c.core().wants() == detail::want::nothing) BOOST_REQUIRE(face.io.run_one() == 1U);  // until it is sent
    c.reset();
    BOOST_TEST(c.holds("EXISTS (SELECT FROM reset_commit)"));
    if (end) BOOST_CHECK_THROW(std::rethrow_exception(end), commit_in_doubt);
    AWAIT(c.conn.execute("DROP TABLE reset_commit"));
    BOOST_TEST(c.core().is_quiet());
}

BOOST_AUTO_TEST_CASE(one_that_is_being_cancelled_is_told_why_when_it_has_ended) {
    detail::session core{detail::poll_driver::connect(dsn())};
    auto u = core.make_unit({.timeout = 10s}, std::source_location::current());
    u->add(sql_view{unchecked_sql{"SELECT pg_sleep(30)"}}, 0);
    u->waiting.emplace([](const detail::unit_ptr&) {});
    core.submit(std::move(u));
    core.send();
    core.expire(detail::clock::now() + 20s);
    BOOST_TEST(core.take_cancel().has_value());
    core.reset(detail::clock::now() + 10s);
    BOOST_TEST(core.finished_count() == 0U);
    core.close("the test has ended");
    const detail::unit_ptr told = core.take_finished();
    BOOST_CHECK_THROW(told->throw_failure(), query_timeout);
}

BOOST_AUTO_TEST_CASE(who_closes_the_connection_is_not_told_otherwise) {
    detail::session core{detail::poll_driver::connect(dsn())};
    auto u = core.make_unit({}, std::source_location::current());
    u->exclusive = &detail::ops::nothing;
    u->is_for = detail::purpose::farewell;
    u->waiting.emplace([](const detail::unit_ptr&) {});
    core.submit(std::move(u));
    core.reset(detail::clock::now() + 10s);
    BOOST_TEST(core.finished_count() == 0U);
    core.send();
    core.take_finished()->throw_failure();
    BOOST_TEST(!core.is_open());
}

// --------------------------------------------------------------------------------------------------- what it costs

namespace {

/// Far enough for the answer to what is sent first not to come between it and what is sent with it.
constexpr coropg::testing::pacing far_away{.delay = 20ms};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_costs_no_round_trip_and_keeps_prepared_statements, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    proxy.pace(side::server, far_away);
    lent<Face> c{face, proxy.info()};
    const auto fetch = [&](int n) { return AWAIT(c.conn.template fetch_one<int>("SELECT $1::int + 1", n)); };
    for (int i = 0; i < 3; ++i) fetch(i);
    AWAIT(c.conn.execute("SET a.b = 1"));
    auto tx = AWAIT(c.conn.begin());
    AWAIT(tx.execute("SELECT 1"));
    const auto cost = proxy.during([&] {
        c.reset();
        BOOST_TEST(fetch(41) == 42);
    });
    BOOST_TEST(cost.round_trips == 1U);
    BOOST_TEST(cost.client.ends_with("BDES"));
    BOOST_TEST(std::ranges::count(cost.parsed, "SELECT $1::int + 1") == 0);
    BOOST_TEST(std::ranges::count(cost.executed, "RESET ALL") == 1);
    const auto quiet = proxy.during([&] { c.reset(); });
    BOOST_TEST(quiet.client_bytes == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(statements_are_prepared_anew_where_the_user_prepared_his_own, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    proxy.pace(side::server, far_away);
    lent<Face> c{face, proxy.info()};
    for (int i = 0; i < 3; ++i) AWAIT(c.conn.execute("SELECT $1::int", i));
    AWAIT(c.conn.execute("PREPARE former AS SELECT 1"));
    const auto cost = proxy.during([&] {
        c.reset();
        // A statement that the server had no more would fail for good here.
        auto tx = AWAIT(c.conn.begin({.finds_transaction_id = false}));
        for (int i = 0; i < 3; ++i) AWAIT(tx.execute("SELECT $1::int", i));
        AWAIT(tx.rollback());
    });
    BOOST_TEST(cost.round_trips == 4U);
    BOOST_TEST(std::ranges::count(cost.parsed, "SELECT $1::int") == 2);  // unnamed, then prepared
    BOOST_TEST(c.holds("count(*) = 0 FROM pg_prepared_statements WHERE from_sql"));
}

// ------------------------------------------------------------------------------------------- when it does not succeed

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reset_that_hangs_closes_the_connection_by_its_deadline, Face, both_faces) {
    set_logger(nullptr);
    Face face;
    fault_proxy proxy{tcp_dsn()};
    for (const bool in_transaction : {false, true}) {
        lent<Face> c{face, proxy.info()};
        std::optional<basic_transaction<typename Face::connection::runner_type>> tx;
        if (in_transaction) {
            tx = AWAIT(c.conn.begin());
            AWAIT(tx->execute("SELECT 1"));
        } else {
            AWAIT(c.conn.execute("SET a.b = 1"));
        }
        proxy.arm_open({.at_byte = 0, .what = fault::silence});
        const auto start = detail::clock::now();
        c.reset(200ms);
        const auto problem = ERROR_OF(connection_error, c.conn.execute("SELECT 1"));
        BOOST_TEST(contains(problem.what(), "not reset in time"));
        BOOST_TEST((problem.outcome() == outcome::unknown));
        BOOST_TEST((detail::clock::now() - start >= 200ms && detail::clock::now() - start < within(1500ms)));
        BOOST_TEST(!c.conn.is_open());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_runs_behind_a_reset_that_failed, Face, both_faces) {
    Face face;
    // The settings of the connection are those that RESET ALL restores.
    lent<Face> c{face, conninfo{dsn()}.set("options", "-c lock_timeout=50ms -c client_min_messages=error")};
    auto other = face.connect();
    AWAIT(other.execute_script("DROP TABLE IF EXISTS reset_failed; CREATE TABLE reset_failed (n int)"));
    AWAIT(c.conn.execute("CREATE TEMP TABLE locked ()"));
    const auto name = AWAIT(
        c.conn.template fetch_one<std::string>("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"));
    AWAIT(other.execute("BEGIN"));
    AWAIT(
        other.execute(sql::text("LOCK TABLE ") + sql::identifier(name, "locked") + sql::text(" IN ACCESS SHARE MODE")));
    c.reset();
    auto p = c.conn.pipeline();
    auto first = p.execute("INSERT INTO reset_failed VALUES (1)");
    p.sync();
    auto second = p.execute("INSERT INTO reset_failed VALUES (2)");
    const auto problem = VOID_ERROR_OF(connection_error, p.run());
    BOOST_TEST(contains(problem.what(), "could not be reset: canceling statement due to lock timeout"));
    BOOST_TEST((problem.outcome() == outcome::not_executed));
    BOOST_TEST((error_of<connection_error>([&] { second.get(); }).outcome() == outcome::not_executed));
    BOOST_TEST(!c.conn.is_open());
    AWAIT(other.execute("COMMIT"));
    BOOST_TEST(AWAIT(other.template fetch_one<int>("SELECT count(*)::int FROM reset_failed")) == 0);
    AWAIT(other.execute("DROP TABLE reset_failed"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_cannot_be_undone_ends_the_connection, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    AWAIT(c.conn.execute("LOAD 'plpgsql'"));
    AWAIT(c.conn.execute("SET a.b = 1"));
    AWAIT(c.conn.execute_script("SELECT 1"));
    c.reset();
    BOOST_TEST(!c.conn.is_open());
    const auto problem = ERROR_OF(connection_error, c.conn.execute("SELECT 1"));
    BOOST_TEST(contains(problem.what(), "cannot be undone"));
    BOOST_TEST((problem.outcome() == outcome::not_sent));
    c.reset();
    BOOST_TEST(!c.core().is_quiet());
}

// ---------------------------------------------------------------------------------------------------- what it keeps

BOOST_AUTO_TEST_CASE_TEMPLATE(notices_are_for_those_who_caused_them, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    std::vector<std::string> former;
    c.conn.on_notice([&](const diagnostics& d) { former.push_back(d.message); });
    BOOST_TEST(!c.core().is_quiet());
    start(c, unchecked_sql{"DO $$ BEGIN RAISE NOTICE 'of the former'; END $$"});
    c.reset();
    std::vector<std::string> next;
    c.conn.on_notice([&](const diagnostics& d) { next.push_back(d.message); });
    AWAIT(c.conn.execute("DO $$ BEGIN RAISE NOTICE 'of the next'; END $$"));
    BOOST_TEST(former.empty());
    BOOST_TEST(next == std::vector<std::string>{"of the next"}, boost::test_tools::per_element());
    c.reset();
    AWAIT(c.conn.execute("DO $$ BEGIN RAISE NOTICE 'of the third'; END $$"));
    BOOST_TEST(next.size() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_role_and_settings_that_the_connection_began_with_are_restored, Face, both_faces) {
    Face face;
    lent<Face> c{face, conninfo{dsn()}.set("options", "-c role=pg_monitor -c work_mem=128kB")};
    AWAIT(c.conn.execute("SET ROLE NONE"));
    AWAIT(c.conn.execute("SET work_mem = '1MB'"));
    BOOST_TEST(c.holds("current_user <> 'pg_monitor'"));
    c.reset();
    BOOST_TEST(c.holds("current_user = 'pg_monitor' AND current_setting('work_mem') = '128kB'"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(names_of_types_mean_what_the_next_user_means, Face, both_faces) {
    using session_reset_test::mood;
    Face face;
    lent<Face> c{face};
    AWAIT(c.conn.execute_script(
        "SET client_min_messages = warning; DROP SCHEMA IF EXISTS reset_other CASCADE; DROP TYPE IF EXISTS reset_mood; "
        "CREATE SCHEMA reset_other; CREATE TYPE reset_other.reset_mood AS ENUM ('sad', 'ok'); "
        "CREATE TYPE public.reset_mood AS ENUM ('sad', 'ok')"));
    c.reset();
    const auto schema_of_type = [&] {
        return AWAIT(c.conn.template fetch_one<std::string>(
            "SELECT typnamespace::regnamespace::text FROM pg_type WHERE oid = pg_typeof($1)", mood::ok));
    };
    AWAIT(c.conn.execute("SET search_path = reset_other"));
    BOOST_TEST(schema_of_type() == "reset_other");
    c.reset();
    BOOST_TEST(schema_of_type() == "public");
    AWAIT(c.conn.execute_script("DROP SCHEMA reset_other CASCADE; DROP TYPE reset_mood"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(changes_can_be_kept_until_others_are_made, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    BOOST_TEST(!c.core().changes().loses_kept());
    AWAIT(c.conn.execute("SET a.b = 'kept'"));
    c.core().changes().keep();
    BOOST_TEST(c.core().is_quiet());
    c.reset();
    BOOST_TEST(c.holds("current_setting('a.b') = 'kept'"));
    BOOST_TEST(!c.core().changes().loses_kept());
    AWAIT(c.conn.execute("SET a.c = 'lost'"));
    BOOST_TEST(c.core().changes().loses_kept());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(resets_can_follow_one_another, Face, both_faces) {
    Face face;
    lent<Face> c{face};
    for (int i = 0; i < 3; ++i) {
        AWAIT(c.conn.execute("SET a.b = 1"));
        c.reset();
        c.reset();
        BOOST_TEST(c.holds("coalesce(current_setting('a.b', true), '') = ''"));
        BOOST_TEST(c.core().is_quiet());
        BOOST_TEST((c.core().next_deadline() > detail::clock::now()));
    }
}

BOOST_AUTO_TEST_SUITE_END()
