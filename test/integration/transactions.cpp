// Transactions and savepoints: what is stored after each way in which they can end.
#include "../support/faces.hpp"

#include <coropg/testing/fake_server.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(transactions)

namespace {

/// A connection with an empty temporary table `t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`.
template <class Face>
auto connect_with_table(Face& face) {
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
    return conn;
}

template <class Face, class Handle>
std::vector<int> stored(Face& face, Handle& on) {
    return AWAIT(on.template fetch<int>("SELECT id FROM t ORDER BY id"));
}

using ids = std::vector<int>;

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_transaction_is_stored_by_commit, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    BOOST_TEST(AWAIT(tx.execute("INSERT INTO t VALUES ($1)", 1)).affected_rows() == 1U);
    BOOST_TEST(AWAIT(tx.template fetch_one<bool>("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")));
    AWAIT(tx.commit());
    BOOST_TEST(!tx.is_open());
    BOOST_TEST(stored(face, conn) == ids{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rollback_undoes_it, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    AWAIT(tx.rollback());
    BOOST_TEST(stored(face, conn).empty());
    VOID_ERROR_OF(usage_error, tx.commit());
    ERROR_OF(usage_error, tx.execute("SELECT 1"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_dropped_transaction_is_rolled_back_before_the_next_statement, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    {
        auto tx = AWAIT(conn.begin());
        AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    }
    AWAIT(conn.execute("INSERT INTO t VALUES (2)"));
    BOOST_TEST(stored(face, conn) == ids{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_transaction_costs_nothing_and_ends_well, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.commit());
    { auto dropped = AWAIT(conn.begin()); }
    auto other = AWAIT(conn.begin());
    AWAIT(other.rollback());
    BOOST_TEST(stored(face, conn).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(statements_on_the_connection_are_refused_while_it_is_open, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    BOOST_TEST(contains(ERROR_OF(usage_error, conn.execute("SELECT 1")).what(), "a transaction is open"));
    VOID_ERROR_OF(usage_error, conn.execute_script("SELECT 1"));
    ERROR_OF(usage_error, conn.begin());
    ERROR_OF(usage_error, conn.with({.timeout = std::chrono::seconds{1}}).execute("SELECT 1"));
    auto inner = AWAIT(tx.begin());
    ERROR_OF(usage_error, tx.execute("SELECT 1"));
    VOID_ERROR_OF(usage_error, tx.commit());
    AWAIT(inner.execute("INSERT INTO t VALUES (1)"));
    AWAIT(inner.commit());
    AWAIT(tx.commit());
    BOOST_TEST(stored(face, conn) == ids{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(savepoints_nest, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    {
        auto kept = AWAIT(tx.begin());
        AWAIT(kept.execute("INSERT INTO t VALUES (2)"));
        {
            auto dropped = AWAIT(kept.begin());
            AWAIT(dropped.execute("INSERT INTO t VALUES (3)"));
        }
        AWAIT(kept.execute("INSERT INTO t VALUES (4)"));
        AWAIT(kept.commit());
    }
    auto undone = AWAIT(tx.begin());
    AWAIT(undone.execute("INSERT INTO t VALUES (5)"));
    AWAIT(undone.rollback());
    AWAIT(tx.commit());
    BOOST_TEST(stored(face, conn) == (ids{1, 2, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_outer_transaction_outlives_an_error_in_a_savepoint, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    {
        auto inner = AWAIT(tx.begin());
        ERROR_OF(errors::division_by_zero, inner.execute("SELECT 1 / 0"));
        ERROR_OF(errors::in_failed_sql_transaction, inner.execute("SELECT 1"));
    }
    AWAIT(tx.execute("INSERT INTO t VALUES (2)"));
    auto inner = AWAIT(tx.begin());
    ERROR_OF(errors::division_by_zero, inner.execute("SELECT 1 / 0"));
    BOOST_TEST((VOID_ERROR_OF(commit_rolled_back, inner.commit()).outcome() == outcome::failed));
    AWAIT(tx.execute("INSERT INTO t VALUES (3)"));
    AWAIT(tx.commit());
    BOOST_TEST(stored(face, conn) == (ids{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(dropping_the_outer_one_ends_the_inner_one, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = std::make_optional(AWAIT(conn.begin()));
    AWAIT(tx->execute("INSERT INTO t VALUES (1)"));
    auto inner = AWAIT(tx->begin());
    AWAIT(inner.execute("INSERT INTO t VALUES (2)"));
    tx.reset();
    BOOST_TEST(!inner.is_open());
    ERROR_OF(usage_error, inner.execute("SELECT 1"));
    BOOST_TEST(stored(face, conn).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_commit_of_an_aborted_transaction_says_so, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    ERROR_OF(errors::division_by_zero, tx.execute("SELECT 1 / 0"));
    const auto e = VOID_ERROR_OF(commit_rolled_back, tx.commit());
    BOOST_TEST((e.outcome() == outcome::failed));
    BOOST_TEST(contains(e.what(), "transactions.cpp"));
    BOOST_TEST(stored(face, conn).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_deferred_constraint_fails_the_commit, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1), (1)"));
    BOOST_TEST((VOID_ERROR_OF(errors::unique_violation, tx.commit()).outcome() == outcome::failed));
    BOOST_TEST(stored(face, conn).empty());
    // Without a transaction it is reported at the statement's own Sync.
    BOOST_TEST(
        contains(ERROR_OF(errors::unique_violation, conn.execute("INSERT INTO t VALUES (2), (2)")).sql(), "(2)"));
    BOOST_TEST(stored(face, conn).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(options_reach_the_server, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    static constexpr setting settings[]{{"lock_timeout", "1234ms"}, {"application_name", "it's \\ mine"}};
    auto tx = AWAIT(conn.begin(
        {.isolation = isolation::serializable, .read_only = true, .deferrable = true, .set_local = settings}));
    const auto said = AWAIT(tx.template fetch_one<std::vector<std::string>>(
        "SELECT ARRAY[current_setting('transaction_isolation'), current_setting('transaction_read_only'), "
        "current_setting('transaction_deferrable'), current_setting('lock_timeout'), "
        "current_setting('application_name')]"));
    BOOST_TEST(said == (std::vector<std::string>{"serializable", "on", "on", "1234ms", "it's \\ mine"}),
               boost::test_tools::per_element());
    ERROR_OF(errors::read_only_sql_transaction, tx.execute("CREATE TABLE not_here ()"));
    AWAIT(tx.rollback());
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SHOW lock_timeout")) == "0");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_set_in_a_savepoint_ends_with_it, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    static constexpr setting good[]{{"lock_timeout", "7s"}};
    static constexpr setting wrong[]{{"lock_timeout", "many"}};
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    auto undone = AWAIT(tx.begin({.set_local = good}));
    BOOST_TEST(AWAIT(undone.template fetch_one<std::string>("SHOW lock_timeout")) == "7s");
    AWAIT(undone.rollback());
    BOOST_TEST(AWAIT(tx.template fetch_one<std::string>("SHOW lock_timeout")) == "0");
    auto refused = AWAIT(tx.begin({.set_local = wrong}));
    ERROR_OF(errors::invalid_parameter_value, refused.execute("INSERT INTO t VALUES (2)"));
    AWAIT(refused.rollback());
    AWAIT(tx.execute("INSERT INTO t VALUES (3)"));
    AWAIT(tx.commit());
    BOOST_TEST(stored(face, conn) == (ids{1, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_cannot_begin_runs_nothing, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    static constexpr setting wrong[]{{"no_such.setting", "1"}, {"lock_timeout", "many"}};
    auto tx = AWAIT(conn.begin({.set_local = wrong}));
    ERROR_OF(errors::invalid_parameter_value, tx.execute("INSERT INTO t VALUES (1)"));
    VOID_ERROR_OF(commit_rolled_back, tx.commit());

    // A standby refuses such a BEGIN; here, one that is cut into pieces.
    static constexpr setting quoted[]{{"a; DROP TABLE t", "1"}};
    ERROR_OF(usage_error, conn.begin({.set_local = quoted}));
    auto open = AWAIT(conn.begin());
    ERROR_OF(usage_error, open.begin({.isolation = isolation::serializable}));
    AWAIT(open.execute("INSERT INTO t VALUES (2)"));
    AWAIT(open.commit());
    BOOST_TEST(stored(face, conn) == ids{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_ends_a_transaction_is_refused_as_sql, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    ERROR_OF(usage_error, tx.execute("COMMIT"));
    ERROR_OF(usage_error, tx.execute("/* now */ rollback WORK"));
    ERROR_OF(usage_error, tx.execute("END"));
    ERROR_OF(usage_error, tx.execute("ABORT"));
    ERROR_OF(usage_error, tx.execute("PREPARE TRANSACTION 'x'"));
    VOID_ERROR_OF(usage_error, tx.execute_script("SELECT 1; COMMIT; SELECT 2"));
    AWAIT(tx.execute("SAVEPOINT mine"));
    AWAIT(tx.execute("INSERT INTO t VALUES (2)"));
    AWAIT(tx.execute("ROLLBACK TO SAVEPOINT mine"));
    AWAIT(tx.commit());
    BOOST_TEST(stored(face, conn) == ids{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_script_may_come_first, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin({.isolation = isolation::repeatable_read}));
    AWAIT(tx.execute_script("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"));
    BOOST_TEST(AWAIT(tx.template fetch_one<std::string>("SHOW transaction_isolation")) == "repeatable read");
    AWAIT(tx.rollback());
    BOOST_TEST(stored(face, conn).empty());
    auto failing = AWAIT(conn.begin());
    const auto e = VOID_ERROR_OF(errors::undefined_table, failing.execute_script("SELECT * FROM nothing_there"));
    BOOST_TEST(e.position() == 15);
    BOOST_TEST(e.sql() == "SELECT * FROM nothing_there");
    VOID_ERROR_OF(commit_rolled_back, failing.commit());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(many_statements_in_one, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    const std::vector<int> values{1, 2, 3};
    BOOST_TEST(AWAIT(tx.execute_many("INSERT INTO t VALUES ($1)", values)) == 3U);
    AWAIT(tx.commit());
    BOOST_TEST(stored(face, conn) == (ids{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hooks_are_called_once_it_is_stored, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    std::string called;
    auto tx = AWAIT(conn.begin());
    tx.on_commit([&] { called += 'a'; });
    tx.on_commit([] { throw std::runtime_error{"is logged"}; });
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    {
        auto kept = AWAIT(tx.begin());
        AWAIT(kept.execute("SELECT 1"));
        kept.on_commit([&] { called += 'b'; });
        AWAIT(kept.commit());
        auto dropped = AWAIT(tx.begin());
        AWAIT(dropped.execute("SELECT 1"));
        dropped.on_commit([&] { called += 'c'; });
    }
    BOOST_TEST(called.empty());
    set_logger(nullptr);
    AWAIT(tx.commit());
    BOOST_TEST(called == "ab");

    auto undone = AWAIT(conn.begin());
    undone.on_commit([&] { called += 'd'; });
    AWAIT(undone.execute("SELECT 1"));
    AWAIT(undone.rollback());
    BOOST_TEST(called == "ab");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(prepared_transactions, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("DROP TABLE IF EXISTS two_phase; CREATE TABLE two_phase (id int)"));
    for (const bool is_kept : {true, false}) {
        const std::string name = "it's " + std::to_string(conn.backend_pid());
        auto tx = AWAIT(conn.begin());
        AWAIT(tx.execute("INSERT INTO two_phase VALUES (1)"));
        tx.on_commit([] { BOOST_ERROR("it is not committed"); });
        auto savepoint = AWAIT(tx.begin());
        VOID_ERROR_OF(usage_error, savepoint.prepare_transaction(name));
        AWAIT(savepoint.commit());
        AWAIT(tx.prepare_transaction(name));
        const auto list = AWAIT(conn.list_prepared());
        BOOST_TEST(std::ranges::count(list, name, &prepared_transaction::name) == 1);
        auto other = face.connect();
        if (is_kept)
            AWAIT(other.commit_prepared(name));
        else
            AWAIT(other.rollback_prepared(name));
        VOID_ERROR_OF(errors::undefined_object, other.commit_prepared(name));
    }
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT count(*)::int FROM two_phase")) == 1);
    auto tx = AWAIT(conn.begin());
    ERROR_OF(errors::division_by_zero, tx.execute("SELECT 1 / 0"));
    VOID_ERROR_OF(commit_rolled_back, tx.prepare_transaction("never"));
    AWAIT(conn.execute("DROP TABLE two_phase"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_moved_handle_is_the_transaction, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    auto moved = std::move(tx);
    ERROR_OF(usage_error, tx.execute("SELECT 1"));
    auto elsewhere = std::move(conn);
    AWAIT(moved.commit());
    BOOST_TEST(stored(face, elsewhere) == ids{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_is_begun_within_what_was_begun_by_hand, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    const auto transact = [&](int number) {
        return AWAIT(
            conn.transaction([&, number](auto& tx) { return tx.execute("INSERT INTO t VALUES ($1)", number); }));
    };
    int id = 0;
    const auto refused = [&] {
        error_of<usage_error>([&] { transact(99); });
        error_of<usage_error>([&] { AWAIT(conn.begin()); });
    };
    for (const char* end : {"ROLLBACK", "COMMIT", "ROLLBACK AND CHAIN", "ROLLBACK TO here"}) {
        AWAIT(conn.execute("BEGIN"));
        refused();
        AWAIT(conn.execute("SAVEPOINT here"));
        AWAIT(conn.execute(unchecked_sql{end}));
        if (contains(end, "TO ") || contains(end, "CHAIN")) {
            refused();
            AWAIT(conn.execute("ROLLBACK"));
        }
        transact(id++);
    }
    AWAIT(conn.execute_script("BEGIN"));
    refused();
    AWAIT(conn.execute_script("COMMIT"));
    // in one pipeline, which fails in the transaction that it has begun
    auto p = conn.pipeline();
    p.execute("BEGIN");
    p.sync();
    p.execute("SELECT 1 / $1::int", 0);
    VOID_ERROR_OF(errors::division_by_zero, p.run());
    refused();
    AWAIT(conn.execute("ROLLBACK"));
    transact(id++);
    BOOST_TEST(stored(face, conn) == (ids{0, 1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nor_while_others_are_under_way_behind_what_keeps_it) {
    async_face face;
    auto conn = connect_with_table(face);
    const auto sleeping = [&]() -> asio::awaitable<void> { co_await conn.execute("SELECT pg_sleep(0.2)"); };
    const auto refused_behind = [&](unchecked_sql sql) -> asio::awaitable<void> {
        co_await conn.execute(sql);
        try {
            co_await conn.begin();
            BOOST_ERROR("begun behind " << sql.text());
        } catch (const usage_error&) {
        }
    };
    for (const char* keeping : {"ROLLBACK TO here", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN"}) {
        AWAIT(conn.execute("BEGIN"));
        AWAIT(conn.execute("SAVEPOINT here"));
        AWAIT(gather(refused_behind(unchecked_sql{keeping}), sleeping()));
        AWAIT(conn.execute("ROLLBACK"));
    }
    // A COMMIT that is refused ends it.
    AWAIT(conn.execute_script("CREATE TEMP TABLE checked (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
    const auto begun_behind_refusal = [&]() -> asio::awaitable<void> {
        try {
            co_await conn.execute("COMMIT");
            BOOST_ERROR("committed");
        } catch (const errors::unique_violation&) {
        }
        auto tx = co_await conn.begin();
        co_await tx.execute("INSERT INTO checked VALUES (2)");
        co_await tx.commit();
    };
    AWAIT(conn.execute("BEGIN"));
    AWAIT(conn.execute("INSERT INTO checked VALUES (1), (1)"));
    AWAIT(gather(begun_behind_refusal(), sleeping()));
    BOOST_TEST(AWAIT(conn.fetch_one<int>("SELECT sum(id)::int FROM checked")) == 2);
}

// A cancel from elsewhere that comes before COMMIT has begun, leaves the transaction open: it is rolled back by itself.
BOOST_AUTO_TEST_CASE_TEMPLATE(one_may_begin_behind_a_commit_that_was_cancelled, Face, both_faces) {
    using namespace coropg::testing;
    const auto done = [](std::string_view tag) {
        return parse_complete() + bind_complete() + no_data() + command_complete(tag);
    };
    Face face;
    fake_server server;
    server.next({step::startup(), step::expect("PBDEPBDES"),
                 step::send(done("BEGIN") + done("INSERT 0 1") + ready_for_query('T')), step::expect("PBDES"),
                 step::send(error_response("57014", "canceling statement due to user request") + ready_for_query('E')),
                 step::expect("PBDES"), step::send(done("ROLLBACK") + ready_for_query('I')), step::expect("PBDEPBDES"),
                 step::send(done("BEGIN") + done("INSERT 0 1") + ready_for_query('T')), step::hang()});
    auto conn = face.connect(server.info());
    auto cancelled = AWAIT(conn.begin({.finds_transaction_id = false}));
    AWAIT(cancelled.execute("INSERT INTO t VALUES (1)"));
    VOID_ERROR_OF(errors::query_canceled, cancelled.commit());
    auto next = AWAIT(conn.begin({.finds_transaction_id = false}));
    BOOST_TEST(AWAIT(next.execute("INSERT INTO t VALUES (2)")).affected_rows() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_connection_has_nothing_begun_by_hand, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto killer = face.connect();
    AWAIT(conn.execute("BEGIN"));
    AWAIT(killer.execute("SELECT pg_terminate_backend($1, 10000)", conn.backend_pid()));
    const auto transact = [&] { AWAIT(conn.transaction([](auto& tx) { return tx.execute("SELECT 1"); })); };
    for (int i = 0; i < 2; ++i) BOOST_TEST((error_of<connection_error>(transact).outcome() == outcome::not_sent));
}

BOOST_AUTO_TEST_CASE(nor_within_what_is_being_begun_by_hand) {
    async_face face;
    auto conn = connect_with_table(face);
    std::exception_ptr problem;
    asio::co_spawn(
        face.io, [&]() -> asio::awaitable<void> { co_await conn.execute("BEGIN"); }, [](std::exception_ptr) {});
    asio::co_spawn(
        face.io,
        [&]() -> asio::awaitable<void> {
            co_await conn.transaction([](transaction& tx) { return tx.execute("INSERT INTO t VALUES (1)"); });
        },
        [&](std::exception_ptr e) { problem = e; });
    face.io.restart();
    face.io.run();
    error_of<usage_error>([&] {
        if (problem) std::rethrow_exception(problem);
    });
    AWAIT(conn.execute("ROLLBACK"));
    AWAIT(conn.transaction([](transaction& tx) { return tx.execute("INSERT INTO t VALUES (2)"); }));
    BOOST_TEST(stored(face, conn) == (ids{2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_handle_may_outlive_its_connection, Face, both_faces) {
    Face face;
    auto conn = std::make_optional(connect_with_table(face));
    auto tx = AWAIT(conn->begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    conn.reset();
    BOOST_TEST((ERROR_OF(connection_error, tx.execute("SELECT 1")).outcome() == outcome::not_sent));
    VOID_ERROR_OF(connection_error, tx.commit());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_connection_before_commit_is_no_doubt, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto killer = face.connect();
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    AWAIT(killer.execute("SELECT pg_terminate_backend($1, 10000)", conn.backend_pid()));
    const auto e = ERROR_OF(connection_error, tx.execute("INSERT INTO t VALUES (2)"));
    BOOST_TEST((e.outcome() == outcome::not_sent));
    BOOST_TEST(e.is_transient());
    BOOST_TEST((VOID_ERROR_OF(connection_error, tx.commit()).outcome() == outcome::not_sent));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lost_connection_ends_what_is_ended_on_it, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto killer = face.connect();
    auto tx = AWAIT(conn.begin());
    auto inner = AWAIT(tx.begin());
    AWAIT(inner.execute("INSERT INTO t VALUES (1)"));
    AWAIT(killer.execute("SELECT pg_terminate_backend($1, 10000)", conn.backend_pid()));
    ERROR_OF(connection_error, inner.execute("INSERT INTO t VALUES (2)"));
    VOID_ERROR_OF(connection_error, inner.commit());
    BOOST_TEST(!inner.is_open());
    auto another = AWAIT(tx.begin());
    ERROR_OF(connection_error, another.execute("INSERT INTO t VALUES (3)"));
    VOID_ERROR_OF(connection_error, tx.commit());
    BOOST_TEST(!another.is_open());
    BOOST_TEST(!tx.is_open());
    auto next = AWAIT(conn.begin());
    ERROR_OF(connection_error, next.execute("INSERT INTO t VALUES (4)"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_that_times_out_fails_its_transaction, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    const auto e =
        ERROR_OF(query_timeout, tx.with({.timeout = std::chrono::milliseconds{100}}).execute("SELECT pg_sleep(60)"));
    BOOST_TEST((e.outcome() == outcome::failed));
    VOID_ERROR_OF(commit_rolled_back, tx.commit());
    BOOST_TEST(stored(face, conn).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_deadline_covers_a_whole_handle, Face, both_faces) {
    Face face;
    auto conn = connect_with_table(face);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{150};
    auto handle = conn.with({.timeout = std::chrono::seconds{60}, .deadline = deadline});
    auto tx = AWAIT(handle.begin());
    AWAIT(tx.execute("INSERT INTO t VALUES (1)"));
    ERROR_OF(query_timeout, tx.execute("SELECT pg_sleep(60)"));
    BOOST_TEST((ERROR_OF(query_timeout, tx.execute("SELECT 1")).outcome() == outcome::not_sent));
    // A COMMIT that is too late is not sent, and what it would have stored is not.
    BOOST_TEST((VOID_ERROR_OF(query_timeout, tx.commit()).outcome() == outcome::not_sent));
    BOOST_TEST(stored(face, conn).empty());
}

BOOST_AUTO_TEST_CASE(functions_commit_by_returning_and_roll_back_by_throwing) {
    async_face face;
    auto conn = connect_with_table(face);
    const int id = AWAIT(conn.transaction([&](coropg::transaction& tx) -> asio::awaitable<int> {
        co_await tx.execute("INSERT INTO t VALUES (1)");
        co_await tx.transaction([&](coropg::transaction& inner) -> asio::awaitable<void> {
            co_await inner.execute("INSERT INTO t VALUES (2)");
        });
        co_return co_await tx.fetch_one<int>("INSERT INTO t VALUES (3) RETURNING id");
    }));
    BOOST_TEST(id == 3);
    VOID_ERROR_OF(std::runtime_error,
                  conn.transaction({.read_only = false}, [&](coropg::transaction& tx) -> asio::awaitable<void> {
                      co_await tx.execute("INSERT INTO t VALUES (4)");
                      throw std::runtime_error{"no"};
                  }));
    VOID_ERROR_OF(commit_rolled_back, conn.transaction([&](coropg::transaction& tx) -> asio::awaitable<void> {
        try {
            co_await tx.execute("SELECT 1 / 0");
        } catch (const errors::division_by_zero&) {
        }
    }));
    AWAIT(conn.transaction([&](coropg::transaction& tx) -> asio::awaitable<void> {
        co_await tx.execute("INSERT INTO t VALUES (5)");
        co_await tx.rollback();
    }));
    BOOST_TEST(stored(face, conn) == (ids{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_on_the_blocking_face) {
    sync_face face;
    auto conn = connect_with_table(face);
    const int id = conn.transaction([&](sync::transaction& tx) {
        tx.execute("INSERT INTO t VALUES (1)");
        tx.transaction([&](sync::transaction& inner) { inner.execute("INSERT INTO t VALUES (2)"); });
        return tx.fetch_one<int>("INSERT INTO t VALUES (3) RETURNING id");
    });
    BOOST_TEST(id == 3);
    const auto fail = [&](sync::transaction& tx) {
        tx.execute("INSERT INTO t VALUES (4)");
        throw std::runtime_error{"no"};
    };
    BOOST_CHECK_THROW(conn.transaction({.read_only = false}, fail), std::runtime_error);
    BOOST_TEST(stored(face, conn) == (ids{1, 2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_script_that_comes_first_waits_for_what_is_under_way) {
    async_face face;
    auto conn = face.connect();
    const auto script = [](coropg::connection& c) -> asio::awaitable<void> {
        auto tx = co_await c.begin();
        co_await tx.with({.timeout = 10s}).execute_script("SELECT 1; SELECT 2");
        co_await tx.commit();
    };
    AWAIT(gather(conn.fetch_one<int>("SELECT 1"), script(conn)));
    BOOST_TEST(AWAIT(conn.fetch_one<int>("SELECT 3")) == 3);
}

BOOST_AUTO_TEST_CASE(neighbours_within_a_transaction_wait_for_its_begin) {
    async_face face;
    auto conn = connect_with_table(face);
    static constexpr setting wrong[]{{"lock_timeout", "many"}};
    auto tx = AWAIT(conn.begin({.set_local = wrong}));
    std::vector<asio::awaitable<result>> work;
    for (int i = 0; i < 5; ++i) work.push_back(tx.execute("INSERT INTO t VALUES ($1)", i));
    ERROR_OF(errors::invalid_parameter_value, gather(std::move(work)));
    AWAIT(tx.rollback());
    BOOST_TEST(stored(face, conn).empty());

    auto good = AWAIT(conn.begin());
    std::vector<asio::awaitable<result>> more;
    for (int i = 0; i < 5; ++i) more.push_back(good.execute("INSERT INTO t VALUES ($1)", i));
    AWAIT(gather(std::move(more)));
    AWAIT(good.commit());
    BOOST_TEST(stored(face, conn).size() == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
