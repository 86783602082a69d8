// Names decide which column or attribute a member is read from and sent to; docs/names.md lists the situations.
#include "../support/pools.hpp"
#include "../support/round_trip.hpp"

namespace names_test {

struct author {
    int id;
    std::string name;
    bool operator==(const author&) const = default;
};

/// The column of one member may be that of another one, too.
struct book {
    int author_id;
    names_test::author author;
    bool operator==(const book&) const = default;
};

struct money_of {
    std::string currency;
    std::string amount;
    bool operator==(const money_of&) const = default;
};

struct named_pair {
    int first;
    int second;
    bool operator==(const named_pair&) const = default;
};

enum class colour { red, green };

struct painted {
    named_pair size;
    std::vector<named_pair> holes;
    bool operator==(const painted&) const = default;
};

struct positive_pair {
    int first;
    int second;
    bool operator==(const positive_pair&) const = default;
};

struct tagged {
    std::vector<std::string> tags;
    std::vector<std::string> colours;
    std::optional<std::vector<std::string>> emails;
    std::vector<std::vector<int>> counts;
    bool operator==(const tagged&) const = default;
};

struct usr {
    int id;
    std::string name;
    std::optional<named_pair> size;
    bool operator==(const usr&) const = default;
};

/// Of names.pair: a member of another name, one that has no attribute, and an attribute without a member.
struct other_names {
    int one;
    std::string note = "none";
    bool operator==(const other_names&) const = default;
};

struct only_size {
    named_pair size;
    bool operator==(const only_size&) const = default;
};

/// Made by the tests themselves.
struct later {
    int n;
    bool operator==(const later&) const = default;
};

/// In each schema another type.
struct loose {
    int n;
};

}  // namespace names_test

using namespace names_test;

template <>
struct coropg::codec<money_of> : coropg::composite_codec<money_of, "names.money_of"> {};
template <>
struct coropg::codec<named_pair> : coropg::composite_codec<named_pair, "names.pair"> {};
template <>
struct coropg::codec<colour> : coropg::enum_codec<colour, "names.colour"> {};
template <>
struct coropg::codec<positive_pair> : coropg::composite_codec<positive_pair, "names.positive_pair"> {};
template <>
struct coropg::codec<tagged> : coropg::composite_codec<tagged, "names.tagged"> {};
template <>
struct coropg::codec<usr> : coropg::composite_codec<usr, "names.usr"> {};
template <>
struct coropg::codec<only_size> : coropg::composite_codec<only_size, "names.only_size"> {};
template <>
struct coropg::columns<other_names> {
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"one", "first"}};
    static constexpr std::string_view optional[]{"note"};
    static constexpr bool lax = true;
};
template <>
struct coropg::codec<other_names> : coropg::composite_codec<other_names, "names.pair"> {};
template <>
struct coropg::codec<later> : coropg::composite_codec<later, "names.later"> {};
template <>
struct coropg::codec<loose> : coropg::composite_codec<loose, "loose"> {};
template <>
struct coropg::codec<painted> : coropg::composite_codec<painted, "names.painted"> {};

using namespace coropg;
using namespace coropg::test;

namespace {

template <class Face>
auto connection_with_names(Face& face) {
    auto conn = face.connect();
    AWAIT(
        conn.execute_script("SET client_min_messages = warning;"
                            "DROP SCHEMA IF EXISTS names CASCADE; CREATE SCHEMA names;"
                            "CREATE TYPE names.money_of AS (amount text, currency text);"
                            "CREATE TYPE names.stranger AS (amount text, currency text);"
                            "CREATE TYPE names.pair AS (first int, second int);"
                            "CREATE TYPE names.painted AS (size names.pair, holes names.pair[]);"
                            "CREATE DOMAIN names.positive_pair AS names.pair CHECK ((value).first > 0);"
                            "CREATE DOMAIN names.email AS varchar;"
                            "CREATE DOMAIN names.count AS int;"
                            "CREATE TABLE names.usr (id int, name text, size names.pair);"
                            "CREATE TYPE names.only_size AS (size names.pair);"
                            "CREATE TYPE names.colour AS ENUM ('red', 'green');"
                            "CREATE TYPE names.shade AS ENUM ('red', 'green');"
                            "CREATE TYPE names.tagged AS (tags varchar[], colours names.colour[],"
                            "                             emails names.email[], counts names.count[])"));
    return conn;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE_TEMPLATE(each_column_feeds_one_member, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const book wanted{1, {2, "Ann"}};
    BOOST_TEST((AWAIT(conn.template fetch_one<book>(
                    R"(SELECT 1 AS author_id, 2 AS "author.id", 'Ann' AS author_name)")) == wanted));
    BOOST_TEST((AWAIT(conn.template fetch_one<book>(
                    R"(SELECT 'Ann' AS author_name, 2 AS "author.id", 1 AS author_id)")) == wanted));
    const auto e = ERROR_OF(
        decode_error, conn.template fetch_one<book>("SELECT 1 AS author_id, 2 AS author_id, 'Ann' AS author_name"));
    BOOST_TEST(contains(e.what(), "column \"author_id\" occurs twice"));
    ERROR_OF(decode_error, conn.template fetch_one<book>("SELECT 1 AS author_id, 'Ann' AS author_name"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_composite_in_a_record_is_read_by_name, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    const money_of price{"EUR", "5"};
    using record = std::tuple<int, money_of>;
    using holder = std::tuple<record>;
    BOOST_CHECK((AWAIT(conn.template fetch_one<holder>("SELECT ROW(1, ('5', 'EUR')::names.money_of)")) ==
                 holder{record{1, price}}));
    using inner = std::tuple<std::tuple<std::vector<std::optional<money_of>>>>;
    using deep = std::tuple<std::vector<std::optional<inner>>>;
    const deep wanted{{std::nullopt, inner{{{std::nullopt, price}}}}};
    BOOST_CHECK((AWAIT(conn.template fetch_one<deep>(
                     "SELECT array[NULL, ROW(ROW(array[NULL, ('5', 'EUR')::names.money_of]))]::record[]")) == wanted));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(in_a_record_another_type_is_refused_by_its_name, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    using with_money = std::tuple<std::tuple<int, money_of>>;
    const auto e =
        ERROR_OF(decode_error, conn.template fetch_one<with_money>("SELECT ROW(1, ('5', 'EUR')::names.stranger)"));
    BOOST_TEST(contains(e.what(), "(stranger)"));
    using with_number = std::tuple<std::tuple<int, int>>;
    const auto as_number =
        ERROR_OF(decode_error, conn.template fetch_one<with_number>("SELECT ROW(1, 'red'::names.colour)"));
    BOOST_TEST(contains(as_number.what(), "(text)"));
    const auto as_number_too =
        ERROR_OF(decode_error, conn.template fetch_one<with_number>("SELECT ROW(1, ('5', 'EUR')::names.stranger)"));
    BOOST_TEST(contains(as_number_too.what(), "(stranger)"));
    using with_colour = std::tuple<std::tuple<int, std::vector<colour>>>;
    BOOST_CHECK((AWAIT(conn.template fetch_one<with_colour>("SELECT ROW(1, array['green']::names.colour[])")) ==
                 with_colour{{1, {colour::green}}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_composite_that_was_altered_by_another_is_read_by_its_names, Face, both_faces) {
    Face face;
    auto other = connection_with_names(face);
    auto conn = face.connect();
    const auto read = [&] {
        return AWAIT(conn.template fetch_one<money_of>("SELECT $1::names.money_of", kept(money_of{"EUR", "5"})));
    };
    const auto as_text = [&] {
        return AWAIT(conn.template fetch_one<std::string>("SELECT ($1).currency", kept(money_of{"EUR", "5"})));
    };
    BOOST_CHECK((read() == money_of{"EUR", "5"}));
    AWAIT(
        other.execute_script("ALTER TYPE names.money_of DROP ATTRIBUTE amount CASCADE;"
                             "ALTER TYPE names.money_of ADD ATTRIBUTE amount varchar CASCADE"));
    BOOST_CHECK(
        (AWAIT(conn.template fetch_one<money_of>("SELECT ('EUR', '5')::names.money_of")) == money_of{"EUR", "5"}));
    BOOST_CHECK((read() == money_of{"EUR", "5"}));
    AWAIT(
        other.execute_script("ALTER TYPE names.money_of DROP ATTRIBUTE currency CASCADE;"
                             "ALTER TYPE names.money_of ADD ATTRIBUTE currency text CASCADE"));
    BOOST_TEST(as_text() == "EUR");
    AWAIT(other.execute("ALTER TYPE names.money_of ADD ATTRIBUTE note text CASCADE"));
    for (int i = 0; i < 2; ++i) {
        const auto e =
            ERROR_OF(decode_error, conn.template fetch_one<money_of>("SELECT ('5', 'EUR', '')::names.money_of"));
        BOOST_TEST(contains(e.what(), "no member for attribute note"));
        const auto sent = ERROR_OF(usage_error, conn.execute("SELECT $1", kept(money_of{"EUR", "5"})));
        BOOST_TEST(contains(sent.what(), "(amount, currency, note)"));
    }
    AWAIT(other.execute("ALTER TYPE names.money_of DROP ATTRIBUTE note CASCADE"));
    BOOST_CHECK((read() == money_of{"EUR", "5"}));
    BOOST_TEST(as_text() == "EUR");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(so_is_one_within_another, Face, both_faces) {
    Face face;
    auto other = connection_with_names(face);
    AWAIT(other.execute("CREATE TABLE names.stock AS SELECT 1 AS id, ((1, 2), '{\"(3,4)\"}')::names.painted AS p"));
    auto conn = face.connect();
    const painted wanted{{1, 2}, {{3, 4}}};
    const auto read = [&] { return AWAIT(conn.template fetch<painted>("SELECT p FROM names.stock")); };
    BOOST_CHECK((read() == std::vector{wanted}));
    AWAIT(
        other.execute_script("DROP TABLE names.stock, names.usr; ALTER TYPE names.pair DROP ATTRIBUTE first CASCADE;"
                             "ALTER TYPE names.pair ADD ATTRIBUTE first int CASCADE;"
                             "ALTER TYPE names.pair ALTER ATTRIBUTE second TYPE int8 CASCADE"));
    BOOST_CHECK((AWAIT(conn.template fetch_one<painted>("SELECT ((2, 1), '{\"(4,3)\"}')::names.painted")) == wanted));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(so_is_the_row_of_a_table, Face, both_faces) {
    Face face;
    auto other = connection_with_names(face);
    auto conn = face.connect();
    const usr ann{1, "Ann", std::nullopt};
    AWAIT(conn.execute("INSERT INTO names.usr SELECT ($1).*", ann));
    AWAIT(
        other.execute_script("ALTER TABLE names.usr DROP COLUMN id; ALTER TABLE names.usr ADD COLUMN id int;"
                             "UPDATE names.usr SET id = 1"));
    BOOST_CHECK((AWAIT(conn.template fetch<usr>("SELECT u FROM names.usr u")) == std::vector{ann}));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT ($1).name", ann)) == "Ann");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_renamed_is_asked_for_again_once_it_does_not_fit, Face, both_faces) {
    Face face;
    auto other = connection_with_names(face);
    auto conn = face.connect();
    const auto read = [&] { return AWAIT(conn.template fetch_one<money_of>("SELECT ('5', 'EUR')::names.money_of")); };
    AWAIT(other.execute("ALTER TYPE names.money_of RENAME ATTRIBUTE amount TO sum"));
    for (int i = 0; i < 2; ++i) error_of<decode_error>(read);
    AWAIT(other.execute("ALTER TYPE names.money_of RENAME ATTRIBUTE sum TO amount"));
    BOOST_CHECK((read() == money_of{"EUR", "5"}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_drain_forgets_what_no_value_tells, Face, both_faces) {
    pool_of<Face> face{{.max_size = 2}};
    auto other = connection_with_names(face);
    const auto read = [&] { return AWAIT(face.pool.template fetch_one<named_pair>("SELECT (1, 2)::names.pair")); };
    BOOST_CHECK((read() == named_pair{1, 2}));
    AWAIT(
        other.execute_script("ALTER TYPE names.pair RENAME ATTRIBUTE first TO third;"
                             "ALTER TYPE names.pair RENAME ATTRIBUTE second TO first;"
                             "ALTER TYPE names.pair RENAME ATTRIBUTE third TO second"));
    {
        auto lent = AWAIT(face.pool.acquire());
        BOOST_CHECK((AWAIT(lent->template fetch_one<named_pair>("SELECT (1, 2)::names.pair")) == named_pair{1, 2}));
        face.pool.drain();
    }
    BOOST_CHECK((read() == named_pair{2, 1}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_type_younger_than_the_snapshot_is_not_guessed, Face, both_faces) {
    Face face;
    auto other = connection_with_names(face);
    auto conn = face.connect();
    AWAIT(other.execute("DROP TYPE names.money_of"));
    auto tx = AWAIT(conn.begin({.isolation = isolation::repeatable_read}));
    AWAIT(tx.execute("SELECT 1"));
    AWAIT(other.execute("CREATE TYPE names.money_of AS (amount text, currency text)"));
    ERROR_OF(usage_error, tx.execute("SELECT $1", kept(money_of{"EUR", "5"})));
    ERROR_OF(decode_error, tx.template fetch_one<money_of>("SELECT ('5', 'EUR')::names.money_of"));
    AWAIT(tx.rollback());
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT ($1).currency", kept(money_of{"EUR", "5"}))) ==
               "EUR");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_codec_may_name_a_domain_over_a_composite, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    goes_round(face, conn, "names.positive_pair", positive_pair{1, 2});
    auto fresh = face.connect();
    BOOST_CHECK((AWAIT(fresh.template fetch_one<positive_pair>("SELECT (1, 2)::names.pair::names.positive_pair")) ==
                 positive_pair{1, 2}));
    using record = std::tuple<std::tuple<positive_pair, std::vector<positive_pair>>>;
    BOOST_CHECK((AWAIT(fresh.template fetch_one<record>("SELECT ROW($1, array[$1])", positive_pair{1, 2})) ==
                 record{{positive_pair{1, 2}, {positive_pair{1, 2}}}}));
    ERROR_OF(errors::check_violation, conn.execute("SELECT $1", positive_pair{0, 2}));
    ERROR_OF(decode_error, conn.template fetch_one<positive_pair>("SELECT ('5', 'EUR')::names.money_of"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(arrays_in_a_composite_have_the_type_of_its_attribute, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    const tagged all{{"a", "b"}, {"red"}, std::vector<std::string>{"x@y"}, {{1, 2}, {3, 4}}};
    goes_round(face, conn, "names.tagged", all);
    goes_round(face, conn, "names.tagged", tagged{{}, {}, std::nullopt, {}});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_struct_with_a_composite_codec_is_a_row_too, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    const usr ann{1, "Ann", named_pair{1, 2}};
    AWAIT(conn.execute("INSERT INTO names.usr SELECT ($1).*", ann));
    BOOST_CHECK((AWAIT(conn.template fetch<usr>("SELECT * FROM names.usr")) == std::vector{ann}));
    BOOST_CHECK((AWAIT(conn.template fetch<usr>("SELECT u FROM names.usr u")) == std::vector{ann}));
    BOOST_CHECK((AWAIT(conn.template fetch_one<usr>("SELECT name, size, id FROM names.usr")) == ann));
    BOOST_CHECK((AWAIT(conn.template fetch_optional<usr>("SELECT * FROM names.usr")) == ann));
    BOOST_CHECK((AWAIT(conn.template fetch_one<std::optional<usr>>("SELECT NULL::names.usr")) == std::nullopt));
    const only_size alone{{1, 2}};
    BOOST_CHECK((AWAIT(conn.template fetch_one<only_size>("SELECT size FROM names.usr")) == alone));
    BOOST_CHECK(
        (AWAIT(conn.template fetch_one<only_size>("SELECT ROW(size)::names.only_size FROM names.usr")) == alone));
    const auto e = ERROR_OF(decode_error, conn.template fetch_one<usr>("SELECT id, name FROM names.usr"));
    BOOST_TEST(contains(e.what(), "no column for member \"size\""));
    ERROR_OF(decode_error, conn.template fetch_one<usr>("SELECT 1"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_columns_say_holds_for_composites, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    BOOST_CHECK((AWAIT(conn.template fetch_one<other_names>("SELECT (1, 2)::names.pair")) == other_names{1}));
    const auto e = ERROR_OF(usage_error, conn.execute("SELECT $1", kept(other_names{1})));
    BOOST_TEST(contains(e.what(), "no member for attribute \"second\""));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(call_of_a_void_function_returns_nothing, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    AWAIT(conn.execute("CREATE FUNCTION names.nothing(int) RETURNS void LANGUAGE sql AS 'SELECT'"));
    AWAIT(conn.template call<void>("names.nothing", 1));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_learned_in_a_transaction_that_is_undone_is_forgotten, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    const auto make_and_use = [&](auto& in) {
        AWAIT(in.execute("CREATE TYPE names.later AS (n int)"));
        return AWAIT(in.template fetch_one<later>("SELECT $1", later{5}));
    };
    for (int i = 0; i < 2; ++i) {
        auto tx = AWAIT(conn.begin());
        BOOST_CHECK((make_and_use(tx) == later{5}));
        AWAIT(tx.rollback());
    }
    for (int i = 0; i < 2; ++i) {
        AWAIT(conn.execute("BEGIN"));
        BOOST_CHECK((make_and_use(conn) == later{5}));
        AWAIT(conn.execute("ROLLBACK"));
    }
    auto tx = AWAIT(conn.begin());
    for (int i = 0; i < 2; ++i) {
        auto savepoint = AWAIT(tx.begin());
        BOOST_CHECK((make_and_use(savepoint) == later{5}));
        AWAIT(savepoint.rollback());
    }
    BOOST_CHECK((make_and_use(tx) == later{5}));
    AWAIT(tx.commit());
    BOOST_CHECK((AWAIT(conn.template fetch_one<later>("SELECT $1", later{6})) == later{6}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_connection_alters_itself_is_asked_for_again, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    const auto read = [&] { return AWAIT(conn.template fetch_one<named_pair>("SELECT (1, 2)::names.pair")); };
    BOOST_CHECK((read() == named_pair{1, 2}));
    AWAIT(conn.execute("ALTER TYPE names.pair RENAME ATTRIBUTE first TO third"));
    AWAIT(conn.execute("ALTER TYPE names.pair RENAME ATTRIBUTE second TO first"));
    AWAIT(conn.execute("ALTER TYPE names.pair RENAME ATTRIBUTE third TO second"));
    BOOST_CHECK((read() == named_pair{2, 1}));
    AWAIT(
        conn.execute_script("ALTER TYPE names.pair RENAME ATTRIBUTE first TO third;"
                            "ALTER TYPE names.pair RENAME ATTRIBUTE second TO first;"
                            "ALTER TYPE names.pair RENAME ATTRIBUTE third TO second"));
    BOOST_CHECK((read() == named_pair{1, 2}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(another_search_path_gives_names_another_meaning, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    AWAIT(
        conn.execute_script("DROP SCHEMA IF EXISTS names_other CASCADE; CREATE SCHEMA names_other;"
                            "CREATE TYPE names.loose AS (n int); CREATE TYPE names_other.loose AS (n int)"));
    const auto sent_as = [&] {
        return AWAIT(conn.template fetch_one<std::string>("SELECT format_type(pg_typeof($1), NULL)", loose{1}));
    };
    const auto schema = [&] {
        return AWAIT(conn.template fetch_one<std::string>(
            "SELECT nspname::text FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
            "WHERE t.oid = pg_typeof($1)::oid",
            loose{1}));
    };
    AWAIT(conn.execute("SET search_path = names"));
    BOOST_TEST(schema() == "names");
    AWAIT(conn.execute("SET Search_Path = names_other"));
    BOOST_TEST(schema() == "names_other");
    BOOST_TEST(sent_as() == "loose");
    AWAIT(conn.execute("DROP SCHEMA names_other CASCADE"));
}

namespace {

/// A connection with schemas names_a and names_b, each with a type `loose`, of which names_a is on the path.
template <class Face>
struct two_paths {
    explicit two_paths(Face& f) : face{f} {
        AWAIT(
            conn.execute_script("DROP SCHEMA IF EXISTS names_a CASCADE; DROP SCHEMA IF EXISTS names_b CASCADE;"
                                "CREATE SCHEMA names_a; CREATE SCHEMA names_b;"
                                "CREATE TYPE names_a.loose AS (n int); CREATE TYPE names_b.loose AS (n int);"
                                "SET search_path = names_a"));
        BOOST_TEST(schema_of_loose(conn) == "names_a");
    }
    ~two_paths() { AWAIT(conn.execute_script("DROP SCHEMA names_a CASCADE; DROP SCHEMA names_b CASCADE")); }

    template <class Handle>
    std::string schema_of_loose(Handle& on) {
        return AWAIT(on.template fetch_one<std::string>(
            "SELECT nspname::text FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace "
            "WHERE t.oid = pg_typeof($1)::oid",
            kept(loose{1})));
    }

    Face& face;
    typename Face::connection conn = face.connect();
};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(each_way_to_another_search_path_is_seen, Face, both_faces) {
    Face face;
    two_paths t{face};
    for (const char* to :
         {"SET SCHEMA 'names_%'", "SET SESSION search_path TO names_%",
          "SELECT set_config('search_path', 'names_%', false)", R"(SET U&"search\005fpath" = 'names_%')",
          "UPDATE pg_settings SET setting = 'names_%' WHERE name = 'search_path'",
          "DO 'BEGIN SET search_path = names_%; END'"})
        for (const char* schema : {"b", "a"}) {
            std::string sql = to;
            sql.replace(sql.find('%'), 1, schema);
            AWAIT(t.conn.execute(unchecked_sql{sql}));
            BOOST_TEST(t.schema_of_loose(t.conn) == std::string{"names_"} + schema, sql);
        }
    AWAIT(t.conn.execute("CREATE TEMP TABLE loose AS SELECT 1 AS n"));
    BOOST_TEST(t.schema_of_loose(t.conn).starts_with("pg_temp"));
    AWAIT(t.conn.execute("DROP TABLE loose"));
    AWAIT(t.conn.execute("SELECT 1 AS n INTO TEMP loose"));
    BOOST_TEST(t.schema_of_loose(t.conn).starts_with("pg_temp"));
    AWAIT(t.conn.execute("DISCARD TEMP"));
    BOOST_TEST(t.schema_of_loose(t.conn) == "names_a");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_search_path_of_a_transaction_ends_with_it, Face, both_faces) {
    Face face;
    two_paths t{face};
    const auto within = [&](auto begin, auto end) {
        begin();
        BOOST_TEST(t.schema_of_loose(t.conn) == "names_b");
        end();
        BOOST_TEST(t.schema_of_loose(t.conn) == "names_a");
    };
    const auto run = [&](const char* sql) {
        return [&t, &face, sql] { AWAIT(t.conn.execute_script(unchecked_sql{sql})); };
    };
    within(run("BEGIN; SET LOCAL search_path = names_b"), run("COMMIT"));
    within(run("BEGIN; SET search_path = names_b"), run("ROLLBACK"));
    within(
        [&] {
            AWAIT(t.conn.execute("BEGIN"));
            AWAIT(t.conn.execute("SET LOCAL search_path = names_b"));
            AWAIT(t.conn.execute("RESET statement_timeout"));
        },
        [&] { AWAIT(t.conn.execute("COMMIT")); });
    within(
        [&] {
            AWAIT(t.conn.execute("BEGIN"));
            AWAIT(t.conn.execute("SELECT set_config('search_path', 'names_b', true)"));
        },
        [&] { AWAIT(t.conn.execute("COMMIT")); });
    auto tx = AWAIT(t.conn.begin());
    AWAIT(tx.execute_script("SET LOCAL search_path = names_b"));
    BOOST_TEST(t.schema_of_loose(tx) == "names_b");
    AWAIT(tx.commit());
    BOOST_TEST(t.schema_of_loose(t.conn) == "names_a");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_part_of_a_pipeline_sends_types_as_those_before_leave_them, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    const auto text_of = [&](auto& on) {
        return on.template fetch_one<std::string>("SELECT $1::text", kept(named_pair{1, 2}));
    };
    BOOST_TEST(AWAIT(text_of(conn)) == "(1,2)");
    auto p = conn.pipeline();
    p.execute("ALTER TYPE names.pair RENAME ATTRIBUTE first TO third");
    p.execute("ALTER TYPE names.pair RENAME ATTRIBUTE second TO first");
    p.execute("ALTER TYPE names.pair RENAME ATTRIBUTE third TO second");
    p.sync();
    auto behind = text_of(p);
    AWAIT(p.run());
    BOOST_TEST(behind.get() == "(2,1)");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_plan_that_names_a_type_of_the_past_fails_once, Face, both_faces) {
    Face face;
    auto conn = connection_with_names(face);
    AWAIT(conn.execute("CREATE TYPE names.passing AS ENUM ('a')"));
    const auto read = [&] {
        return AWAIT(conn.template fetch_one<std::string>("SELECT 'a'::names.passing::text || $1", "b"));
    };
    for (int i = 0; i < 3; ++i) BOOST_TEST(read() == "ab");
    auto other = face.connect();
    AWAIT(other.execute_script("DROP TYPE names.passing; CREATE TYPE names.passing AS ENUM ('a')"));
    int failures = 0;
    for (int i = 0; i < 3; ++i) {
        try {
            BOOST_TEST(read() == "ab");
        } catch (const server_error& e) {
            BOOST_TEST(e.is_transient(), e.what());
            ++failures;
        }
    }
    BOOST_TEST(failures <= 1);
}

BOOST_AUTO_TEST_SUITE_END()
