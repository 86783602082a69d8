// The scanner of SQL text and the types that check it at compile time. Each table is read twice: by the compiler, and
// at run time from memory without a spare byte behind the text, where the sanitizers see a read too far.
#include <coropg/error.hpp>
#include <coropg/sql.hpp>
#include <coropg/sql_text.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using coropg::basic_sql;
using coropg::script_sql;
using coropg::session_change;
using coropg::sql_view;
using coropg::unchecked_sql;
using coropg::detail::hash_sql;
using coropg::detail::scan_sql;
using coropg::detail::sql_defect;
using coropg::detail::sql_shape;

sql_shape scan_without_spare_byte(std::string_view text) {
    const std::vector<char> copy(text.begin(), text.end());
    return scan_sql({copy.data(), copy.size()});
}

struct placeholder_case {
    std::string_view text;
    std::size_t highest;
};

constexpr placeholder_case placeholders[]{
    {"", 0},
    {"SELECT $1", 1},
    {"SELECT $2, $1, $2, $1", 2},
    {"SELECT $1$2", 2},
    {"SELECT $1::text,$3", 3},
    {"SELECT a[$2]", 2},
    {"SELECT -$1", 1},
    {"SELECT 1$1", 1},
    {"SELECT $007", 7},
    {"SELECT $65535", 65535},
    // words
    {"SELECT a$1", 0},
    {"SELECT _$1, A1$2, a$b$3", 0},
    {"SELECT \u00e9$1", 0},
    {"SELECT \U0001F600$1", 0},
    {"SELECT t.a$1, $1", 1},
    {"SELECT $ 1", 0},
    {"SELECT $a $1", 1},
    {"SELECT $", 0},
    // plain strings
    {"SELECT '$1'", 0},
    {"SELECT 'it''s $1'", 0},
    {"SELECT '''$1', $1", 1},
    {"SELECT ''''$1", 1},
    {R"(SELECT '\', $1, '')", 1},
    {R"(SELECT N'\', $1)", 1},
    {R"(SELECT B'1\', X'F\', $1)", 1},
    {R"(SELECT U&'\', $1)", 1},
    {R"(SELECT U&'d!0061t\' UESCAPE '!', $1)", 1},
    {"SELECT 'a'\n'$1', $2", 2},
    {"SELECT 'a' -- '\n'$1', $2", 2},
    {"SELECT '\u00e9$1'", 0},
    {"SELECT '/*', $1, '*/'", 1},
    {"SELECT '--', $1", 1},
    {"SELECT '$$', $1, '$$'", 1},
    {"SELECT '\"', $1, '\"'", 1},
    // strings with escapes
    {R"(SELECT E'\'$1', $2)", 2},
    {R"(SELECT e'\\', $1)", 1},
    {R"(SELECT E'\\\'$1')", 0},
    {R"(SELECT E'''\'$1')", 0},
    {R"(SELECT E 'a\', $1)", 1},
    {R"(SELECT te'a\', $1)", 1},
    {R"(SELECT $1E'\'$2')", 1},
    {"SELECT E'a'\n'\\'$1'", 0},
    {"SELECT E'a'\n -- don't\n '\\'$1', $2", 2},
    {"SELECT E'a' '\\', $1", 1},
    {"SELECT E'a' /*\n*/ '\\', $1", 1},
    {"SELECT E'a'\r'\\'$1'", 0},
    {"SELECT E'a'\n$1", 1},
    // quoted identifiers
    {R"(SELECT "$1")", 0},
    {R"(SELECT "a""$1", $2)", 2},
    {R"(SELECT """$1""")", 0},
    {R"(SELECT "\", $1)", 1},
    {R"(SELECT U&"\0061$1", $2)", 2},
    {R"(SELECT u&"\", $1)", 1},
    {"SELECT \"a'\", $1", 1},
    {"SELECT \"a\"\n\"$1\", $2", 2},
    // dollar quotes
    {"SELECT $$ $1 $$", 0},
    {"SELECT $tag$ $1 $tag$", 0},
    {"SELECT $tag$ $$ $1 $$ $TAG$ $2 $tag$, $3", 3},
    {"SELECT $$ ' $$, $1", 1},
    {"SELECT $$ -- $$, $1", 1},
    {"SELECT $a$ $b$a$, $1", 1},
    {"SELECT $a$ $aa$ $1 $a$", 0},
    {"SELECT $a1$ $1 $a1$", 0},
    {"SELECT $_$ $1 $_$", 0},
    {"SELECT $\u00e9$ $1 $\u00e9$", 0},
    {"SELECT $$$$, $1", 1},
    {"SELECT $$$1$$", 0},
    {"SELECT $1$$ $2 $$", 1},
    {"SELECT $1$a$ $2 $a$", 1},
    {"SELECT a$$, $1, b$$", 1},
    {"SELECT a$b$, $1, b$b$, $$ $2 $$", 1},
    {"SELECT a$b$ $b$ $1 $b$", 0},
    {"SELECT 1$$ $1 $$", 0},
    // comments
    {"SELECT 1 -- $1", 0},
    {"SELECT 1 -- ' $1\n, $2", 2},
    {"SELECT 1 -- $1\r, $2", 2},
    {"SELECT 1 --$1 /*\n, $2 --*/", 2},
    {"SELECT 1 /* $1 */", 0},
    {"SELECT /* ' \" $$ */ $1", 1},
    {"SELECT /* /* $1 */ $2 */ $3", 3},
    {"SELECT /* -- */ $1", 1},
    {"SELECT /**/ $1", 1},
    {"SELECT /***/ $1", 1},
    {"SELECT /*/ $1 */ $2", 2},
    {"SELECT /*/**/*/ $1", 1},
    {"SELECT 2*/* $1 */$2", 2},
    {"SELECT //* $1 */$2", 2},
    {"SELECT 1 @--$1\n$2", 2},
    {"SELECT 1 - -$1", 1},
};

constexpr bool matches(const placeholder_case& c, const sql_shape& shape) {
    return shape.defect == sql_defect::none && shape.highest_placeholder == c.highest;
}

static_assert(std::ranges::all_of(placeholders, [](const auto& c) { return matches(c, scan_sql(c.text)); }));

struct defect_case {
    std::string_view text;
    sql_defect defect;
};

constexpr defect_case defects[]{
    {"'", sql_defect::open_string},
    {"SELECT 'a", sql_defect::open_string},
    {"SELECT 'a''", sql_defect::open_string},
    {"SELECT 'it's'", sql_defect::open_string},
    {"SELECT 'a' -- '\n'b", sql_defect::open_string},
    {R"(SELECT E'\')", sql_defect::open_string},
    {R"(SELECT E'\)", sql_defect::open_string},
    {R"(SELECT E'a\\\')", sql_defect::open_string},
    {R"(SELECT '\'')", sql_defect::open_string},
    {"SELECT E'a'\n'\\'", sql_defect::open_string},
    {"SELECT 'a' /*\n*/ E'\\'", sql_defect::open_string},
    {"SELECT N'a", sql_defect::open_string},
    {"SELECT U&'a", sql_defect::open_string},
    {"SELECT a$$'$$", sql_defect::open_string},
    {"\"", sql_defect::open_identifier},
    {"SELECT \"a", sql_defect::open_identifier},
    {"SELECT \"a\"\"", sql_defect::open_identifier},
    {"SELECT U&\"a", sql_defect::open_identifier},
    {"SELECT E\"a\\\"\"", sql_defect::open_identifier},
    {"$$", sql_defect::open_dollar_quote},
    {"SELECT $$ $a$", sql_defect::open_dollar_quote},
    {"SELECT $tag$ $TAG$", sql_defect::open_dollar_quote},
    {"SELECT $tag$ $tag", sql_defect::open_dollar_quote},
    {"SELECT $$ $ $", sql_defect::open_dollar_quote},
    {"SELECT $1$a$", sql_defect::open_dollar_quote},
    {"/*", sql_defect::open_comment},
    {"/*/", sql_defect::open_comment},
    {"SELECT /* /* */", sql_defect::open_comment},
    {"SELECT /* '*/' */ '/*", sql_defect::open_comment},
    {"SELECT /* '*/' */ /*", sql_defect::open_string},
    {"SELECT 1 +/* 2", sql_defect::open_comment},
    {"SELECT $0", sql_defect::placeholder_zero},
    {"SELECT $1, $00", sql_defect::placeholder_zero},
    {"SELECT $65536", sql_defect::placeholder_too_large},
    {"SELECT $18446744073709551617", sql_defect::placeholder_too_large},
    {"SELECT $99999999999999999999999999999999999999", sql_defect::placeholder_too_large},
};

static_assert(std::ranges::all_of(defects, [](const auto& c) { return scan_sql(c.text).defect == c.defect; }));

struct statement_case {
    std::string_view text;
    std::size_t statements;
};

constexpr statement_case statements[]{
    {"", 0},
    {" \t\r\n\f\v", 0},
    {"-- nothing", 0},
    {"/* nothing */ ; ;; -- nothing", 0},
    {"SELECT 1", 1},
    {"SELECT 1;", 1},
    {"SELECT 1; ; /* ; */ -- ;\n ;", 1},
    {"; SELECT 1", 1},
    {"SELECT 1; SELECT 2", 2},
    {"SELECT 1;SELECT 2;", 2},
    {"SELECT 1; 'x'", 2},
    {"SELECT 1; \"x\"", 2},
    {"SELECT 1; $$x$$", 2},
    {"SELECT 1; (SELECT 2)", 2},
    {"SELECT 1; 2", 2},
    {"SELECT ';'; -- ;", 1},
    {"SELECT $$;$$, \";\", E'\\';' /* ; */", 1},
    {"CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))", 1},
    {"CREATE RULE r AS ON INSERT TO t DO NOTHING; SELECT 1", 2},
    {"SELECT 1); SELECT 2", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END", 1},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 1", 2},
    {"create or replace procedure p() begin /* x */ atomic insert into t values (1); end; select 1", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; SELECT 3", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (CASE a WHEN 1 THEN CASE b WHEN 2 THEN 3 END END); END", 1},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.end, 1 AS end, \"end\", 2 AS case; SELECT 2; END", 1},
    {"CREATE FUNCTION f() RETURNS int AS $$ BEGIN ATOMIC $$ LANGUAGE sql; SELECT 1", 2},
    {"BEGIN; SELECT 1; END", 3},
    {"BEGIN ATOMIC; SELECT 1", 2},
};

static_assert(std::ranges::all_of(statements, [](const auto& c) {
    const sql_shape shape = scan_sql(c.text);
    return shape.defect == sql_defect::none && shape.statements == c.statements;
}));

struct copy_case {
    std::string_view text;
    bool is_copy;
};

constexpr copy_case copies[]{
    {"COPY t FROM STDIN", true},
    {"copy t (a, b) from stdin with (format binary)", true},
    {"COPY t TO STDOUT", true},
    {"/* c */ -- d\n COPY (SELECT a FROM t) To /* e */ StdOut", true},
    {"COPY \"from\" FROM STDIN", true},
    {"SELECT 1; COPY t FROM STDIN; SELECT 2", true},
    {"COPY t TO 'stdout'", false},
    {"COPY t FROM '/tmp/stdin'", false},
    {"COPY stdin FROM '/tmp/a'", false},
    {"COPY t FROM PROGRAM 'x' -- FROM STDIN", false},
    {"COPY (SELECT a FROM stdin) TO '/tmp/a'", false},
    {"COPY t FROM \"stdin\"", false},
    {"COPY t FROM 'x' ; SELECT a FROM stdin", false},
    {"SELECT copy FROM stdin", false},
    {"(COPY t FROM STDIN)", false},
    {"COPYX t FROM STDIN", false},
    {"\"copy\" t FROM STDIN", false},
    {"'COPY' t FROM STDIN", false},
};

static_assert(std::ranges::all_of(copies, [](const auto& c) { return scan_sql(c.text).is_copy == c.is_copy; }));

struct commit_case {
    std::string_view text;
    bool commits;
    bool midway;
};

constexpr commit_case commits[]{
    {"CALL pay(1)", true, true},
    {"SELECT 1; do $$BEGIN COMMIT; END$$", true, true},
    {"VACUUM", true, true},
    {"create unique index concurrently i ON t (a)", true, true},
    {"ALTER TABLE t DETACH PARTITION p CONCURRENTLY", true, true},
    {"REINDEX TABLE t", true, true},
    {"CREATE DATABASE d", true, false},
    {"DROP TABLESPACE s", true, false},
    {"ALTER SYSTEM SET a = 1", true, false},
    {"PREPARE TRANSACTION 'a'", true, false},
    {"PREPARE transaction_of AS SELECT 1", false, false},
    {"CREATE TABLE database (system int)", false, false},
    {"ALTER TABLE t ADD tablespace int", false, false},
    {"SELECT concurrently FROM vacuum", false, false},
    {"SET a.b = 'CALL'", false, false},
    {"BEGIN", false, false},
    {"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", false, false},
};

static_assert(std::ranges::all_of(commits, [](const auto& c) {
    const sql_shape shape = scan_sql(c.text);
    return shape.commits == c.commits && shape.commits_midway == c.midway;
}));

struct change_case {
    std::string_view text;
    session_change changes;
};

constexpr session_change plain = session_change::none;
constexpr session_change undoable = session_change::undoable;
constexpr session_change prepared = session_change::prepared_statements;
constexpr session_change lasting = session_change::lasting;

constexpr change_case changes[]{
    {"", plain},
    {" -- SET x = 1", plain},
    {"/* SET x = 1 */ SELECT 1", plain},
    {"SELECT name FROM users WHERE id = $1", plain},
    {"select $1::int", plain},
    {"((SELECT 1) UNION (SELECT 2))", plain},
    {"INSERT INTO t VALUES ($1) ON CONFLICT DO UPDATE SET a = 1 RETURNING id", plain},
    {"UPDATE t SET a = $1", plain},
    {"DELETE FROM t", plain},
    {"MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DO NOTHING", plain},
    {"WITH a AS (SELECT 1) TABLE a", plain},
    {"VALUES (1)", plain},
    {"TABLE t", plain},
    {"EXPLAIN (ANALYZE) SELECT 1", plain},
    {"SHOW search_path", plain},
    {"VACUUM t", plain},
    {"ANALYZE", plain},
    {"CREATE TABLE t (temperature float8, begin_at timestamp)", plain},
    {"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT set_config('a.b', '1', false) $$", plain},
    {"ALTER ROLE r SET search_path = s", plain},
    {"DROP TABLE t", plain},
    {"TRUNCATE t", plain},
    {"GRANT ALL ON t TO r", plain},
    {"REVOKE ALL ON t FROM r", plain},
    {"COMMENT ON TABLE t IS 'TEMP'", plain},
    {"REINDEX TABLE t", plain},
    {"REFRESH MATERIALIZED VIEW v", plain},
    {"CLUSTER t", plain},
    {"CHECKPOINT", plain},
    {"NOTIFY jobs", plain},
    {"COPY t FROM '/tmp/a'", plain},
    {"SELECT 1; INSERT INTO t VALUES (1); SELECT 2;", plain},
    {"SELECT 'set_config', E'pg_advisory_lock', $$TEMP$$ -- nextval", plain},
    {"SELECT pg_advisory_xact_lock($1), pg_try_advisory_xact_lock_shared(1)", plain},
    {"SELECT currval('s'), set_configuration()", plain},
    {R"(SELECT "Set" FROM "reset" "listen")", plain},
    // commands
    {"SET search_path = a", undoable},
    {"set role r", undoable},
    {"/* c */ -- d\n\tSET a.b TO 1", undoable},
    {"SET LOCAL a.b = 1", undoable},
    {"RESET ALL", undoable},
    {"LISTEN jobs", undoable},
    {"UNLISTEN *", undoable},
    {"DECLARE c CURSOR WITH HOLD FOR SELECT 1", undoable},
    {"FETCH 1 FROM c", undoable},
    {"MOVE 1 FROM c", undoable},
    {"CLOSE c", undoable},
    {"LOCK t", undoable},
    {"BEGIN", undoable},
    {"START TRANSACTION", undoable},
    {"COMMIT AND CHAIN", undoable},
    {"END", undoable},
    {"ROLLBACK", undoable},
    {"ABORT", undoable},
    {"SAVEPOINT a", undoable},
    {"RELEASE a", undoable},
    {"CALL p(1)", undoable},
    {"SELECT 1; SET a.b = 1; SELECT 2", undoable},
    {";;(SELECT 1);SET a.b = 1", undoable},
    {"PREPARE p AS SELECT 1", prepared},
    {"EXECUTE p", prepared},
    {"DEALLOCATE p", prepared},
    {"DISCARD ALL", prepared},
    {"DO $$ BEGIN END $$", prepared},
    {"FROBNICATE", prepared},
    {"SELECTS 1", prepared},
    {"SET a.b = 1; EXECUTE p; SET a.b = 2", prepared},
    {"LOAD 'auto_explain'", lasting},
    {"LOAD 'auto_explain'; PREPARE p AS SELECT 1", lasting},
    // what is no statement as far as can be told
    {"1", prepared},
    {"'SELECT'", prepared},
    {"\"select\" 1", prepared},
    {"$1", prepared},
    {"\\set", prepared},
    {"SELECT 'open", prepared},
    {"SELECT $0", prepared},
    // names
    {"SELECT set_config('a.b', '1', false)", undoable},
    {"SELECT pg_catalog.Set_Config('a.b', '1', false)", undoable},
    {R"(SELECT "set_config"('a.b', '1', false))", undoable},
    {R"(SELECT U&"\0073et_config"('a.b', '1', false))", prepared},
    {R"(SELECT u&"d!0061t" UESCAPE '!')", prepared},
    {R"(SELECT u & "d", 1&"d", a &"d")", plain},
    {R"(&"d")", prepared},
    {"WITH a AS (SELECT pg_advisory_lock(1)) SELECT 1", undoable},
    {"UPDATE pg_settings SET setting = '1' WHERE name = 'a.b'", undoable},
    {"SELECT pg_try_advisory_lock_shared(1)", undoable},
    {"SELECT pg_catalog.PG_TRY_ADVISORY_LOCK(1)", undoable},
    {"SELECT take_advisory_lock(1)", plain},
    {"CREATE TEMP TABLE t ()", undoable},
    {"CREATE TEMPORARY VIEW v AS SELECT 1", undoable},
    {"CREATE TABLE pg_temp.t ()", undoable},
    {R"(CREATE TABLE "pg_temp_3".t ())", undoable},
    {"SELECT 1 INTO TEMP t", undoable},
    {"SELECT nextval('s')", undoable},
    {"INSERT INTO t SELECT setval('s', 1)", undoable},
    {"SELECT dblink_connect('c', $1)", lasting},
    {"SELECT public.dblink_connect_u('c', $1)", lasting},
    {"SELECT setseed(0)", lasting},
    {"SELECT pg_create_logical_replication_slot('s', 'p', true)", lasting},
    {"SELECT pg_backup_start('b')", lasting},
};

static_assert(std::ranges::all_of(changes, [](const auto& c) { return scan_sql(c.text).changes == c.changes; }));
static_assert(basic_sql<0>{"SET ROLE r"}.view().changes_session());
static_assert(!basic_sql<1>{"SELECT $1"}.view().changes_session());
static_assert(script_sql{"SELECT 1; LISTEN a"}.view().changes_session());

static_assert(scan_sql("SELECT 1 --").ends_in_comment);
static_assert(scan_sql("SELECT 1 -- a").ends_in_comment);
static_assert(!scan_sql("SELECT 1 -- a\n").ends_in_comment);
static_assert(!scan_sql("SELECT 1 -- a\n + 1").ends_in_comment);
static_assert(!scan_sql("SELECT '--'").ends_in_comment);

// The published test vectors of FNV-1a.
static_assert(hash_sql("") == 0xcbf29ce484222325U);
static_assert(hash_sql("a") == 0xaf63dc4c8601ec8cU);
static_assert(hash_sql("foobar") == 0x85944171f73967e8U);

// What converts to the parameter of a function and what does not.
template <class From, class To>
constexpr bool converts = std::is_convertible_v<From, To>;
static_assert(converts<const unchecked_sql&, basic_sql<1>> && converts<unchecked_sql, basic_sql<0>>);
static_assert(converts<const coropg::sql::fragment&, basic_sql<1>> && converts<coropg::sql::fragment, script_sql>);
static_assert(!converts<std::string, basic_sql<0>> && !converts<const std::string&, script_sql>);
static_assert(!converts<std::string_view, basic_sql<0>> && !converts<std::string_view, script_sql>);
static_assert(!converts<const char*, basic_sql<0>> && !converts<const char*, script_sql>);
static_assert(!converts<std::string, unchecked_sql> && !converts<const char*, unchecked_sql>);
static_assert(!converts<basic_sql<1>, basic_sql<2>> && !converts<basic_sql<0>, script_sql>);
static_assert(!converts<std::nullptr_t, basic_sql<0>>);
static_assert(std::is_trivially_copyable_v<basic_sql<3>> && std::is_trivially_copyable_v<script_sql>);
static_assert(std::is_trivially_destructible_v<sql_view>);

// A checked text can be a constant.
constexpr basic_sql<2> named_statement{"SELECT $1, $2"};
static_assert(named_statement.view().text() == "SELECT $1, $2");
static_assert(named_statement.view().is_literal());
static_assert(!named_statement.view().is_copy());
static_assert(named_statement.view().hash() == hash_sql("SELECT $1, $2"));
constexpr char text_of_a_constant[] = "SELECT $1";
constexpr basic_sql<1> from_a_constant{text_of_a_constant};

struct seen {
    std::string text;
    unsigned line;
    std::size_t arguments;
    bool is_literal;
    bool is_copy;
};

seen look_at(const sql_view& sql, std::size_t arguments) {
    return {std::string{sql.text()}, sql.where().line(), arguments, sql.is_literal(), sql.is_copy()};
}

template <class... Args>
seen execute(basic_sql<sizeof...(Args)> sql, const Args&...) {
    return look_at(sql, sizeof...(Args));
}

seen execute_script(script_sql sql) { return look_at(sql, 0); }

unsigned line_here(std::source_location where = std::source_location::current()) { return where.line(); }

// A coroutine type and an operation with the shape of the driver's: the SQL is copied before anything suspends.
struct detached {
    struct promise_type {
        detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

class executor {
 public:
    void run() {
        while (waiting_) std::exchange(waiting_, {}).resume();
    }
    void wait(std::coroutine_handle<> handle) { waiting_ = handle; }

 private:
    std::coroutine_handle<> waiting_;
};

struct operation {
    executor& loop;
    seen result;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const { loop.wait(handle); }
    seen await_resume() { return std::move(result); }
};

struct connection {
    executor& loop;

    template <class... Args>
    operation execute(basic_sql<sizeof...(Args)> sql, const Args&... args) const {
        return {loop, ::execute<Args...>(sql, args...)};
    }
    template <class T, class... Args>
    operation fetch(basic_sql<sizeof...(Args)> sql, const Args&... args) const {
        return {loop, ::execute<Args...>(sql, args...)};
    }
};

detached use_in_coroutine(connection conn, std::string table, std::vector<seen>& results) {
    const std::string condition{" WHERE id = $1"};
    results.push_back(co_await conn.execute("SELECT 1"));
    results.push_back(co_await conn.fetch<int>("SELECT $1, $2, $1", table, std::string{"a temporary on the heap"}));
    results.push_back(co_await conn.execute(unchecked_sql{"SELECT 1 FROM " + table + condition}, 7));
    results.push_back(co_await conn.execute(coropg::sql::text("TABLE ") + coropg::sql::identifier(table)));
    results.push_back(co_await conn.execute(named_statement, 1, 2));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sql_text)

BOOST_AUTO_TEST_CASE(the_scanner_finds_the_placeholders_outside_quotes_identifiers_and_comments) {
    for (const placeholder_case& c : placeholders) {
        BOOST_TEST_CONTEXT(c.text) {
            const sql_shape shape = scan_without_spare_byte(c.text);
            BOOST_TEST(static_cast<int>(shape.defect) == static_cast<int>(sql_defect::none));
            BOOST_TEST(shape.highest_placeholder == c.highest);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_scanner_names_what_is_left_open_and_placeholders_out_of_range) {
    for (const defect_case& c : defects) {
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST(static_cast<int>(scan_without_spare_byte(c.text).defect) == static_cast<int>(c.defect));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_scanner_counts_statements) {
    for (const statement_case& c : statements) {
        BOOST_TEST_CONTEXT(c.text) { BOOST_TEST(scan_without_spare_byte(c.text).statements == c.statements); }
    }
}

BOOST_AUTO_TEST_CASE(the_scanner_recognises_copy_with_the_client) {
    for (const copy_case& c : copies) {
        BOOST_TEST_CONTEXT(c.text) { BOOST_TEST(scan_without_spare_byte(c.text).is_copy == c.is_copy); }
    }
}

BOOST_AUTO_TEST_CASE(the_scanner_tells_what_a_statement_leaves_in_the_session) {
    for (const change_case& c : changes) {
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST(static_cast<int>(scan_without_spare_byte(c.text).changes) == static_cast<int>(c.changes));
        }
    }
    BOOST_TEST(sql_view{unchecked_sql{"SET ROLE r"}}.changes_session());
    BOOST_TEST(!sql_view{unchecked_sql{"SELECT 'SET ROLE r'"}}.changes_session());
    BOOST_TEST(sql_view{coropg::sql::text("SET ROLE ") + coropg::sql::identifier("r")}.changes_session());
}

BOOST_AUTO_TEST_CASE(the_scanner_reports_every_placeholder_in_order) {
    std::vector<std::size_t> found;
    scan_sql("SELECT $2, '$9', $1 + $2 /* $8 */", [&found](std::size_t n) { found.push_back(n); });
    BOOST_TEST(found == (std::vector<std::size_t>{2, 1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_scanner_never_reads_past_a_text_that_is_cut_anywhere) {
    const std::string_view text =
        "SELECT E'\\'\\\\' -- c\n'x', U&\"a\"\"b\", $t$ $$ $t$, $12, /* /* */ */ 'it''s', a$1; COPY t FROM STDIN";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        BOOST_TEST(scan_without_spare_byte(text.substr(0, size)).highest_placeholder <= 12U);
    }
}

BOOST_AUTO_TEST_CASE(the_scanner_is_linear_in_deeply_nested_and_repeated_text) {
    constexpr std::size_t depth = 200'000;
    std::string comments;
    for (std::size_t i = 0; i < depth; ++i) comments += "/*";
    BOOST_TEST(static_cast<int>(scan_sql(comments).defect) == static_cast<int>(sql_defect::open_comment));
    for (std::size_t i = 0; i < depth; ++i) comments += "*/";
    BOOST_TEST(scan_sql(comments).statements == 0U);

    std::string strings;
    for (std::size_t i = 0; i < depth; ++i) strings += "'a'\n--'\n";
    BOOST_TEST(scan_sql(strings + "$3").highest_placeholder == 3U);
}

BOOST_AUTO_TEST_CASE(the_number_of_arguments_is_deduced_and_the_location_is_the_callers) {
    const seen none = execute("SELECT 1");
    BOOST_TEST(none.text == "SELECT 1");
    BOOST_TEST(none.line == line_here() - 2);
    BOOST_TEST(none.arguments == 0U);
    BOOST_TEST(none.is_literal);

    const seen two = execute("SELECT $2::int, $1::text, $1::text", "text", 2);
    BOOST_TEST(two.line == line_here() - 1);
    BOOST_TEST(two.arguments == 2U);

    const seen script = execute_script("SELECT 1; SELECT 2");
    BOOST_TEST(script.line == line_here() - 1);
    BOOST_TEST(script.is_literal);
}

BOOST_AUTO_TEST_CASE(copy_is_flagged_and_compiles) {
    BOOST_TEST(execute("COPY t FROM STDIN").is_copy);
    BOOST_TEST(execute_script("SELECT 1; COPY t TO STDOUT").is_copy);
    BOOST_TEST(execute(unchecked_sql{"copy t from stdin"}).is_copy);
    BOOST_TEST(!execute("COPY t FROM '/tmp/stdin'").is_copy);
    BOOST_TEST(!execute(unchecked_sql{"SELECT 'COPY t FROM STDIN'"}).is_copy);
}

BOOST_AUTO_TEST_CASE(a_checked_constant_can_be_used_for_several_calls) {
    BOOST_TEST(execute(named_statement, 1, 2).text == "SELECT $1, $2");
    BOOST_TEST(execute(from_a_constant, 1).text == "SELECT $1");
    static constexpr char local[] = "SELECT 1";
    BOOST_TEST(basic_sql<0>{local}.view().text().data() == local);
}

BOOST_AUTO_TEST_CASE(unchecked_sql_is_taken_as_it_is_with_the_line_that_made_it) {
    const unchecked_sql made{"SELECT 'open, $5"};
    const unsigned line = line_here() - 1;
    const seen got = execute(made, 1, 2);
    BOOST_TEST(got.text == "SELECT 'open, $5");
    BOOST_TEST(got.line == line);
    BOOST_TEST(got.arguments == 2U);
    BOOST_TEST(!got.is_literal);
    const basic_sql<0> view{made};
    BOOST_TEST(view.view().text().data() == made.text().data());
    BOOST_TEST(view.view().hash() == hash_sql(made.text()));
    BOOST_TEST(execute_script(made).text == made.text());
}

BOOST_AUTO_TEST_CASE(unchecked_sql_refuses_a_nul_byte) {
    const std::string text{"SELECT 1\0; DROP TABLE t", 23};
    BOOST_CHECK_THROW(unchecked_sql{text}, coropg::usage_error);
}

BOOST_AUTO_TEST_CASE(the_text_of_a_view_is_followed_by_a_nul_byte) {
    const unchecked_sql made{"SELECT 1"};
    const basic_sql<0> run_time{made};
    const basic_sql<0> literal{"SELECT 1"};
    BOOST_TEST(run_time.view().text().data()[run_time.view().text().size()] == '\0');
    BOOST_TEST(literal.view().text().data()[literal.view().text().size()] == '\0');
    BOOST_TEST(run_time.view().hash() == literal.view().hash());
}

BOOST_AUTO_TEST_CASE(sql_in_a_co_await_expression_is_deduced_located_and_copied) {
    executor loop;
    std::vector<seen> results;
    use_in_coroutine({loop}, "a name that is too long for the buffer of a string", results);
    loop.run();
    BOOST_TEST_REQUIRE(results.size() == 5U);
    for (unsigned i = 1; i < 4; ++i) BOOST_TEST(results[i].line == results[0].line + i);
    BOOST_TEST(results[0].text == "SELECT 1");
    BOOST_TEST(results[1].arguments == 2U);
    BOOST_TEST(results[2].text == "SELECT 1 FROM a name that is too long for the buffer of a string WHERE id = $1");
    BOOST_TEST(results[3].text == "TABLE \"a name that is too long for the buffer of a string\"");
    BOOST_TEST(results[4].text == "SELECT $1, $2");
}

BOOST_AUTO_TEST_SUITE_END()
