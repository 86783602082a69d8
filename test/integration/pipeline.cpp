// Explicit pipelines.
#include "../support/faces.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(pipeline)

BOOST_AUTO_TEST_CASE_TEMPLATE(handles_have_what_each_statement_returned, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int, name text)"));
    auto p = conn.pipeline();
    auto inserted = p.execute("INSERT INTO t VALUES ($1, $2), (2, 'b')", 1, "a");
    auto names = p.template fetch<std::string>("SELECT name FROM t ORDER BY id");
    auto count = p.template fetch_one<std::int64_t>("SELECT count(*) FROM t");
    p.sync();
    auto none = p.template fetch_optional<int>("SELECT id FROM t WHERE id = $1", 7);
    BOOST_CHECK_THROW(count.get(), usage_error);
    AWAIT(p.run());
    BOOST_TEST(inserted.get().affected_rows() == 2U);
    BOOST_TEST(names.get() == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(count.get() == 2);
    BOOST_TEST(!none.get().has_value());
    BOOST_CHECK_THROW(count.get(), usage_error);
    AWAIT(p.run());  // with nothing in it
    auto again = p.template fetch_one<int>("SELECT 1");
    AWAIT(p.run());
    BOOST_TEST(again.get() == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_error_undoes_its_scope_and_no_other, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    auto p = conn.pipeline();
    auto kept = p.execute("INSERT INTO t VALUES (1)");
    p.sync();
    auto undone = p.execute("INSERT INTO t VALUES (2)");
    auto failed = p.execute("SELECT 1 / 0");
    auto skipped = p.execute("INSERT INTO t VALUES (3)");
    p.sync();
    auto behind = p.execute("INSERT INTO t VALUES (4)");
    const auto e = VOID_ERROR_OF(errors::division_by_zero, p.run());
    BOOST_TEST(e.sql() == "SELECT 1 / 0");
    BOOST_TEST(kept.get().affected_rows() == 1U);
    BOOST_CHECK_THROW(failed.get(), errors::division_by_zero);
    BOOST_TEST(contains(error_of<pipeline_aborted>([&] { undone.get(); }).what(), "rolled back: statement 2"));
    BOOST_TEST((error_of<pipeline_aborted>([&] { skipped.get(); }).outcome() == outcome::not_executed));
    BOOST_TEST(behind.get().affected_rows() == 1U);
    BOOST_TEST(AWAIT(conn.template fetch<int>("SELECT id FROM t ORDER BY id")) == (std::vector<int>{1, 4}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(values_that_cannot_be_read_spare_the_others, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto p = conn.pipeline();
    auto null = p.template fetch_one<int>("SELECT NULL::int");
    auto two = p.template fetch_one<int>("SELECT 2");
    VOID_ERROR_OF(null_error, p.run());
    BOOST_CHECK_THROW(null.get(), null_error);
    BOOST_TEST(two.get() == 2);
    BOOST_CHECK_THROW(p.execute("SELECT $1::text", std::string{"a\0b", 3}), usage_error);
    VOID_ERROR_OF(usage_error, p.run());
}

// It is refused before it is sent, and behind those that are not.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_argument_that_cannot_be_sent_spares_the_other_scopes, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    const auto check = [&](auto& on) {
        for (const bool is_last : {true, false}) {
            auto p = on.pipeline();
            const auto refuse = [&] { p.execute("SELECT $1::text", std::string{"a\0b", 3}); };
            if (!is_last) {
                BOOST_CHECK_THROW(refuse(), usage_error);
                p.sync();
            }
            auto inserted = p.execute("INSERT INTO t VALUES (1)");
            p.sync();
            auto count = p.template fetch_one<std::int64_t>("SELECT count(*) FROM t");
            if (is_last) {
                p.sync();
                BOOST_CHECK_THROW(refuse(), usage_error);
            }
            VOID_ERROR_OF(usage_error, p.run());
            BOOST_TEST(inserted.get().affected_rows() == 1U);
            BOOST_TEST(count.get() == (is_last ? 1 : 2));
        }
    };
    check(conn);
    AWAIT(conn.execute("TRUNCATE t"));
    auto tx = AWAIT(conn.begin());
    check(tx);
    AWAIT(tx.rollback());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(within_a_transaction, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    {
        auto tx = AWAIT(conn.begin());
        auto p = tx.pipeline();
        p.execute("INSERT INTO t VALUES (1)");
        p.sync();
        auto count = p.template fetch_one<std::int64_t>("SELECT count(*) FROM t");
        AWAIT(p.run());
        BOOST_TEST(count.get() == 1);
    }
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM t")) == 0);
    auto tx = AWAIT(conn.begin());
    auto p = conn.pipeline();
    p.execute("SELECT 1");
    p.sync();
    p.execute("SELECT 2");
    VOID_ERROR_OF(usage_error, p.run());
    AWAIT(tx.rollback());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_timeout_ends_all_of_it, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto handle = conn.with({.timeout = std::chrono::milliseconds{150}});
    auto p = handle.pipeline();
    auto quick = p.execute("SELECT 1");
    p.sync();
    auto slow = p.execute("SELECT pg_sleep(0.6)");
    p.sync();
    auto behind = p.execute("SELECT 2");
    VOID_ERROR_OF(query_timeout, p.run());
    quick.get();
    BOOST_TEST((error_of<query_timeout>([&] { slow.get(); }).outcome() == outcome::unknown));
    BOOST_CHECK_THROW(behind.get(), query_timeout);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 3")) == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(stale_plans_heal, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE TEMP TABLE healed (id int); INSERT INTO healed VALUES (1)"));
    const auto use = [&] { return AWAIT(conn.execute("SELECT * FROM healed")).size(); };
    for (int i = 0; i < 3; ++i) use();
    AWAIT(conn.execute("ALTER TABLE healed ADD COLUMN more int"));
    BOOST_TEST(use() == 1U);
    for (int i = 0; i < 3; ++i) use();

    AWAIT(conn.execute("ALTER TABLE healed ADD COLUMN still_more int"));
    auto p = conn.pipeline();
    auto inserted = p.execute("INSERT INTO healed (id) VALUES (2)");
    auto all = p.execute("SELECT * FROM healed");
    p.sync();
    auto behind = p.execute("SELECT count(*) FROM healed");
    AWAIT(p.run());
    BOOST_TEST(inserted.get().affected_rows() == 1U);
    BOOST_TEST(all.get().size() == 2U);
    for (int i = 0; i < 3; ++i) use();

    AWAIT(conn.execute("ALTER TABLE healed ADD COLUMN yet_more int"));
    auto tx = AWAIT(conn.begin());
    BOOST_TEST(ERROR_OF(errors::feature_not_supported, tx.execute("SELECT * FROM healed")).is_transient());
    AWAIT(tx.rollback());
    auto again = AWAIT(conn.begin());
    BOOST_TEST(AWAIT(again.execute("SELECT * FROM healed")).size() == 2U);
    AWAIT(again.commit());

    // Someone drops all statements behind our back.
    for (int i = 0; i < 3; ++i) use();
    AWAIT(conn.execute_script("DEALLOCATE ALL"));
    BOOST_TEST(use() == 2U);
    for (int i = 0; i < 3; ++i) use();
    AWAIT(conn.execute("DISCARD ALL"));
    ERROR_OF(errors::undefined_table, conn.execute("SELECT * FROM healed"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_committed_on_the_way_is_not_run_again, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE TEMP TABLE stale (id int); CREATE TEMP TABLE done (id int)"));
    for (int i = 0; i < 3; ++i) AWAIT(conn.execute("SELECT * FROM stale"));
    AWAIT(conn.execute("ALTER TABLE stale ADD COLUMN more int"));
    auto p = conn.pipeline();
    p.execute("BEGIN");
    p.execute("INSERT INTO done VALUES (1)");
    p.execute("COMMIT");
    p.execute("SELECT * FROM stale");
    VOID_ERROR_OF(errors::feature_not_supported, p.run());
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM done")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_committed_on_the_way_is_not_told_as_rolled_back, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    for (const auto timeout : {0ms, 300ms}) {
        auto handle = conn.with({.timeout = timeout});
        auto p = handle.pipeline();
        p.execute("BEGIN");
        auto insert = p.execute("INSERT INTO t VALUES (1)");
        p.execute("COMMIT");
        auto behind = p.execute("INSERT INTO t VALUES (2)");
        timeout == 0ms ? p.execute("SELECT 1 / 0") : p.execute("SELECT pg_sleep(30)");
        VOID_ERROR_OF(error, p.run());
        BOOST_TEST((error_of<error>([&] { insert.get(); }).outcome() == outcome::unknown));
        const outcome of_behind = error_of<error>([&] { behind.get(); }).outcome();
        BOOST_TEST((of_behind == (timeout == 0ms ? outcome::not_executed : outcome::unknown)));
    }
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT sum(id) FROM t")) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_ends_with_its_pipeline_is_told_as_rolled_back, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto p = conn.pipeline();
    auto table = p.execute("CREATE TEMP TABLE of_a_pipeline (id int)");
    auto setting = p.execute("SET a.of_a_pipeline = 'on'");
    p.execute("SELECT 1 / 0");
    VOID_ERROR_OF(errors::division_by_zero, p.run());
    for (auto* handle : {&table, &setting})
        BOOST_TEST((error_of<pipeline_aborted>([&] { handle->get(); }).outcome() == outcome::not_executed));
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT to_regclass('of_a_pipeline') IS NULL")));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_server_stores_at_once_is_not_told_as_rolled_back, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto p = conn.pipeline();
    auto vacuum = p.execute("VACUUM pg_catalog.pg_range");
    p.execute("SELECT 1 / 0");
    VOID_ERROR_OF(errors::division_by_zero, p.run());
    BOOST_TEST((error_of<pipeline_aborted>([&] { vacuum.get(); }).outcome() == outcome::unknown));
    BOOST_TEST((ERROR_OF(error, conn.execute("CREATE INDEX CONCURRENTLY none ON no_table (id)")).outcome() ==
                outcome::unknown));
    BOOST_TEST((ERROR_OF(error, conn.execute("CREATE INDEX none ON no_table (id)")).outcome() == outcome::failed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_failing_block_has_committed_is_not_told_as_rolled_back, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    auto p = conn.pipeline();
    auto before = p.execute("INSERT INTO t VALUES (1)");
    auto block = p.execute("DO $$BEGIN INSERT INTO t VALUES (2); COMMIT; RAISE EXCEPTION 'too late'; END$$");
    auto behind = p.execute("INSERT INTO t VALUES (3)");
    VOID_ERROR_OF(errors::raise_exception, p.run());
    BOOST_TEST((error_of<pipeline_aborted>([&] { before.get(); }).outcome() == outcome::unknown));
    BOOST_TEST((error_of<errors::raise_exception>([&] { block.get(); }).outcome() == outcome::unknown));
    BOOST_TEST((error_of<pipeline_aborted>([&] { behind.get(); }).outcome() == outcome::not_executed));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT sum(id) FROM t")) == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_savepoint_can_keep_is_not_told_as_undone, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    const auto stored = [&] { return AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM t")); };
    {
        auto tx = AWAIT(conn.begin());
        auto p = tx.pipeline();
        auto insert = p.execute("INSERT INTO t VALUES (1)");
        p.execute("SAVEPOINT s");
        auto refused = p.execute("SELECT 1 / 0");
        VOID_ERROR_OF(errors::division_by_zero, p.run());
        BOOST_TEST((error_of<error>([&] { insert.get(); }).outcome() == outcome::unknown));
        BOOST_TEST((error_of<error>([&] { refused.get(); }).outcome() == outcome::failed));
        AWAIT(tx.execute("ROLLBACK TO SAVEPOINT s"));
        AWAIT(tx.commit());
    }
    BOOST_TEST(stored() == 1);
    const auto e = VOID_ERROR_OF(errors::division_by_zero,
                                 conn.execute_script("BEGIN; INSERT INTO t VALUES (2); SAVEPOINT s; SELECT 1 / 0"));
    BOOST_TEST((e.outcome() == outcome::unknown));
    AWAIT(conn.execute("ROLLBACK TO SAVEPOINT s"));
    AWAIT(conn.execute("COMMIT"));
    BOOST_TEST(stored() == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_refused_behind_what_was_committed_is_told_as_refused, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED)"));
    auto p = conn.pipeline();
    auto called = p.execute("DO 'BEGIN END'");
    auto refused = p.execute("INSERT INTO t VALUES (NULL)");
    VOID_ERROR_OF(errors::not_null_violation, p.run());
    BOOST_TEST((error_of<error>([&] { called.get(); }).outcome() == outcome::unknown));
    BOOST_TEST((error_of<errors::not_null_violation>([&] { refused.get(); }).outcome() == outcome::failed));
    BOOST_TEST((ERROR_OF(error, conn.execute("ANALYZE t, no_table")).outcome() == outcome::unknown));
}

BOOST_AUTO_TEST_CASE(nothing_is_run_again_within_anothers_transaction) {
    async_face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    const auto insert = [&] { return conn.execute("INSERT INTO t VALUES ($1) RETURNING *", 1); };
    for (int i = 0; i < 3; ++i) AWAIT(insert());
    AWAIT(conn.execute("TRUNCATE t"));
    AWAIT(conn.execute("ALTER TABLE t ADD COLUMN more int"));
    const auto undone = [&]() -> asio::awaitable<void> {
        auto tx = co_await conn.begin();
        co_await tx.execute("SELECT 1");
        co_await tx.rollback();
    };
    const auto both = AWAIT(gather_settled(insert(), undone()));
    BOOST_CHECK_THROW(std::get<0>(both).value(), errors::feature_not_supported);
    BOOST_TEST(std::get<1>(both).has_value());
    BOOST_TEST(AWAIT(conn.fetch_one<std::int64_t>("SELECT count(*) FROM t")) == 0);
    AWAIT(insert());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(results_that_nobody_keeps_leave_the_others_alone, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const bool has_sync : {false, true}) {
        auto p = conn.pipeline();
        std::vector<std::pair<int, pipelined<result>>> kept;
        std::vector<pipelined<int>> numbers;
        for (int i = 0; i < 200; ++i) {
            if (i % 3 == 1)
                kept.emplace_back(i, p.execute("SELECT $1::int", i));
            else if (i % 7 == 0)
                numbers.push_back(p.template fetch_one<int>("SELECT $1::int", i));
            else
                p.execute("SELECT $1::int", i);
            if (has_sync && i % 10 == 0) p.sync();
            if (i % 12 == 0 && !kept.empty()) kept.erase(kept.begin());  // dropped later, but before it runs
        }
        AWAIT(p.run());
        for (auto& [i, handle] : kept) BOOST_TEST(handle.get()[0][0].template as<int>() == i);
        int n = 0;
        for (auto& number : numbers) {
            while (n % 3 == 1 || n % 7 != 0) ++n;
            BOOST_TEST(number.get() == n++);
        }
    }
    // What nobody keeps fails nevertheless.
    auto p = conn.pipeline();
    p.execute("SELECT 1");
    p.execute("SELECT 1/0");
    p.execute("SELECT 2");
    VOID_ERROR_OF(errors::division_by_zero, p.run());
}

BOOST_AUTO_TEST_SUITE_END()
