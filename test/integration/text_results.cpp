// Results as text: for tools that print anything, and for columns of types that have no binary form (docs/adr/0012).
#include "../support/pools.hpp"

#include <boost/uuid/uuid_io.hpp>

#include <array>

using namespace coropg;
using namespace coropg::test;

namespace text_results_test {

struct payment {
    std::string who;
    int amount;
};

/// A codec that knows the binary form alone, and does not look which one it is given.
struct tick {
    std::int32_t count;
};

/// The same with one that reads both.
struct tock {
    std::int32_t count;
};

struct privileges {
    std::string name;
    std::optional<std::string> acl;
    int columns;
    bool is_shared;
};

struct printed {
    std::string i;
    std::optional<std::string> nothing;
    std::string list;
};

struct mixed {
    int i;
    payment paid;
};

}  // namespace text_results_test

using namespace text_results_test;

template <>
struct coropg::codec<payment> : coropg::composite_codec<payment, "text_results.payment"> {};

template <>
struct coropg::codec<tick> {
    static constexpr pg_type type = codec<std::int32_t>::type;
    static bool reads(oid from) { return from == oids::int4; }
    static tick decode(const field& f) { return {f.exactly<tick, std::int32_t>()}; }
};

template <>
struct coropg::codec<tock> {
    static constexpr pg_type type = codec<std::int32_t>::type;
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::int4; }
    static tock decode(const field& f) { return {codec<std::int32_t>::decode(f)}; }
};

namespace {

/// `shape` has no function that writes it in binary.
constexpr auto schema = R"(
    DROP SCHEMA IF EXISTS text_results CASCADE;
    CREATE SCHEMA text_results;
    CREATE TYPE text_results.payment AS (who text, amount int);
    CREATE TYPE text_results.shape;
    CREATE FUNCTION text_results.shape_in(cstring) RETURNS text_results.shape
        LANGUAGE internal IMMUTABLE STRICT AS 'textin';
    CREATE FUNCTION text_results.shape_out(text_results.shape) RETURNS cstring
        LANGUAGE internal IMMUTABLE STRICT AS 'textout';
    CREATE TYPE text_results.shape (INPUT = text_results.shape_in, OUTPUT = text_results.shape_out, LIKE = text);
    CREATE SEQUENCE text_results.calls;
    CREATE TABLE text_results.shapes (id int, s text_results.shape);
    INSERT INTO text_results.shapes VALUES (1, 'round'), (2, NULL);)";

template <class Face>
struct printing : Face {
    typename Face::connection conn = this->connect();

    printing() {
        (*this)([&] { return conn.execute_script("SET client_min_messages = warning"); });
        (*this)([&] { return conn.execute_script(unchecked_sql{schema}); });
    }

    std::int64_t calls() {
        Face& face = *this;
        return AWAIT(conn.template fetch_one<std::int64_t>(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM text_results.calls"));
    }
    std::int64_t shapes() {
        Face& face = *this;
        return AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM text_results.shapes"));
    }
};

constexpr call_options in_text{.text_results = true};

}  // namespace

BOOST_AUTO_TEST_SUITE(text_results)

BOOST_AUTO_TEST_CASE_TEMPLATE(any_type_reads_as_a_string, Face, both_faces) {
    printing<Face> face;
    const result r = AWAIT(face.conn.with(in_text).execute(
        "SELECT -7, 1.5::float8, 0.1::float4, true, '2026-01-02'::date, '{1,NULL,3}'::int[], ROW(1, 'a b'), "
        "'\\xdead'::bytea, '12.50'::numeric, int4range(1, 5), '(1,2)'::point, NULL::int, 'x'::text_results.shape, "
        "('Bob', 3)::text_results.payment"));
    constexpr std::array<std::string_view, 14> expected{
        "-7",      "1.5",   "0.1",   "t",     "2026-01-02", "{1,NULL,3}", "(1,\"a b\")",
        "\\xdead", "12.50", "[1,5)", "(1,2)", "",           "x",          "(Bob,3)"};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (i == 11) continue;
        BOOST_TEST(r[0][i].template as<std::string>() == expected[i]);
        BOOST_TEST(r[0][i].template as<std::string_view>() == expected[i]);
    }
    BOOST_TEST(r[0][11].is_null());
    BOOST_TEST(!r[0][11].template as<std::optional<std::string>>());
    BOOST_CHECK_THROW((void)r[0][11].template as<std::string>(), null_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_its_text_says_all_of_is_read_as_its_own_type, Face, both_faces) {
    printing<Face> face;
    const result r = AWAIT(face.conn.with(in_text).execute(
        "SELECT -7::int8 i, 1.5::float8 f, true b, 16384::oid o, "
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid u, '2026-01-02'::date d, '{1,NULL,3}'::int[] list, "
        "'\\xdead'::bytea bytes, 'pg_class'::name n, 5 t"));
    const row only = r[0];
    BOOST_TEST(only["i"].template as<int>() == -7);
    BOOST_TEST(only["f"].template as<double>() == 1.5);
    BOOST_TEST(only["b"].template as<bool>());
    BOOST_TEST(only["o"].template as<oid>() == 16384U);
    BOOST_TEST(to_string(only["u"].template as<boost::uuids::uuid>()) == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    BOOST_TEST(
        (only["d"].template as<std::chrono::year_month_day>() == std::chrono::year{2026} / std::chrono::January / 2));
    BOOST_TEST(only["list"].template as<std::vector<std::optional<int>>>().size() == 3U);
    BOOST_TEST(only["bytes"].template as<std::vector<std::byte>>().size() == 2U);
    BOOST_TEST(only["n"].template as<std::string>() == "pg_class");
    BOOST_TEST(only["t"].template as<tock>().count == 5);
    // an alternative that reads the type goes before one that reads any text
    BOOST_TEST((std::get<int>(only["t"].template as<std::variant<std::string, int>>()) == 5));
    BOOST_TEST((std::get<std::string>(only["f"].template as<std::variant<int, std::string>>()) == "1.5"));
    BOOST_CHECK_THROW((void)only["i"].template as<double>(), decode_error);
    AWAIT(face.conn.execute("SET DateStyle = German"));
    const result german = AWAIT(face.conn.with(in_text).execute("SELECT '2026-01-02'::date"));
    BOOST_CHECK_THROW((void)german[0][0].template as<std::chrono::sys_days>(), decode_error);
}

// Four digits of text are four bytes, too.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_its_text_does_not_say_is_refused, Face, both_faces) {
    printing<Face> face;
    const result r = AWAIT(face.conn.with(in_text).execute(
        "SELECT 1234 t, ('Bob', 3)::text_results.payment p, 'a'::text_results.shape s, '1'::money m"));
    const auto refuses = [](auto&& read, std::string_view column) {
        const auto e = error_of<decode_error>(read);
        BOOST_TEST(contains(e.what(), "text_results"), e.what());
        BOOST_TEST(contains(e.what(), column), e.what());
    };
    refuses([&] { (void)r[0]["t"].template as<tick>(); }, "\"t\" (int4)");
    refuses([&] { (void)r[0]["p"].template as<payment>(); }, "\"p\"");
    refuses([&] { (void)r[0]["s"].template as<int>(); }, "\"s\"");
    refuses([&] { (void)r[0]["m"].template as<money>(); }, "\"m\" (money)");
    refuses([&] { (void)r[0]["p"].template as<std::vector<payment>>(); }, "\"p\"");
    refuses([&] { (void)r[0]["t"].template as<std::optional<bool>>(); }, "\"t\" (int4)");
    const auto e = ERROR_OF(decode_error, face.conn.with(in_text).template fetch<mixed>(
                                              "SELECT 1 AS i, ('Bob', 3)::text_results.payment AS paid"));
    BOOST_TEST(contains(e.what(), "text_results"), e.what());
    BOOST_TEST(contains(e.what(), "\"paid\""), e.what());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_of_strings_are_fetched_in_text, Face, both_faces) {
    printing<Face> face;
    const auto rows = AWAIT(face.conn.with(in_text).template fetch<printed>(
        "SELECT i, NULL::int AS nothing, ARRAY[i, i] AS list FROM generate_series(1, 3) i"));
    BOOST_TEST_REQUIRE(rows.size() == 3U);
    BOOST_TEST(rows[2].i == "3");
    BOOST_TEST(!rows[2].nothing);
    BOOST_TEST(rows[2].list == "{3,3}");
    BOOST_TEST(AWAIT(face.conn.with(in_text).template fetch_one<std::string>("SELECT 12::int")) == "12");
    BOOST_CHECK_THROW((void)AWAIT(face.conn.template fetch_one<std::string>("SELECT 12::int")), decode_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_prepared_statement_serves_both_formats, Face, both_faces) {
    printing<Face> face;
    for (int i = 0; i < 6; ++i) {
        const bool is_text = i % 2 == 0;
        auto on = face.conn.with({.prepare = prepare::always, .text_results = is_text});
        const result r = AWAIT(on.execute("SELECT $1::int + 1 AS both_formats", i));
        BOOST_TEST((r[0][0].raw().wire_format() == (is_text ? format::text : format::binary)));
        BOOST_TEST(r[0][0].template as<int>() == i + 1);
    }
    BOOST_TEST(AWAIT(face.conn.template fetch_one<std::int64_t>(
                   "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%both_formats'")) == 1);
}

template <class Face, class Handle>
void prints(Face& face, Handle&& on) {
    BOOST_TEST(AWAIT(on.execute("SELECT ARRAY[1, 2]"))[0][0].template as<std::string>() == "{1,2}");
    auto batch = on.pipeline();
    auto list = batch.template fetch<std::string>("SELECT ARRAY[1, 2]");
    auto untyped = batch.execute("SELECT point(1, 2)");
    AWAIT(batch.run());
    BOOST_TEST(list.get().at(0) == "{1,2}");
    BOOST_TEST(untyped.get()[0][0].template as<std::string>() == "(1,2)");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_handle_with_options_prints, Face, both_faces) {
    printing<Face> face;
    prints(face, face.conn.with(in_text));
    {
        auto tx = AWAIT(face.conn.with(in_text).begin());
        prints(face, tx);
        AWAIT(tx.commit());
    }
    pool_of<Face> of{{.max_size = 1}};
    prints(of, of.pool.with(in_text));
    // on the same connection those without the option are as ever
    BOOST_TEST((face([&] { return face.conn.execute("SELECT 1"); })[0][0].raw().wire_format() == format::binary));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(catalogs_with_privileges_are_read, Face, both_faces) {
    printing<Face> face;
    AWAIT(face.conn.execute("GRANT SELECT ON text_results.shapes TO PUBLIC"));
    for (int i = 0; i < 3; ++i) {
        const result r = AWAIT(face.conn.execute("SELECT * FROM pg_class WHERE oid = 'text_results.shapes'::regclass"));
        BOOST_TEST(contains(r[0]["relacl"].template as<std::string>(), "=r/"));
        BOOST_TEST(r[0]["relname"].template as<std::string>() == "shapes");
        BOOST_TEST(r[0]["relnatts"].template as<int>() == 2);
        BOOST_TEST(r[0]["oid"].template as<oid>() > 0U);
        BOOST_TEST(!r[0]["relispartition"].template as<bool>());
        const auto p = AWAIT(face.conn.template fetch_one<privileges>(
            "SELECT relname AS name, relacl AS acl, relnatts AS columns, relisshared AS is_shared "
            "FROM pg_catalog.pg_class WHERE relname = $1",
            "shapes"));
        BOOST_TEST(contains(p.acl.value(), "=r/"));
        BOOST_TEST(p.columns == 2);
        const auto none =
            AWAIT(face.conn.with({.prepare = prepare::never})
                      .template fetch_one<privileges>("SELECT relname AS name, relacl AS acl, "
                                                      "relnatts AS columns, relisshared AS is_shared "
                                                      "FROM PG_CLASS WHERE relname = 'pg_class_oid_index'"));
        BOOST_TEST(!none.acl);
    }
    for (const char* catalog : {"pg_attribute", "pg_class", "pg_database", "pg_default_acl", "pg_foreign_data_wrapper",
                                "pg_foreign_server", "pg_init_privs", "pg_language", "pg_largeobject_metadata",
                                "pg_namespace", "pg_proc", "pg_tablespace", "pg_type"}) {
        BOOST_CHECK_NO_THROW((void)AWAIT(face.conn.execute(unchecked_sql{std::string{"TABLE "} + catalog})));
        BOOST_CHECK_NO_THROW(
            (void)AWAIT(face.conn.execute(unchecked_sql{std::string{"SELECT t.* FROM "} + catalog + " t"})));
    }
}

// Its first row was made before the server saw that it cannot write it: what a function did stays, and so it is not run
// a second time.
BOOST_AUTO_TEST_CASE_TEMPLATE(without_a_binary_form_a_statement_fails_once_and_comes_in_text_from_then_on, Face,
                              both_faces) {
    printing<Face> face;
    std::int64_t expected = 0;
    for (const char* sql : {"SELECT nextval('text_results.calls')::int AS n, s FROM text_results.shapes WHERE id = $1",
                            "SELECT nextval('text_results.calls')::int AS n, ARRAY[s] AS s FROM text_results.shapes "
                            "WHERE id = $1",
                            "SELECT nextval('text_results.calls')::int AS n, ROW(s) AS s FROM text_results.shapes "
                            "WHERE id = $1",
                            "INSERT INTO text_results.shapes VALUES (nextval('text_results.calls') + $1 * 0, 'flat') "
                            "RETURNING id AS n, s"})
        for (const prepare how : {prepare::automatic, prepare::never}) {
            auto on = face.conn.with({.prepare = how});
            // each has a text of its own, as one that has failed is known by it
            const unchecked_sql text{std::string{sql} + (how == prepare::never ? " " : "")};
            const std::int64_t before = face.shapes();
            const auto e = ERROR_OF(errors::undefined_function, on.execute(text, 1));
            BOOST_TEST(contains(e.hint(), "text_results"), e.what());
            BOOST_TEST(contains(e.what(), "no binary output function"), e.what());
            BOOST_TEST(face.calls() == ++expected, sql);
            BOOST_TEST(face.shapes() == before);
            for (int i = 0; i < 3; ++i) {
                const result r = AWAIT(on.execute(text, 1));
                BOOST_TEST(r[0]["n"].template as<int>() == ++expected);
                BOOST_TEST(!r[0]["s"].template as<std::string>().empty());
            }
            BOOST_TEST(face.calls() == expected);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_text_without_such_rows_is_not_told_from_others, Face, both_faces) {
    printing<Face> face;
    const unchecked_sql sql{"SELECT s, id FROM text_results.shapes WHERE id = $1"};
    BOOST_TEST((AWAIT(face.conn.execute(sql, 7)).empty()));  // without a row nothing is to be written
    BOOST_CHECK_THROW((void)AWAIT(face.conn.execute(sql, 1)), errors::undefined_function);
    BOOST_TEST(AWAIT(face.conn.execute(sql, 1))[0]["s"].template as<std::string>() == "round");
    BOOST_TEST((AWAIT(face.conn.execute(sql, 2))[0]["s"].is_null()));
    // with parameters of other types it is the same text
    BOOST_TEST(AWAIT(face.conn.execute(sql, std::int64_t{1}))[0]["s"].template as<std::string>() == "round");
    // another connection has to learn it by itself, but one that is told does not
    auto other = face.connect();
    BOOST_TEST(AWAIT(other.with(in_text).execute(sql, 1))[0]["s"].template as<std::string>() == "round");
    BOOST_CHECK_THROW((void)AWAIT(other.execute(sql, 1)), errors::undefined_function);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(in_a_pipeline_what_was_before_is_undone_and_nothing_runs_twice, Face, both_faces) {
    printing<Face> face;
    for (int round = 0; round < 2; ++round) {
        const std::int64_t calls = face.calls();
        const std::int64_t shapes = face.shapes();
        auto batch = face.conn.pipeline();
        auto inserted = batch.execute("INSERT INTO text_results.shapes VALUES (nextval('text_results.calls'), 'x')");
        auto read = batch.template fetch_one<std::string>("SELECT s FROM text_results.shapes WHERE id = 1");
        auto number = batch.execute("SELECT 5 AS n");
        if (round == 0) {
            BOOST_CHECK_THROW(AWAIT(batch.run()), errors::undefined_function);
            BOOST_CHECK_THROW((void)inserted.get(), pipeline_aborted);
            const auto e = error_of<errors::undefined_function>([&] { (void)read.get(); });
            BOOST_TEST(contains(e.hint(), "text_results"), e.what());
            BOOST_TEST(face.shapes() == shapes);
        } else {
            AWAIT(batch.run());
            BOOST_TEST(inserted.get().affected_rows() == 1U);
            BOOST_TEST(read.get() == "round");
            BOOST_TEST((number.get()[0][0].raw().wire_format() == format::binary));
            BOOST_TEST(face.shapes() == shapes + 1);
        }
        BOOST_TEST(face.calls() == calls + 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(in_a_transaction_it_fails_as_any_statement_does, Face, both_faces) {
    printing<Face> face;
    for (const bool is_first : {true, false}) {
        auto tx = AWAIT(face.conn.begin());
        const unchecked_sql sql{is_first ? "SELECT s FROM text_results.shapes WHERE id = 1"
                                         : "SELECT s AS s FROM text_results.shapes WHERE id = 1"};
        if (!is_first) AWAIT(tx.execute("SELECT 1"));
        BOOST_CHECK_THROW((void)AWAIT(tx.execute(sql)), errors::undefined_function);
        BOOST_CHECK_THROW((void)AWAIT(tx.execute("SELECT 1")), errors::in_failed_sql_transaction);
        AWAIT(tx.rollback());
        auto again = AWAIT(face.conn.begin());
        BOOST_TEST(AWAIT(again.template fetch_one<std::string>(sql)) == "round");
        AWAIT(again.commit());
    }
}

// A function that does the like is no evidence, and its error is told as it is.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_function_raises_is_told_as_it_is, Face, both_faces) {
    printing<Face> face;
    AWAIT(face.conn.execute_script(
        "CREATE FUNCTION text_results.fails() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'no binary output function available for type x' USING ERRCODE = '42883'; END $$"));
    for (int i = 0; i < 3; ++i) {
        const auto e = ERROR_OF(errors::undefined_function, face.conn.execute("SELECT text_results.fails()"));
        BOOST_TEST(e.hint().empty(), e.what());
    }
}

BOOST_AUTO_TEST_SUITE_END()
