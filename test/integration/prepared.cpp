#include "../support/faces.hpp"

using namespace coropg;
using namespace coropg::test;

namespace {

constexpr auto how_many = "SELECT count(*) FROM pg_prepared_statements";

template <class Face, class Connection>
std::int64_t prepared(Face& face, Connection& conn) {
    return AWAIT(conn.with({.prepare = prepare::never}).template fetch_one<std::int64_t>(unchecked_sql(how_many)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prepared_statements)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_is_prepared_from_its_second_use_on, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const std::int64_t expected : {0, 1, 1}) {
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1", 5)) == 5);
        BOOST_TEST(prepared(face, conn) == expected);
    }
    // Other types are another statement.
    for (int i = 0; i < 2; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<double>("SELECT $1", 0.5)) == 0.5);
    BOOST_TEST(prepared(face, conn) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(preparing_can_be_forced_and_forbidden, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.with({.prepare = prepare::always}).execute("SELECT 1"));
    BOOST_TEST(prepared(face, conn) == 1);
    for (int i = 0; i < 3; ++i) AWAIT(conn.with({.prepare = prepare::never}).execute("SELECT 2"));
    BOOST_TEST(prepared(face, conn) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(names_are_the_same_on_every_connection, Face, both_faces) {
    Face face;
    std::string names[2];
    for (std::string& name : names) {
        auto conn = face.connect();
        AWAIT(conn.with({.prepare = prepare::always}).execute("SELECT $1::int", 1));
        name = AWAIT(conn.with({.prepare = prepare::never})
                         .template fetch_one<std::string>("SELECT name::text FROM pg_prepared_statements"));
    }
    BOOST_TEST(names[0] == names[1]);
    BOOST_TEST(names[0].starts_with("coropg_"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_broken_statement_fails_the_same_at_every_use, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (int i = 0; i < 4; ++i) {
        ERROR_OF(errors::undefined_table, conn.execute("SELECT * FROM nowhere"));
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_error_in_execution_does_not_lose_the_prepared_statement, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (int i = 0; i < 4; ++i) ERROR_OF(errors::division_by_zero, conn.execute("SELECT 1 / $1::int", 0));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1 / $1::int", 1)) == 1);
    BOOST_TEST(prepared(face, conn) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_name_that_the_server_has_already_is_used_from_then_on, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.with({.prepare = prepare::always}).execute("SELECT $1::int", 1));
    const auto name = AWAIT(conn.with({.prepare = prepare::never})
                                .template fetch_one<std::string>("SELECT name FROM pg_prepared_statements"));
    // Another client of a pooler had this server connection before.
    auto other = face.connect();
    AWAIT(other.execute_script(sql::text("PREPARE ") + sql::identifier(name) + sql::text(" (int) AS SELECT 1 + 1")));
    auto always = other.with({.prepare = prepare::always});
    BOOST_TEST(AWAIT(always.template fetch_one<int>("SELECT $1::int", 7)) == 7);  // runs without a name meanwhile
    BOOST_TEST(AWAIT(always.template fetch_one<int>("SELECT $1::int", 7)) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_cache_is_bounded_on_both_sides, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto always = conn.with({.prepare = prepare::always});
    for (int i = 0; i < 600; ++i) AWAIT(always.execute(unchecked_sql("SELECT " + std::to_string(i))));
    AWAIT(conn.execute("SELECT 'flush'"));
    const std::int64_t kept = prepared(face, conn);
    BOOST_TEST(kept <= 256);
    BOOST_TEST(kept >= 250);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_vanished_statement_is_prepared_again, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (int i = 0; i < 3; ++i) AWAIT(conn.execute("SELECT $1::int", i));
    AWAIT(conn.execute("DISCARD ALL"));
    for (int i = 0; i < 3; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1::int", i)) == i);
    AWAIT(conn.execute_script("DEALLOCATE ALL"));  // inside a script it goes unseen
    for (int i = 0; i < 3; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1::int", i)) == i);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_stale_plan_is_replaced, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)"));
    for (int i = 0; i < 3; ++i) AWAIT(conn.execute("SELECT * FROM t"));
    AWAIT(conn.execute("ALTER TABLE t ADD COLUMN b int"));
    for (int i = 0; i < 3; ++i) BOOST_TEST(AWAIT(conn.execute("SELECT * FROM t")).columns() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
