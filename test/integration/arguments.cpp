// Parameters whose number is known as the program runs.
#include "../support/pools.hpp"

using namespace coropg;
using namespace coropg::test;

namespace arguments_test {

enum class coin { heads, tails };

struct payment {
    std::string who;
    int amount;

    friend bool operator==(const payment&, const payment&) = default;
};

struct person {
    int id;
    std::string name;
};

}  // namespace arguments_test

using arguments_test::coin;
using arguments_test::payment;
using arguments_test::person;

template <>
struct coropg::codec<coin> : coropg::enum_codec<coin, "arguments.coin"> {};
template <>
struct coropg::codec<payment> : coropg::composite_codec<payment, "arguments.payment"> {};

static_assert(!std::is_aggregate_v<arguments> && std::is_copy_constructible_v<arguments> &&
              std::is_nothrow_move_constructible_v<arguments>);

namespace {

constexpr auto schema = R"(
    DROP SCHEMA IF EXISTS arguments CASCADE;
    CREATE SCHEMA arguments;
    CREATE TYPE arguments.coin AS ENUM ('heads', 'tails');
    CREATE TYPE arguments.payment AS (amount int, who text);
    CREATE TABLE arguments.people (id int, name text, age int);
    INSERT INTO arguments.people VALUES (1, 'Alice', 30), (2, 'Bob', 20), (3, 'Carol', 40);)";

template <class Face>
struct with_people : Face {
    typename Face::connection conn = this->connect();

    with_people() {
        (*this)([&] { return conn.execute_script(unchecked_sql{schema}); });
    }
};

sql::fragment search(arguments& given, std::optional<int> min_age, const std::optional<std::string>& name) {
    auto query = sql::text("SELECT id, name FROM arguments.people WHERE true");
    if (min_age) query = query + sql::text(" AND age > ") + given.bind(*min_age);
    if (name) query = query + sql::text(" AND name <> ") + given.bind(*name);
    return query + sql::text(" ORDER BY id");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(arguments_)

BOOST_AUTO_TEST_CASE_TEMPLATE(conditions_grow_with_what_is_asked_for, Face, both_faces) {
    with_people<Face> face;
    const auto count = [&](std::optional<int> min_age, const std::optional<std::string>& name) {
        arguments given;
        const auto query = search(given, min_age, name);
        BOOST_TEST(given.size() == (min_age ? 1U : 0U) + (name ? 1U : 0U));
        return AWAIT(face.conn.template fetch<person>(query, given)).size();
    };
    BOOST_TEST(count({}, {}) == 3U);
    BOOST_TEST(count(25, {}) == 2U);
    BOOST_TEST(count({}, "Bob") == 2U);
    BOOST_TEST(count(25, "Alice") == 1U);
}

template <class Face, class Handle>
void takes_arguments(Face& face, Handle&& on) {
    arguments given;
    const auto query = sql::text("SELECT id, name FROM arguments.people WHERE id = ") + given.bind(2);
    BOOST_TEST(AWAIT(on.execute(query, given))[0]["name"].template as<std::string>() == "Bob");
    BOOST_TEST(AWAIT(on.template fetch<person>(query, given)).at(0).name == "Bob");
    BOOST_TEST(AWAIT(on.template fetch_one<person>(query, given)).name == "Bob");
    BOOST_TEST(AWAIT(on.template fetch_optional<person>(query, given))->name == "Bob");
    BOOST_TEST(AWAIT(on.template fetch_one<person>("SELECT id, name FROM arguments.people WHERE id = $1", given)).id ==
               2);
    BOOST_TEST(AWAIT(on.template fetch_one<int>(unchecked_sql{"SELECT $1 + 1"}, given)) == 3);
    const arguments none;
    BOOST_TEST(AWAIT(on.template fetch_one<int>("SELECT 5", none)) == 5);

    auto batch = on.pipeline();
    auto all = batch.execute(query, given);
    auto rows = batch.template fetch<person>(query, given);
    auto one = batch.template fetch_one<person>(query, given);
    auto maybe = batch.template fetch_optional<person>(query, given);
    AWAIT(batch.run());
    BOOST_TEST(all.get().size() == 1U);
    BOOST_TEST(rows.get().at(0).id == 2);
    BOOST_TEST(one.get().id == 2);
    BOOST_TEST(maybe.get()->id == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_handle_takes_arguments, Face, both_faces) {
    with_people<Face> face;
    takes_arguments(face, face.conn);
    takes_arguments(face, face.conn.with({.timeout = std::chrono::minutes{1}}));
    {
        auto tx = AWAIT(face.conn.begin());
        takes_arguments(face, tx);
        AWAIT(tx.commit());
    }
    pool_of<Face> of{{.max_size = 2}};
    takes_arguments(of, of.pool);
    takes_arguments(of, of.pool.with({.timeout = std::chrono::minutes{1}}));
}

// Types of the program's own are looked up by each connection, whose numbers are not the arguments'.
BOOST_AUTO_TEST_CASE_TEMPLATE(named_types_are_bound_before_there_is_a_connection, Face, both_faces) {
    arguments given;
    const auto query = sql::text("SELECT ") + given.bind(7) + sql::text("::int, ") + given.bind(coin::tails) +
                       sql::text("::text, ") + given.bind(std::vector{payment{"Eve", 3}, payment{"Bob", 4}}) +
                       sql::text(", ") + given.bind(std::optional<coin>{});
    using row = std::tuple<int, std::string, std::vector<payment>, std::optional<coin>>;
    with_people<Face> face;
    const std::vector<payment> payments{{"Eve", 3}, {"Bob", 4}};
    for (int i = 0; i < 3; ++i) {
        const auto [number, side, paid, nothing] = AWAIT(face.conn.template fetch_one<row>(query, given));
        BOOST_TEST(number == 7);
        BOOST_TEST(side == "tails");
        BOOST_TEST((paid == payments));
        BOOST_TEST(!nothing);
        AWAIT(
            face.conn.execute_script("DROP TYPE arguments.payment, arguments.coin; "
                                     "CREATE TYPE arguments.coin AS ENUM ('heads', 'tails'); "
                                     "CREATE TYPE arguments.payment AS (who text, amount int)"));
    }
    auto other = face.connect();
    BOOST_TEST((std::get<2>(AWAIT(other.template fetch_one<row>(query, given))) == payments));
    auto batch = other.pipeline();
    auto plain = batch.template fetch_one<std::string>("SELECT $1::text", "before");
    auto bound = batch.template fetch_one<row>(query, given);
    auto again = batch.template fetch_one<row>(query, given);
    AWAIT(batch.run());
    BOOST_TEST((std::get<2>(bound.get()) == payments));
    BOOST_TEST((std::get<2>(again.get()) == payments));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(arguments_own_what_they_hold, Face, both_faces) {
    with_people<Face> face;
    arguments given;
    auto query = sql::text("SELECT ");
    {
        std::string fleeting(100, 'x');
        query += given.bind(fleeting) + sql::text(" || ");
        fleeting.assign(100, 'y');
        query += given.bind(std::string_view{fleeting});
    }
    arguments copy = given;
    const arguments moved = std::move(given);
    BOOST_TEST(given.empty());
    const std::string both = std::string(100, 'x') + std::string(100, 'y');
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::string>(query, moved)) == both);
    query += sql::text(" || ") + copy.bind("z");
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::string>(query, copy)) == both + "z");
    BOOST_TEST(moved.size() == 2U);
    given = std::move(copy);
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::string>(query, given)) == both + "z");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(another_number_of_placeholders_is_refused_before_anything_is_sent, Face, both_faces) {
    with_people<Face> face;
    arguments given;
    const auto first = given.bind(1);
    const auto second = given.bind(2);
    const auto e = ERROR_OF(usage_error, face.conn.execute(sql::text("SELECT ") + first, given));
    BOOST_TEST(contains(e.what(), "highest placeholder is $1"), e.what());
    BOOST_TEST(contains(e.what(), "given are 2"), e.what());
    BOOST_TEST(contains(e.what(), "SELECT $1"), e.what());
    BOOST_TEST((e.outcome() == outcome::not_sent));
    const arguments none;
    BOOST_CHECK_THROW((void)AWAIT(face.conn.execute(sql::text("SELECT ") + second, none)), usage_error);
    BOOST_CHECK_THROW((void)AWAIT(face.conn.execute("SELECT $3, $2, $1", given)), usage_error);
    auto batch = face.conn.pipeline();
    BOOST_CHECK_THROW((void)batch.execute(sql::text("SELECT ") + first, given), usage_error);
    // in a string or a comment it is none
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::string>("SELECT '$7' /* $8 */ || ($1 + $2)::text", given)) ==
               "$73");
    // in any order, and as often as one likes
    BOOST_TEST(AWAIT(face.conn.template fetch_one<int>(
                   sql::text("SELECT ") + second + sql::text("::int - ") + first + sql::text(" + ") + second, given)) ==
               3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_value_that_cannot_be_sent_is_not_bound, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    arguments given;
    const auto first = given.bind("a");
    const auto line = std::source_location::current().line() + 1;
    const auto e = error_of<usage_error>([&] { (void)given.bind(std::string{"\0", 1}); });
    BOOST_TEST(e.where().line() == line);
    const auto second = given.bind("b");
    BOOST_TEST(second.text() == "$2");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>(sql::text("SELECT ") + first + sql::text(" || ") + second,
                                                          given)) == "ab");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(there_are_as_many_arguments_as_the_protocol_counts, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    arguments given;
    std::vector<sql::fragment> list;
    for (int i = 0; i < 65535; ++i) list.push_back(given.bind(i));
    const auto all = sql::text("SELECT count(*)::int FROM (VALUES (") + sql::join(list, "), (") + sql::text(")) v");
    BOOST_TEST(AWAIT(conn.template fetch_one<int>(all, given)) == 65535);
    list.push_back(given.bind(0));
    const auto more = sql::text("SELECT count(*)::int FROM (VALUES (") + sql::join(list, "), (") + sql::text(")) v");
    BOOST_CHECK_THROW((void)AWAIT(conn.template fetch_one<int>(more, given)), usage_error);
}

BOOST_AUTO_TEST_SUITE_END()
