#include "../support/faces.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

struct person {
    int id;
    std::string name;
    std::optional<int> age;
};

struct renamed {
    int id;
    std::string full_name;
};

struct mean_of {
    double mean;
};

struct narrow {
    std::int16_t n;
};

template <class Face>
auto with_people(Face& face) {
    auto conn = face.connect();
    AWAIT(
        conn.execute_script("CREATE TEMP TABLE people (id int PRIMARY KEY, name text NOT NULL, age int);"
                            "INSERT INTO people VALUES (1, 'Ann', 41), (2, 'Bob', NULL), (3, 'Cid', 17)"));
    return conn;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(execute)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_result_has_a_tag_rows_and_columns, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const result inserted = AWAIT(conn.execute("INSERT INTO people VALUES ($1, $2, $3), (5, 'Eve', 5)", 4, "Dan", 9));
    BOOST_TEST(inserted.command_tag() == "INSERT 0 2");
    BOOST_TEST(inserted.affected_rows() == 2U);
    const result all = AWAIT(conn.execute("SELECT id, name, age FROM people ORDER BY id"));
    BOOST_TEST_REQUIRE(all.size() == 5U);
    BOOST_TEST(all.columns() == 3U);
    BOOST_TEST(all.column_name(1) == "name");
    BOOST_TEST(all.column_type(0) == oids::int4);
    int sum = 0;
    for (const row r : all) sum += r["id"].template as<int>();
    BOOST_TEST(sum == 15);
    BOOST_TEST(all[1][1].template as<std::string_view>() == "Bob");
    BOOST_TEST(all[1]["age"].is_null());
    BOOST_TEST(!all[1][2].template as<std::optional<int>>().has_value());
    BOOST_CHECK_THROW((void)all[5], usage_error);
    BOOST_CHECK_THROW((void)all[0][3], usage_error);
    BOOST_CHECK_THROW((void)all[0]["salary"], usage_error);
    BOOST_CHECK_THROW((void)all[1]["age"].template as<int>(), null_error);
    BOOST_CHECK_THROW((void)all[1]["name"].template as<int>(), decode_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_statement_answers_an_empty_result, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const result nothing = AWAIT(conn.execute(""));
    BOOST_TEST(nothing.empty());
    BOOST_TEST(nothing.command_tag() == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_become_scalars_tuples_pairs_and_aggregates, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const auto ids = AWAIT(conn.template fetch<std::int64_t>("SELECT id FROM people ORDER BY id"));
    BOOST_TEST(ids == (std::vector<std::int64_t>{1, 2, 3}), boost::test_tools::per_element());
    const auto ages = AWAIT(conn.template fetch<std::optional<int>>("SELECT age FROM people ORDER BY id"));
    BOOST_TEST((ages == std::vector<std::optional<int>>{41, std::nullopt, 17}));
    const auto pairs =
        AWAIT(conn.template fetch<std::pair<int, std::string>>("SELECT id, name FROM people ORDER BY id"));
    BOOST_TEST(pairs[2].second == "Cid");
    const auto tuples = AWAIT(
        conn.template fetch<std::tuple<int, std::string, std::optional<int>>>("SELECT * FROM people ORDER BY id"));
    BOOST_TEST(std::get<1>(tuples[0]) == "Ann");
    const auto people = AWAIT(conn.template fetch<person>("SELECT age, name, id FROM people ORDER BY people.id"));
    BOOST_TEST_REQUIRE(people.size() == 3U);
    BOOST_TEST(people[0].id == 1);
    BOOST_TEST(people[0].name == "Ann");
    BOOST_TEST(people[0].age.value() == 41);
    BOOST_TEST(!people[1].age.has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_number_of_rows_is_checked, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    BOOST_TEST(AWAIT(conn.template fetch_one<person>("SELECT * FROM people WHERE id = $1", 2)).name == "Bob");
    BOOST_TEST(AWAIT(conn.template fetch_optional<person>("SELECT * FROM people WHERE id = $1", 3))->name == "Cid");
    BOOST_TEST(!AWAIT(conn.template fetch_optional<person>("SELECT * FROM people WHERE id = $1", 9)).has_value());
    const auto none = ERROR_OF(row_count_error, conn.template fetch_one<int>("SELECT id FROM people WHERE id = $1", 9));
    BOOST_TEST(contains(none.what(), "expected exactly one row, got 0"));
    const auto many = ERROR_OF(row_count_error, conn.template fetch_optional<int>("SELECT id FROM people"));
    BOOST_TEST(contains(many.what(), "expected at most one row, got 3"));
    BOOST_TEST(many.sql() == "SELECT id FROM people");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(columns_and_members_that_do_not_match_are_both_named, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const auto e = ERROR_OF(decode_error, conn.template fetch<renamed>("SELECT id, name FROM people"));
    BOOST_TEST(contains(e.what(), "no column for member \"full_name\""));
    BOOST_TEST(contains(e.what(), "no member for column \"name\""));
    BOOST_TEST(contains(e.what(), "renamed"));
    BOOST_TEST(contains(e.what(), "execute.cpp"));
    BOOST_TEST(contains(ERROR_OF(decode_error, conn.template fetch<renamed>("SELECT id FROM people")).what(),
                        "\"full_name\""));
    BOOST_TEST(contains(
        ERROR_OF(decode_error, conn.template fetch<renamed>("SELECT id, id, 'x' AS full_name FROM people")).what(),
        "occurs twice"));
    ERROR_OF(decode_error, conn.template fetch<int>("SELECT id, name FROM people"));
    ERROR_OF(decode_error, conn.template fetch<std::tuple<int>>("SELECT id, name FROM people"));
    // A mismatch shows even without rows.
    ERROR_OF(decode_error, conn.template fetch<int>("SELECT name FROM people WHERE false"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_column_of_another_type_says_how_it_is_read, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::string_view numeric = "cast it in the SQL, ::float8, or read it as coropg::numeric";
    const std::string_view uuid = "cast it in the SQL, ::text, or read it as boost::uuids::uuid";
    const char* const average = "SELECT avg(n) AS mean FROM generate_series(1, 3) n";
    const unchecked_sql sql{average};
    BOOST_TEST(contains(ERROR_OF(decode_error, conn.template fetch_one<double>(sql)).what(), numeric));
    BOOST_TEST(contains(ERROR_OF(decode_error, conn.template fetch_one<mean_of>(sql)).what(), numeric));
    BOOST_TEST(contains(ERROR_OF(decode_error, conn.template fetch<std::tuple<double>>(sql)).what(), numeric));
    const result rows = AWAIT(conn.execute(sql));
    BOOST_CHECK_EXCEPTION((void)rows[0]["mean"].template as<double>(), decode_error,
                          [&](const decode_error& e) { return contains(e.what(), numeric); });
    auto batch = conn.pipeline();
    auto mean = batch.template fetch_one<double>(sql);
    VOID_ERROR_OF(decode_error, batch.run());
    BOOST_CHECK_EXCEPTION(mean.get(), decode_error, [&](const decode_error& e) { return contains(e.what(), numeric); });
    const auto sum = ERROR_OF(
        decode_error, conn.template fetch_one<std::int64_t>("SELECT sum(n::int8) FROM generate_series(1, 3) n"));
    BOOST_TEST(contains(sum.what(), "column \"sum\" (numeric)"));
    BOOST_TEST(contains(sum.what(), "cast it in the SQL, ::int8, or read it as coropg::numeric"));
    const auto id = ERROR_OF(decode_error, conn.template fetch_one<std::string>("SELECT gen_random_uuid()"));
    BOOST_TEST(contains(id.what(), uuid));
    const auto now = ERROR_OF(decode_error, conn.template fetch_one<std::string>("SELECT now()"));
    BOOST_TEST(contains(now.what(), "::text, or read it as std::chrono::sys_time"));
    const auto numbers = ERROR_OF(decode_error, conn.template fetch_one<std::vector<double>>("SELECT ARRAY[1.5]"));
    BOOST_TEST(contains(numbers.what(), "::float8[], or read its elements as coropg::numeric"));
    const auto large = ERROR_OF(decode_error, conn.template fetch_one<int>("SELECT 3000000000"));
    BOOST_TEST(contains(large.what(), "value out of range; ask for std::int64_t"));
    const auto json = ERROR_OF(decode_error, conn.template fetch_one<person>("SELECT '{}'::jsonb AS person"));
    BOOST_TEST(contains(json.what(),
                        "\"person\" (jsonb: its text is read by std::string, its content by a type that "
                        "coropg::stored_as_json names"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(values_that_do_not_fit_are_refused_by_name, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const auto null = ERROR_OF(null_error, conn.template fetch_one<int>("SELECT NULL::int AS missing"));
    BOOST_TEST(contains(null.what(), "missing"));
    const auto range = ERROR_OF(decode_error, conn.template fetch_one<narrow>("SELECT 70000 AS n"));
    BOOST_TEST(contains(range.what(), "\"n\""));
    BOOST_TEST(contains(range.what(), "out of range"));
    ERROR_OF(decode_error, conn.template fetch_one<unsigned>("SELECT -1"));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int16_t>("SELECT 32767::int8")) == 32767);
    const auto type = ERROR_OF(decode_error, conn.template fetch_one<int>("SELECT point(1, 2) AS place"));
    BOOST_TEST(contains(type.what(), "\"place\""));
    BOOST_TEST(contains(type.what(), "point"));
    BOOST_TEST(contains(type.what(), "int"));
    const auto row_of_many =
        ERROR_OF(null_error, conn.template fetch<int>("SELECT nullif(i, 2) AS i FROM generate_series(1, 3) i"));
    BOOST_TEST(contains(row_of_many.what(), "\"i\""));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(arguments_that_cannot_be_sent_are_refused_at_the_call, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::string nul("a\0b", 3);
    const auto e = ERROR_OF(usage_error, conn.template fetch_one<std::string>("SELECT $1", nul));
    BOOST_TEST(contains(e.what(), "NUL"));
    BOOST_TEST(e.sql() == "SELECT $1");
    BOOST_TEST(e.where().line() != 0U);
    ERROR_OF(usage_error, conn.execute("SELECT $1::int8", std::numeric_limits<std::uint64_t>::max()));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(arguments_are_encoded_at_the_call, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto pending = [&] {
        const std::string gone = "temporary";
        const std::vector<int> numbers{1, 2, 3};
        return conn.template fetch_one<std::pair<std::string, std::int64_t>>(
            "SELECT $1::text, (SELECT sum(x) FROM unnest($2::int[]) x)", gone, numbers);
    };
    const auto both = AWAIT(pending());
    BOOST_TEST(both.first == "temporary");
    BOOST_TEST(both.second == 6);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(null_parameters_work_in_every_form, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::optional<int> none;
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT $1::int IS NULL AND $2::text IS NULL AND $3::int IS NULL",
                                                   none, std::nullopt, nullptr)));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1", std::optional<int>{7})) == 7);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(text_is_sent_untyped_so_that_the_server_infers_its_type, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT $1 = date '2026-01-01'", "2026-01-01")));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT ($1::jsonb ->> 'a')", R"({"a": "b"})")) == "b");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(execute_many_runs_a_statement_for_every_element, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const std::vector<std::tuple<int, std::string>> tuples{{10, "x"}, {11, "y"}, {12, "z"}};
    BOOST_TEST(AWAIT(conn.execute_many("INSERT INTO people (id, name) VALUES ($1, $2)", tuples)) == 3U);
    const std::vector<person> people{{20, "p", 1}, {21, "q", std::nullopt}};
    BOOST_TEST(AWAIT(conn.execute_many("INSERT INTO people (id, name, age) VALUES ($1, $2, $3)", people)) == 2U);
    BOOST_TEST(AWAIT(conn.execute_many("DELETE FROM people WHERE id = $1", std::vector<int>{10, 11, 999})) == 2U);
    BOOST_TEST(AWAIT(conn.execute_many("DELETE FROM people WHERE id = $1", std::vector<int>{})) == 0U);
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM people")) == 6);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(execute_many_stores_all_or_nothing, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const std::vector<std::pair<int, std::string>> rows{{10, "x"}, {1, "taken"}, {11, "y"}};
    ERROR_OF(errors::unique_violation, conn.execute_many("INSERT INTO people (id, name) VALUES ($1, $2)", rows));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM people")) == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(execute_many_of_a_large_range_neither_blocks_nor_deadlocks, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    // Both directions fill the socket: every row is sent and comes back.
    const std::vector<std::string> rows(20000, std::string(4000, 'x'));
    BOOST_TEST(AWAIT(conn.execute_many("SELECT $1::text, repeat('y', 2000)", rows)) == 20000U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fetch_many_returns_the_rows_of_all_elements_in_order, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE TEMP TABLE t (id int GENERATED ALWAYS AS IDENTITY, name text)"));
    std::vector<std::string> names;
    for (int i = 1; i <= 5000; ++i) names.push_back("n" + std::to_string(i));
    const std::vector<renamed> stored = AWAIT(
        conn.template fetch_many<renamed>("INSERT INTO t (name) VALUES ($1) RETURNING id, name AS full_name", names));
    BOOST_TEST_REQUIRE(stored.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        BOOST_REQUIRE(stored[i].id == static_cast<int>(i) + 1);
        BOOST_REQUIRE(stored[i].full_name == names[i]);
    }

    // None, one, or several rows of an element; no element.
    const std::vector<std::tuple<int, int>> ranges{{1, 3}, {5, 4}, {7, 7}};
    BOOST_TEST(AWAIT(conn.template fetch_many<int>("SELECT generate_series($1::int, $2::int)", ranges)) ==
                   (std::vector<int>{1, 2, 3, 7}),
               boost::test_tools::per_element());
    BOOST_TEST(AWAIT(conn.template fetch_many<int>("SELECT $1::int", std::vector<int>{})).empty());

    auto tx = AWAIT(conn.begin());
    const std::vector<int> ids{1, 2, 3};
    BOOST_TEST(AWAIT(tx.template fetch_many<std::string>("DELETE FROM t WHERE id = $1 RETURNING name", ids)) ==
                   (std::vector<std::string>{"n1", "n2", "n3"}),
               boost::test_tools::per_element());
    AWAIT(tx.rollback());
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM t")) == 5000);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fetch_many_stores_all_or_nothing_and_says_what_it_cannot_read, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const std::vector<std::pair<int, std::string>> rows{{10, "x"}, {1, "taken"}, {11, "y"}};
    ERROR_OF(errors::unique_violation,
             conn.template fetch_many<int>("INSERT INTO people (id, name) VALUES ($1, $2) RETURNING id", rows));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM people")) == 3);
    const auto e = ERROR_OF(
        null_error, conn.template fetch_many<int>("SELECT age FROM people WHERE id = $1", std::vector<int>{1, 2}));
    BOOST_TEST(e.sql() == "SELECT age FROM people WHERE id = $1");
    BOOST_TEST(AWAIT(conn.template fetch_many<std::optional<int>>("SELECT age FROM people WHERE id = $1",
                                                                  std::vector<int>{1, 2}))
                   .size() == 2U);
    ERROR_OF(query_timeout, conn.with({.timeout = std::chrono::milliseconds{50}})
                                .template fetch_many<int>("SELECT 1 FROM pg_sleep($1)", std::vector<int>{0, 10}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_script_runs_all_its_statements_or_none, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script(
        "CREATE TEMP TABLE a (x int); CREATE TEMP TABLE b (); INSERT INTO a VALUES (1), (2); SELECT * FROM a"));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM a")) == 2);
    const auto e =
        VOID_ERROR_OF(errors::undefined_table, conn.execute_script("INSERT INTO a VALUES (3); SELECT * FROM nowhere"));
    BOOST_TEST(contains(e.what(), "nowhere"));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM a")) == 2);
    AWAIT(conn.execute_script(""));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_function_is_called_by_its_name, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE FUNCTION pg_temp.add(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b'"));
    BOOST_TEST(AWAIT(conn.template call<int>("pg_temp.add", 1, 2)) == 3);
    BOOST_TEST(AWAIT(conn.template call<int>("pg_backend_pid")) == conn.backend_pid());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(composed_and_unchecked_sql_run, Face, both_faces) {
    Face face;
    auto conn = with_people(face);
    const std::string table = "people";
    const auto query = sql::text("SELECT name FROM ") + sql::identifier(table) + sql::text(" WHERE id = $1");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>(query, 1)) == "Ann");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>(unchecked_sql("SELECT name FROM people WHERE id = $1"), 2)) ==
               "Bob");
    // Fewer arguments than placeholders are the server's to refuse; the connection stays in step.
    ERROR_OF(server_error, conn.execute(unchecked_sql("SELECT $1::int + $2::int"), 1));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    const auto e =
        ERROR_OF(server_error, conn.execute(sql::text("SELECT 1 FROM nowhere WHERE a = ") + sql::literal("s3cret")));
    BOOST_TEST(!contains(e.what(), "s3cret"), e.what());
    BOOST_TEST(contains(e.what(), "WHERE a = '...'"), e.what());
    BOOST_TEST(contains(e.sql(), "s3cret"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_value_that_names_nothing_is_not_shown, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const unchecked_sql& sql : {unchecked_sql{"SELECT $1::regclass"}, unchecked_sql{"SELECT $1::text::regrole"},
                                     unchecked_sql{"SELECT to_regtype($1)::text, $1::regtype"},
                                     unchecked_sql{"SELECT $1::regoper"}, unchecked_sql{"SELECT to_ascii('x', $1)"}}) {
        const auto e = ERROR_OF(server_error, conn.execute(sql, "s3cret"));
        BOOST_TEST(!contains(e.what(), "s3cret"), e.what());
        BOOST_TEST(contains(e.message(), "s3cret"));
    }
    // The names of the statement itself are.
    BOOST_TEST(contains(ERROR_OF(server_error, conn.execute("SELECT $1::int FROM nowhere", 1)).what(), "nowhere"));
    BOOST_TEST(contains(ERROR_OF(server_error, conn.execute("DROP TABLE nowhere")).what(), "nowhere"));
    const std::string of_operator = ERROR_OF(server_error, conn.execute("SELECT $1::int + true", 1)).what();
    BOOST_TEST(contains(of_operator, "integer + boolean"), of_operator);
    // Of a text that is known only as the program runs, too.
    AWAIT(conn.execute("CREATE TEMP TABLE somewhere ()"));
    const auto twice = ERROR_OF(errors::duplicate_table, conn.execute(unchecked_sql{"CREATE TEMP TABLE somewhere ()"}));
    BOOST_TEST(contains(twice.what(), "relation \"somewhere\" already exists"), twice.what());
}

namespace {

struct listening_observer final : observer {
    void on_query(const query_event& e) override { heard += e.sql; }
    std::string heard;
};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(no_value_is_shown_whoever_tells_of_it, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    // Of another statement of a pipeline, and of a transaction's settings.
    auto p = conn.pipeline();
    auto other = p.execute("SELECT 1");
    p.execute("SELECT $1::text::int", "s3cret");
    VOID_ERROR_OF(errors::invalid_text_representation, p.run());
    const auto undone = error_of<pipeline_aborted>([&] { other.get(); });
    BOOST_TEST(!contains(undone.what(), "s3cret"), undone.what());
    for (const setting s : {setting{"statement_timeout", "s3cret"}, setting{"temp_tablespaces", "s3cret"}}) {
        auto tx = AWAIT(conn.begin({.set_local = {&s, 1}}));
        auto within = tx.pipeline();
        auto handle = within.execute("SELECT 1");
        const auto refused = VOID_ERROR_OF(error, within.run());
        BOOST_TEST(!contains(refused.what(), "s3cret"), refused.what());
        const auto told = error_of<error>([&] { handle.get(); });
        BOOST_TEST(!contains(told.what(), "s3cret"), told.what());
        BOOST_TEST(!contains(told.what(), "statement 0"), told.what());
        AWAIT(tx.rollback());
    }
    // Of what the server was given to name something, or to parse.
    for (const char* sql :
         {"SELECT has_database_privilege($1, 'CONNECT')", "SELECT pg_read_file($1)", "SELECT ts_rewrite('a', $1)",
          "SELECT pg_get_object_address('function', array[$1], array['int4'])",
          "SELECT cursor_to_xml($1::refcursor, 1, false, false, '')"}) {
        const auto e = ERROR_OF(server_error, conn.execute(unchecked_sql{sql}, "s3cret"));
        BOOST_TEST(!contains(e.what(), "s3cret"), e.what());
    }
    // Of a text that the program composed.
    for (const auto& sql : {sql::text("SELECT to_tsquery(") + sql::literal("s3cret & ") + sql::text(")"),
                            sql::text("SELECT ") + sql::literal("S3CRET") + sql::text("::regclass"),
                            sql::text("SELECT 1 ") + sql::literal("s3cret")}) {
        const auto e = ERROR_OF(server_error, conn.execute(sql));
        BOOST_TEST(!contains(e.what(), "s3cret"), e.what());
        BOOST_TEST(!contains(e.what(), "S3CRET"), e.what());
    }
    const auto observer = std::make_shared<listening_observer>();
    set_observer(observer);
    AWAIT(conn.execute(sql::text("SELECT ") + sql::literal("s3cret")));
    set_observer(nullptr);
    BOOST_TEST(observer->heard == "SELECT '...'");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(too_many_parameters_are_refused_before_sending, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    detail::unit u{{}, std::source_location::current()};
    const unchecked_sql text{"SELECT 1"};
    BOOST_CHECK_THROW(u.add(sql_view{text}, detail::max_parameters + 1), usage_error);
    u.add(sql_view{text}, detail::max_parameters);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(large_values_pass_both_ways, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::string large(20'000'000, 'a');
    BOOST_TEST((AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", large)) == large));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_error_of_many_says_which_element_it_is_about, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::vector<int> divisors{1, 2, 0, 4};
    const auto refused = ERROR_OF(errors::division_by_zero, conn.execute_many("SELECT 1 / $1::int", divisors));
    BOOST_TEST(refused.element() == 3U);
    BOOST_TEST(contains(refused.what(), "; element 3; at execute.cpp:"), refused.what());
    const auto unread =
        ERROR_OF(null_error, conn.template fetch_many<int>("SELECT nullif($1::int, 2)", std::vector<int>{1, 2, 3}));
    BOOST_TEST(unread.element() == 2U);
    const auto unsent =
        ERROR_OF(usage_error, conn.execute_many("SELECT $1", std::vector<std::string>{"a", std::string{"b\0", 2}}));
    BOOST_TEST(unsent.element() == 2U);
    const auto alone = ERROR_OF(errors::division_by_zero, conn.execute("SELECT 1 / $1::int", 0));
    BOOST_TEST(alone.element() == 0U);
    BOOST_TEST(!contains(alone.what(), "element"));
    auto hurried = conn.with({.timeout = -1ms});
    BOOST_TEST(ERROR_OF(query_timeout, hurried.execute_many("SELECT 1 / $1::int", divisors)).element() == 0U);
    auto tx = AWAIT(conn.begin());
    BOOST_TEST(ERROR_OF(errors::division_by_zero, tx.execute_many("SELECT 1 / $1::int", divisors)).element() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
