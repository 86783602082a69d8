// What is run once more when the session was wrong about the server, and what must not be: user code can raise any
// SQLSTATE after it has stored something.
#include "../support/faces.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace replay_test {

enum class coin { heads, tails };
enum class side { left, right };

}  // namespace replay_test

using replay_test::coin;
using replay_test::side;

template <>
struct coropg::codec<coin> : coropg::enum_codec<coin, "replay.coin"> {};
template <>
struct coropg::codec<side> : coropg::enum_codec<side, "replay.side"> {};

namespace {

/// Types, and functions that count how often they are called, in a sequence: no rollback takes that back.
constexpr auto schema = R"(
    DROP SCHEMA IF EXISTS replay CASCADE;
    CREATE SCHEMA replay;
    CREATE TYPE replay.coin AS ENUM ('heads', 'tails');
    CREATE TABLE replay.paid (c replay.coin);
    CREATE SEQUENCE replay.calls;
    CREATE FUNCTION replay.raises(c replay.coin, code text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
        PERFORM nextval('replay.calls');
        RAISE EXCEPTION 'cache lookup failed for type 1' USING ERRCODE = code; END $$;
    CREATE FUNCTION replay.runs(c replay.coin, sql text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
        PERFORM nextval('replay.calls');
        EXECUTE sql;
        RETURN 0; END $$;
    CREATE FUNCTION replay.raises_again(c replay.coin, sql text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
        PERFORM nextval('replay.calls');
        BEGIN EXECUTE sql; EXCEPTION WHEN OTHERS THEN RAISE; END;
        RETURN 0; END $$;
    CREATE FUNCTION replay.counts(c replay.coin) RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('replay.calls') $$;
    CREATE PROCEDURE replay.pays(c replay.coin, sql text) LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO replay.paid VALUES (c);
        COMMIT;
        EXECUTE sql; END $$;)";

template <class Face>
struct replaying : Face {
    typename Face::connection conn = this->connect();

    replaying() {
        (*this)([&] { return conn.execute_script(unchecked_sql{schema}); });
    }

    std::int64_t calls() {
        Face& face = *this;
        return AWAIT(conn.template fetch_one<std::int64_t>(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM replay.calls"));
    }
};

constexpr int times = 3;  // the second use prepares it, the third one uses that

}  // namespace

BOOST_AUTO_TEST_SUITE(replay)

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_function_raises_is_no_evidence, Face, both_faces) {
    replaying<Face> face;
    std::int64_t expected = 0;
    for (const char* code : {"42704", "42804", "42883", "42809", "XX000", "26000", "42P05", "0A000"})
        for (int i = 0; i < times; ++i) {
            const auto e = ERROR_OF(server_error, face.conn.template fetch_one<int>("SELECT replay.raises($1, $2)",
                                                                                    coin::heads, std::string{code}));
            BOOST_TEST(e.sqlstate() == code);
            BOOST_TEST(face.calls() == ++expected, code);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nor_is_what_the_server_raises_within_it, Face, both_faces) {
    replaying<Face> face;
    std::int64_t expected = 0;
    for (const char* sql : {"EXECUTE nowhere", "SELECT 'a'::nowhere", "SELECT nowhere()", "CREATE TABLE t (c nowhere)",
                            "SELECT 1 = 'a'::replay.coin", "SET ROLE nowhere"})
        for (int i = 0; i < times; ++i) {
            ERROR_OF(server_error, face.conn.execute("SELECT replay.runs($1, $2)", coin::heads, std::string{sql}));
            BOOST_TEST(face.calls() == ++expected, sql);
            ERROR_OF(server_error,
                     face.conn.execute("SELECT replay.raises_again($1, $2)", coin::tails, std::string{sql}));
            BOOST_TEST(face.calls() == ++expected, sql);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nor_is_what_the_server_does_not_find_as_it_runs, Face, both_faces) {
    replaying<Face> face;
    std::int64_t expected = 0;
    for (int i = 0; i < times; ++i) {
        const auto e = ERROR_OF(
            server_error, face.conn.execute("SELECT replay.counts($1), array_in('{1}', 999999, -1)", coin::heads));
        BOOST_TEST(contains(e.what(), "cache lookup failed for type"), e.what());
        BOOST_TEST(face.calls() == ++expected);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_type_younger_than_the_transactions_snapshot_is_found, Face, both_faces) {
    replaying<Face> face;
    auto conn = face.connect();
    auto tx = AWAIT(conn.begin({.isolation = isolation::repeatable_read}));
    AWAIT(tx.execute("SELECT 1"));
    AWAIT(face.conn.execute_script("CREATE TYPE replay.side AS ENUM ('left', 'right')"));
    BOOST_TEST(AWAIT(tx.template fetch_one<std::string>("SELECT $1::text", side::left)) == "left");
    AWAIT(tx.commit());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_procedure_has_committed_is_not_paid_again, Face, both_faces) {
    replaying<Face> face;
    std::int64_t expected = 0;
    for (const char* sql :
         {"EXECUTE nowhere", "SELECT 'a'::nowhere", "SELECT 1 = 'a'::replay.coin", "SET ROLE nowhere"})
        for (int i = 0; i < times; ++i) {
            ERROR_OF(server_error, face.conn.execute("CALL replay.pays($1, $2)", coin::heads, std::string{sql}));
            BOOST_TEST(AWAIT(face.conn.template fetch_one<std::int64_t>("SELECT count(*) FROM replay.paid")) ==
                       ++expected);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_procedure_has_committed_is_not_told_as_undone, Face, both_faces) {
    replaying<Face> face;
    const auto pay_and = [&](std::string sql) {
        return face.conn.with({.timeout = 500ms}).execute("CALL replay.pays($1, $2)", coin::heads, std::move(sql));
    };
    const auto raised =
        ERROR_OF(errors::serialization_failure, pay_and("DO 'BEGIN RAISE EXCEPTION USING ERRCODE = $$40001$$; END'"));
    BOOST_TEST((raised.outcome() == outcome::unknown));
    BOOST_TEST(!is_safe_to_retry(raised));
    BOOST_TEST((ERROR_OF(query_timeout, pay_and("SELECT pg_sleep(30)")).outcome() == outcome::unknown));
    const auto e =
        ERROR_OF(errors::division_by_zero,
                 face.conn.execute_script("BEGIN; INSERT INTO replay.paid VALUES ('heads'); COMMIT; SELECT 1 / 0"));
    BOOST_TEST((e.outcome() == outcome::unknown));
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::int64_t>("SELECT count(*) FROM replay.paid")) == 3);
    BOOST_TEST((ERROR_OF(errors::division_by_zero, face.conn.execute("SELECT 1 / 0")).outcome() == outcome::failed));
    auto tx = AWAIT(face.conn.begin());
    const auto within = ERROR_OF(server_error, tx.execute("CALL replay.pays($1, 'SELECT 1')", coin::heads));
    BOOST_TEST((within.outcome() == outcome::failed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_type_that_was_made_anew_is_asked_for_again, Face, both_faces) {
    replaying<Face> face;
    const auto pay = [&] { return AWAIT(face.conn.execute("INSERT INTO replay.paid VALUES ($1)", coin::heads)); };
    const auto find = [&] {
        return AWAIT(
            face.conn.template fetch_one<std::int64_t>("SELECT count(*) FROM replay.paid WHERE c = $1", coin::heads));
    };
    for (const char* change : {
             "DROP TABLE replay.paid; DROP TYPE replay.coin CASCADE; "
             "CREATE TYPE replay.coin AS ENUM ('heads', 'tails'); CREATE TABLE replay.paid (c replay.coin)",
             "DROP TABLE replay.paid; ALTER TYPE replay.coin RENAME TO old; "
             "CREATE TYPE replay.coin AS ENUM ('heads', 'tails'); CREATE TABLE replay.paid (c replay.coin); "
             "DROP TYPE IF EXISTS replay.older; ALTER TYPE replay.old RENAME TO older",
         }) {
        for (int uses = 0; uses <= times; ++uses) {
            for (int i = 0; i < uses; ++i) pay(), find();
            AWAIT(face.conn.execute_script(unchecked_sql{change}));
            pay();
            BOOST_TEST(find() == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_first_statement_of_a_transaction_heals, Face, both_faces) {
    replaying<Face> face;
    const auto count = [&] { return face.conn.template fetch_one<std::int64_t>("SELECT nextval('replay.calls')"); };
    for (int i = 0; i < times; ++i) AWAIT(count());
    AWAIT(face.conn.execute_script("DEALLOCATE ALL"));  // inside a script it goes unseen
    auto tx = AWAIT(face.conn.begin());
    BOOST_TEST(AWAIT(tx.template fetch_one<std::int64_t>("SELECT nextval('replay.calls')")) == times + 1);
    AWAIT(tx.execute("INSERT INTO replay.paid VALUES ('heads')"));
    auto inner = AWAIT(tx.begin());
    AWAIT(inner.execute("INSERT INTO replay.paid VALUES ('tails')"));
    AWAIT(inner.rollback());
    AWAIT(tx.commit());
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::int64_t>("SELECT count(*) FROM replay.paid")) == 1);

    // The same in a savepoint that is opened with the transaction, which is rolled back in the end.
    for (int i = 0; i < times; ++i) AWAIT(count());
    AWAIT(face.conn.execute_script("DEALLOCATE ALL"));
    auto outer = AWAIT(face.conn.begin());
    auto innermost = AWAIT(outer.begin());
    BOOST_TEST(AWAIT(innermost.template fetch_one<std::int64_t>("SELECT nextval('replay.calls')")) == 2 * times + 2);
    AWAIT(innermost.execute("INSERT INTO replay.paid VALUES ('tails')"));
    AWAIT(innermost.commit());
    AWAIT(outer.rollback());
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::int64_t>("SELECT count(*) FROM replay.paid")) == 1);
}

BOOST_AUTO_TEST_CASE(one_that_is_run_again_waits_for_the_lookups_before_it) {
    replaying<async_face> face;
    auto conn = face.connect();
    auto watching = sync::connect(dsn());
    AWAIT(conn.fetch_one<bool>("SELECT $1 IS NULL", coin::heads));
    AWAIT(face.conn.execute_script(
        "DROP TABLE replay.paid; DROP TYPE replay.coin CASCADE; CREATE TYPE replay.coin AS ENUM ('heads', 'tails');"
        "CREATE TYPE replay.other AS ENUM ('one')"));
    // Keeps the event loop until both are answered: they are read at once, and a lookup is queued in between.
    const auto let_them_be_answered = [&]() -> asio::awaitable<void> {
        while (!watching.fetch_one<bool>(
            "SELECT state = 'idle' AND query ~ 'IS NULL' FROM pg_stat_activity WHERE pid = $1", conn.backend_pid()))
            continue;
        co_return;
    };
    const auto [of_unknown_type, of_stale_type, nothing] =
        AWAIT(gather(conn.fetch_one<std::string>("SELECT 'one'::replay.other"),
                     conn.with({.timeout = std::chrono::seconds{20}}).fetch_one<bool>("SELECT $1 IS NULL", coin::heads),
                     let_them_be_answered()));
    BOOST_TEST(of_unknown_type == "one");
    BOOST_TEST(!of_stale_type);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_constraint_raises_at_the_end_is_no_evidence, Face, both_faces) {
    replaying<Face> face;
    AWAIT(face.conn.execute_script(R"(
        CREATE TABLE replay.checked (code text);
        CREATE FUNCTION replay.checks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM nextval('replay.calls');
            RAISE EXCEPTION 'checked' USING ERRCODE = NEW.code; END $$;
        CREATE CONSTRAINT TRIGGER at_the_end AFTER INSERT ON replay.checked DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION replay.checks())"));
    std::int64_t expected = 0;
    for (const char* code : {"42P05", "26000", "0A000", "42704"})
        for (int i = 0; i < times; ++i) {
            const auto e =
                ERROR_OF(server_error, face.conn.execute("INSERT INTO replay.checked VALUES ($1)", std::string{code}));
            BOOST_TEST(e.sqlstate() == code);
            BOOST_TEST(face.calls() == ++expected);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_runs_again_behind_what_has_committed_by_itself, Face, both_faces) {
    replaying<Face> face;
    AWAIT(face.conn.execute_script("CREATE TABLE replay.grows (a int)"));
    const char* const by_itself[]{"CREATE INDEX CONCURRENTLY grown ON replay.grows (a)", "VACUUM replay.grows",
                                  "SELECT pg_advisory_lock(42)", "SELECT nextval('replay.calls')"};
    int columns = 0;
    for (const char* sql : by_itself) {
        for (int i = 0; i < times; ++i) AWAIT(face.conn.execute("SELECT * FROM replay.grows"));
        const std::string change = "ALTER TABLE replay.grows ADD COLUMN c" + std::to_string(++columns) + " int";
        AWAIT(face.conn.execute_script(unchecked_sql{change}));
        auto p = face.conn.pipeline();
        p.execute(unchecked_sql{sql});
        p.execute("SELECT * FROM replay.grows");
        BOOST_TEST(VOID_ERROR_OF(errors::feature_not_supported, p.run()).is_transient(), sql);
    }
    BOOST_TEST(AWAIT(face.conn.template fetch_one<bool>("SELECT to_regclass('replay.grown') IS NOT NULL")));
    BOOST_TEST(AWAIT(face.conn.template fetch_one<bool>("SELECT pg_advisory_unlock(42)")));
    auto other = face.connect();
    BOOST_TEST(AWAIT(other.template fetch_one<bool>("SELECT pg_try_advisory_lock(42)")));
    BOOST_TEST(face.calls() == 1);
}

BOOST_AUTO_TEST_CASE(nothing_runs_again_into_a_transaction_that_is_begun_behind_it_by_hand) {
    replaying<async_face> face;
    AWAIT(face.conn.execute_script("CREATE TABLE replay.grows (a int)"));
    const auto insert = [&] { return face.conn.execute("INSERT INTO replay.grows VALUES (1) RETURNING *"); };
    for (int i = 0; i < times; ++i) AWAIT(insert());
    AWAIT(face.conn.execute_script("TRUNCATE replay.grows; ALTER TABLE replay.grows ADD COLUMN b int"));
    const auto [inserted, begun] = AWAIT(gather_settled(insert(), face.conn.execute("BEGIN")));
    AWAIT(face.conn.execute("ROLLBACK"));
    const auto rows = AWAIT(face.conn.fetch_one<std::int64_t>("SELECT count(*) FROM replay.grows"));
    BOOST_TEST(rows == (inserted.has_value() ? 1 : 0));
    BOOST_TEST(begun.has_value());
}

BOOST_AUTO_TEST_CASE(a_type_that_is_gone_does_not_take_those_with_it_that_are_there) {
    replaying<async_face> face;
    auto conn = face.connect();
    AWAIT(face.conn.execute_script("CREATE TYPE replay.side AS ENUM ('left', 'right')"));
    AWAIT(conn.fetch_one<bool>("SELECT $1 IS NULL", coin::heads));
    AWAIT(face.conn.execute_script("DROP TYPE replay.coin CASCADE"));
    const auto [gone, there] = AWAIT(gather_settled(conn.fetch_one<bool>("SELECT $1 IS NULL", coin::heads),
                                                    conn.fetch_one<bool>("SELECT $1 IS NULL", side::left)));
    BOOST_TEST(!gone.has_value());
    BOOST_TEST(there.has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(our_own_statements_cannot_vanish, Face, both_faces) {
    replaying<Face> face;
    const auto nothing = "SELECT 1";
    const auto drop = "DO $$BEGIN EXECUTE 'DEALLOCATE ALL'; END$$";
    int payment = 0;
    const auto pay = [&](const std::string& before_commit) {
        // each text is used once, and so not prepared
        const std::string sql = "INSERT INTO replay.paid VALUES ('heads') -- " + std::to_string(++payment);
        auto tx = AWAIT(face.conn.begin());
        AWAIT(tx.execute(unchecked_sql{sql}));
        auto inner = AWAIT(tx.begin());
        AWAIT(inner.execute(unchecked_sql{sql + ", again"}));
        const std::string last = before_commit + " -- " + std::to_string(payment);
        AWAIT(inner.execute(unchecked_sql{last}));
        AWAIT(inner.commit());
        AWAIT(tx.commit());
    };
    for (int i = 0; i < times; ++i) pay(nothing);
    for (int i = 0; i < times; ++i) pay(drop);
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::int64_t>("SELECT count(*) FROM replay.paid")) == 4 * times);
    const auto prepared = AWAIT(face.conn.with({.prepare = prepare::never})
                                    .template fetch<std::string>("SELECT statement FROM pg_prepared_statements"));
    for (const std::string& sql : prepared)
        for (const char* own : {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "xact_id", "to_regtype"})
            BOOST_TEST(!contains(sql, own), sql);
}

BOOST_AUTO_TEST_SUITE_END()
