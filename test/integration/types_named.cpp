// Types whose OIDs each server has its own of: enums, composites, domains, and how they are looked up.
#include "../support/round_trip.hpp"

#include <climits>

namespace types_named_test {

enum class mood { sad, ok, happy };
enum class state { open, in_progress };

struct address {
    std::string street;
    std::optional<int> number;
    bool operator==(const address&) const = default;
};

struct person {
    std::string name;
    mood feels;
    std::optional<address> home;
    std::vector<std::string> tags;
    std::optional<std::chrono::sys_days> born;
    bool operator==(const person&) const = default;
};

/// The same attributes as `address`, in another order.
struct turned_address {
    std::optional<int> number;
    std::string street;
    bool operator==(const turned_address&) const = default;
};

struct wide_address {
    std::string street;
    std::int64_t number;
};

struct nowhere_to_be_found {
    int n;
};

}  // namespace types_named_test

using namespace types_named_test;

template <>
struct coropg::codec<mood> : coropg::enum_codec<mood, "named.mood"> {};
template <>
struct coropg::codec<state> : coropg::enum_codec<state, "named.\"State\""> {
    static constexpr std::pair<state, std::string_view> labels[]{{state::in_progress, "in progress"}};
};
template <>
struct coropg::codec<address> : coropg::composite_codec<address, "named.address"> {};
template <>
struct coropg::codec<turned_address> : coropg::composite_codec<turned_address, "named.address"> {};
template <>
struct coropg::codec<wide_address> : coropg::composite_codec<wide_address, "named.address"> {};
template <>
struct coropg::codec<person> : coropg::composite_codec<person, "named.person"> {};
template <>
struct coropg::codec<nowhere_to_be_found> : coropg::composite_codec<nowhere_to_be_found, "named.nowhere"> {};

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

template <class Face>
auto prepared_connection(Face& face) {
    auto conn = face.connect();
    AWAIT(
        conn.execute_script("SET client_min_messages = warning;"
                            "DROP SCHEMA IF EXISTS named CASCADE; CREATE SCHEMA named;"
                            "CREATE TYPE named.mood AS ENUM ('sad', 'ok', 'happy');"
                            "CREATE TYPE named.\"State\" AS ENUM ('open', 'in progress');"
                            "CREATE TYPE named.address AS (street varchar, number int);"
                            "CREATE DOMAIN named.day AS date;"
                            "CREATE DOMAIN named.natural AS int CHECK (value >= 0);"
                            "CREATE TYPE named.person AS (name text, feels named.mood, home named.address,"
                            "                             tags text[], born named.day)"));
    return conn;
}

const person somebody{"Eve \"x\", (y)\\",
                      mood::happy,
                      address{"Elm, \"Street\"", 7},
                      {"a", "b,c", ""},
                      std::chrono::sys_days{std::chrono::year{1999} / 12 / 31}};
const person nobody{"", mood::sad, std::nullopt, {}, std::nullopt};

}  // namespace

BOOST_AUTO_TEST_SUITE(types_named)

BOOST_AUTO_TEST_CASE_TEMPLATE(many_statements_send_and_return_them, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    const std::vector<mood> moods{mood::sad, mood::happy, mood::ok};
    const auto back = AWAIT(conn.template fetch_many<mood>("SELECT $1", moods));
    BOOST_TEST((back == moods));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(enums_go_round, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    for (const mood m : {mood::sad, mood::ok, mood::happy}) goes_round(face, conn, "named.mood", m);
    for (const state s : {state::open, state::in_progress}) goes_round(face, conn, "named.\"State\"", s);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_parameter_has_its_type_without_a_cast, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT pg_typeof($1)::text", mood::ok)) == "named.mood");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT pg_typeof($1)::text",
                                                          std::vector{mood::ok, mood::sad})) == "named.mood[]");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT pg_typeof($1)::text", std::optional<address>{})) ==
               "named.address");
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT 'ok' = ANY($1)", std::vector{mood::ok})));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(composites_go_round, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    goes_round(face, conn, "named.address", address{"Main", 5});
    goes_round(face, conn, "named.address", address{"", std::nullopt});
    goes_round(face, conn, "named.person", somebody);
    goes_round(face, conn, "named.person", nobody);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(members_match_attributes_by_name, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    goes_round(face, conn, "named.address", turned_address{5, "Main"});
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT ($1).street", kept(turned_address{5, "Main"}))) ==
               "Main");
    const auto e = ERROR_OF(usage_error, conn.execute("SELECT $1", kept(wide_address{"Main", 5})));
    BOOST_TEST(contains(e.what(), "attribute \"number\" is int4, but the member goes out as int8"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(composites_are_rows_of_a_table, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    AWAIT(conn.execute("CREATE TABLE named.people OF named.person"));
    AWAIT(conn.execute("INSERT INTO named.people SELECT ($1).*", somebody));
    const auto people = AWAIT(conn.template fetch<person>("SELECT p::named.person FROM named.people p"));
    BOOST_TEST((people == std::vector{somebody}));
    const auto at = std::vector{address{"A", 1}, address{"B", std::nullopt}};
    const auto back = AWAIT(conn.template fetch<address>("SELECT x FROM unnest($1) x", at));
    BOOST_TEST((back == at));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(anonymous_records_are_tuples, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    const auto [n, record] =
        AWAIT(conn.template fetch_one<std::pair<int, std::tuple<int, std::string>>>("SELECT 1, ROW(2, 'two'::text)"));
    BOOST_TEST(n == 1);
    BOOST_TEST((record == std::tuple{2, std::string{"two"}}));
    using both = std::tuple<std::vector<std::tuple<int, std::optional<std::string>>>>;
    const auto [records] = AWAIT(conn.template fetch_one<both>(
        "SELECT array_agg(r ORDER BY 1) FROM (VALUES (1, 'a'::text), (2, NULL)) r(n, t)"));
    BOOST_TEST(records.size() == 2U);
    BOOST_TEST(!std::get<1>(records[1]).has_value());
    ERROR_OF(decode_error, conn.template fetch_one<std::pair<int, std::tuple<int>>>("SELECT 1, ROW(2, 3)"));
    ERROR_OF(decode_error, conn.template fetch_one<std::pair<int, std::tuple<bool>>>("SELECT 1, ROW(2)"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(domains_and_enums_are_read_as_what_they_are_made_of, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 5::named.natural")) == 5);
    BOOST_TEST(
        (AWAIT(conn.template fetch_one<std::vector<int>>("SELECT array[5, 6]::named.natural[]")) == std::vector{5, 6}));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT 'ok'::named.mood")) == "ok");
    BOOST_TEST((AWAIT(conn.template fetch_one<std::vector<std::string>>("SELECT array['ok', 'sad']::named.mood[]")) ==
                std::vector<std::string>{"ok", "sad"}));
    const result r = AWAIT(conn.execute("SELECT 'ok'::named.mood AS m, ROW('x', 2)::named.address AS a"));
    BOOST_TEST(r[0]["m"].template as<std::string>() == "ok");
    BOOST_TEST((r[0]["m"].template as<mood>() == mood::ok));
    BOOST_TEST((r[0]["a"].template as<address>() == address{"x", 2}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(another_type_is_refused_by_its_name, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    const auto e = ERROR_OF(
        decode_error, conn.template fetch_one<address>("SELECT ROW('n', 'ok', NULL, '{}', NULL)::named.person AS who"));
    BOOST_TEST(contains(e.what(), "column \"who\" (person)"));
    ERROR_OF(decode_error, conn.template fetch_one<mood>("SELECT 'open'::named.\"State\""));
    ERROR_OF(decode_error, conn.template fetch_one<std::string>("SELECT ROW('x', 2)::named.address"));
    BOOST_CHECK_THROW(AWAIT(conn.execute("SELECT $1", static_cast<mood>(9))), usage_error);
    BOOST_CHECK_THROW(AWAIT(conn.execute("SELECT $1", static_cast<mood>(INT_MAX))), usage_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_type_that_does_not_exist_is_named, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    for (int i = 0; i < 2; ++i) {
        const auto e = ERROR_OF(usage_error, conn.execute("SELECT $1", nowhere_to_be_found{}));
        BOOST_TEST(contains(e.what(), "the server has no type named.nowhere"));
        BOOST_TEST(e.sql() == "SELECT $1");
    }
    AWAIT(conn.execute("CREATE TYPE named.nowhere AS (n int)"));
    AWAIT(conn.execute("SELECT $1", nowhere_to_be_found{}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_type_that_is_made_anew_is_asked_for_again, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    const auto whole_way = [&] {
        return AWAIT(conn.template fetch_one<mood>("SELECT $1", mood::happy)) == mood::happy &&
               AWAIT(conn.template fetch_one<std::vector<mood>>("SELECT $1", std::vector{mood::sad})).size() == 1;
    };
    for (int i = 0; i < 3; ++i) BOOST_TEST(whole_way());
    AWAIT(
        conn.execute_script("DROP TYPE named.mood CASCADE;"
                            "CREATE TYPE named.mood AS ENUM ('happy', 'ok', 'sad')"));
    for (int i = 0; i < 3; ++i) BOOST_TEST(whole_way());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_composite_that_was_altered_is_asked_for_again, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    AWAIT(conn.execute("SELECT $1", kept(address{"x", 1})));
    AWAIT(
        conn.execute_script("ALTER TYPE named.address DROP ATTRIBUTE number CASCADE;"
                            "ALTER TYPE named.address ADD ATTRIBUTE number bigint CASCADE"));
    BOOST_CHECK_THROW(AWAIT(conn.execute("SELECT $1", kept(address{"x", 1}))), error);
    AWAIT(conn.execute("SELECT $1", kept(wide_address{"x", 1})));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(in_a_failed_transaction_the_lookup_does_not_hide_the_error, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    AWAIT(conn.execute("BEGIN"));
    ERROR_OF(errors::division_by_zero, conn.execute("SELECT 1/0"));
    ERROR_OF(errors::in_failed_sql_transaction, conn.execute("SELECT $1", mood::ok));
    AWAIT(conn.execute("ROLLBACK"));
    BOOST_TEST((AWAIT(conn.template fetch_one<mood>("SELECT $1", mood::ok)) == mood::ok));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_first_statement_of_a_transaction_may_send_them, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    {
        auto tx = AWAIT(conn.begin());
        BOOST_CHECK((AWAIT(tx.with({.timeout = 10s}).template fetch_one<mood>("SELECT $1", mood::ok)) == mood::ok));
        auto savepoint = AWAIT(tx.begin());
        BOOST_CHECK((AWAIT(savepoint.with({.timeout = 10s}).template fetch_one<address>("SELECT $1", *somebody.home)) ==
                     *somebody.home));
        AWAIT(savepoint.commit());
        AWAIT(tx.commit());
    }
    auto tx = AWAIT(conn.begin());
    const auto e = ERROR_OF(usage_error, tx.with({.timeout = 10s}).execute("SELECT $1", nowhere_to_be_found{1}));
    BOOST_TEST(contains(e.what(), "no type named.nowhere"));
    BOOST_TEST(AWAIT(tx.template fetch_one<int>("SELECT 1")) == 1);
    AWAIT(tx.commit());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_that_cannot_be_sent_is_not_looked_into, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    person nul = somebody;
    nul.name = std::string{"a\0b", 3};
    auto p = conn.pipeline();
    BOOST_CHECK_THROW(p.execute("SELECT $1", nul), usage_error);
    auto behind = p.template fetch_one<person>("SELECT $1", somebody);
    VOID_ERROR_OF(usage_error, p.run());
    BOOST_CHECK_THROW(behind.get(), usage_error);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(values_of_a_pipeline_that_was_run_again_are_those_that_stay, Face, both_faces) {
    Face face;
    auto conn = prepared_connection(face);
    AWAIT(
        conn.execute_script("CREATE TEMP TABLE drawn (id serial); CREATE TEMP TABLE moods AS SELECT 'ok'::named.mood;"
                            "CREATE TEMP TABLE stale (a int)"));
    for (int i = 0; i < 3; ++i) AWAIT(conn.execute("SELECT * FROM stale"));
    AWAIT(conn.execute("ALTER TABLE stale ADD COLUMN b int"));
    auto p = conn.pipeline();
    auto drawn = p.template fetch_one<int>("INSERT INTO drawn DEFAULT VALUES RETURNING id");
    auto felt = p.template fetch_one<std::string>("SELECT * FROM moods");
    p.execute("SELECT * FROM stale");
    AWAIT(p.run());
    BOOST_TEST(felt.get() == "ok");
    BOOST_TEST(drawn.get() == AWAIT(conn.template fetch_one<int>("SELECT id FROM drawn")));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_cannot_be_looked_up_is_not_guessed, Face, both_faces) {
    Face face;
    auto admin = prepared_connection(face);
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (a named.address)"));
    AWAIT(conn.execute("SET statement_timeout = '500ms'"));
    const auto send = [&] { return AWAIT(conn.execute("INSERT INTO t VALUES ($1)", kept(turned_address{7, "Elm"}))); };
    const auto read = [&] {
        return AWAIT(conn.template fetch_one<turned_address>("SELECT ROW('Elm', 7)::named.address"));
    };
    {
        auto lock = AWAIT(admin.begin());
        AWAIT(lock.execute("LOCK TABLE pg_catalog.pg_range IN ACCESS EXCLUSIVE MODE"));  // a lookup reads it
        error_of<errors::query_canceled>(send);
        const auto e = error_of<decode_error>(read);
        BOOST_TEST(contains(e.what(), "statement timeout"));
        BOOST_TEST((e.outcome() == outcome::executed));
        AWAIT(lock.rollback());
    }
    AWAIT(conn.execute("RESET statement_timeout"));
    send();
    BOOST_CHECK((read() == turned_address{7, "Elm"}));
    BOOST_TEST(AWAIT(conn.template fetch<std::string>("SELECT (a).street FROM t")) == (std::vector<std::string>{"Elm"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(neighbours_wait_for_one_lookup_and_keep_their_order) {
    async_face face;
    auto conn = prepared_connection(face);
    face([&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<mood>> work;
        for (int i = 0; i < 200; ++i) {
            if (i % 2 == 0)
                work.push_back(conn.fetch_one<mood>("SELECT $1", static_cast<mood>(i % 3)));
            else
                work.push_back(conn.fetch_one<mood>("SELECT ($1::text)::named.mood", "ok"));
        }
        const auto moods = co_await gather(std::move(work));
        for (int i = 0; i < 200; ++i) {
            const mood expected = i % 2 == 0 ? static_cast<mood>(i % 3) : mood::ok;
            BOOST_REQUIRE((moods[static_cast<std::size_t>(i)] == expected));
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
