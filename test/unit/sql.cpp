// Composing SQL at run time: what the quoting writes, what it refuses, and that parts never fuse.
#include <coropg/error.hpp>
#include <coropg/sql.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <list>
#include <optional>
#include <ranges>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace {

using coropg::usage_error;
using coropg::sql::fragment;
using coropg::sql::identifier;
using coropg::sql::join;
using coropg::sql::literal;
using coropg::sql::text;
using coropg::sql::text_literal;

unsigned line_here(std::source_location where = std::source_location::current()) { return where.line(); }

template <class Compose>
usage_error refusal(Compose compose) {
    try {
        compose();
    } catch (const usage_error& e) {
        return e;
    }
    throw std::logic_error{"not refused"};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// No valid UTF-8, each in its own way.
const std::vector<std::string> malformed{
    "\x80",              // a continuation byte alone
    "a\xC3",             // cut
    "\xC3'",             // a lead byte that would swallow the quote
    "\xE2\x82",          // cut
    "\xE2\x82'",         // the same before a quote
    "\xC0\xA7",          // an overlong quote
    "\xC1\xBF",          // overlong
    "\xE0\x9F\xBF",      // overlong
    "\xF0\x8F\xBF\xBF",  // overlong
    "\xED\xA0\x80",      // a surrogate
    "\xF4\x90\x80\x80",  // above U+10FFFF
    "\xF5\x80\x80\x80",  // above U+10FFFF
    "\xFF",              // no lead byte
};

// The first and last of each length, and around the surrogates.
const std::vector<std::string> well_formed{
    "\x01",         "\x7F",         "\xC2\x80",     "\xDF\xBF",         "\xE0\xA0\x80",
    "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
};

template <class T>
concept has_literal = requires(const T& value) { literal(value); };

static_assert(has_literal<int> && has_literal<std::string> && has_literal<std::optional<double>>);
static_assert(!has_literal<char> && !has_literal<char8_t> && !has_literal<wchar_t> && !has_literal<char32_t>);
static_assert(!has_literal<void*> && !has_literal<long double> && !has_literal<fragment>);

static_assert(!std::is_convertible_v<std::string, text_literal>);
static_assert(!std::is_convertible_v<std::string_view, text_literal>);
static_assert(!std::is_convertible_v<const char*, text_literal>);
static_assert(!std::is_convertible_v<std::string, fragment>);
static_assert(!std::is_constructible_v<fragment, std::string>);

}  // namespace

BOOST_AUTO_TEST_SUITE(sql)

BOOST_AUTO_TEST_CASE(an_identifier_is_quoted) {
    BOOST_TEST(identifier("t").text() == R"("t")");
    BOOST_TEST(identifier(std::string{"My Table"}).text() == R"("My Table")");
    BOOST_TEST(identifier(std::string_view{"a\"b"}).text() == R"("a""b")");
    BOOST_TEST(identifier("\"").text() == R"("""")");
    BOOST_TEST(identifier("a.b").text() == R"("a.b")");
    BOOST_TEST(identifier("a\\'$1;--").text() == R"("a\'$1;--")");
    BOOST_TEST(identifier("\u00e9\U0001F600").text() == "\"\u00e9\U0001F600\"");
}

BOOST_AUTO_TEST_CASE(a_qualified_identifier_is_quoted_part_by_part) {
    BOOST_TEST(identifier("s", "t").text() == R"("s"."t")");
    BOOST_TEST(identifier(std::string{"s"}, "a.b", std::string_view{"c\""}).text() == R"("s"."a.b"."c""")");
}

BOOST_AUTO_TEST_CASE(an_identifier_is_refused_that_the_server_would_cut_or_not_take) {
    BOOST_CHECK_NO_THROW(identifier(std::string(63, 'a')));
    BOOST_CHECK_NO_THROW(identifier(std::string(63, '"')));
    BOOST_CHECK_THROW(identifier(std::string(64, 'a')), usage_error);
    BOOST_CHECK_THROW(identifier(std::string(62, 'a').append("\u00e9")), usage_error);
    BOOST_CHECK_THROW(identifier(""), usage_error);
    BOOST_CHECK_THROW(identifier("s", ""), usage_error);
    BOOST_CHECK_THROW(identifier(std::string{"a\0b", 3}), usage_error);
    for (const std::string& bytes : malformed) BOOST_CHECK_THROW(identifier("s", bytes), usage_error);
}

BOOST_AUTO_TEST_CASE(a_string_is_quoted) {
    BOOST_TEST(literal("").text() == "''");
    BOOST_TEST(literal("a").text() == "'a'");
    BOOST_TEST(literal(std::string{"it's"}).text() == "'it''s'");
    BOOST_TEST(literal(std::string_view{"'"}).text() == "''''");
    BOOST_TEST(literal("\"$1 -- /* ;\n").text() == "'\"$1 -- /* ;\n'");
    BOOST_TEST(literal("\u00e9\U0001F600").text() == "'\u00e9\U0001F600'");
    const char* const pointer = "true";
    BOOST_TEST(literal(pointer).text() == "'true'");
}

BOOST_AUTO_TEST_CASE(a_string_with_a_backslash_is_read_alike_under_every_setting_of_the_server) {
    BOOST_TEST(literal(R"(a\b)").text() == R"( E'a\\b')");
    BOOST_TEST(literal(R"(\')").text() == R"( E'\\''')");
    BOOST_TEST(literal(R"(\)").text() == R"( E'\\')");
}

BOOST_AUTO_TEST_CASE(a_string_is_refused_that_is_not_utf8_or_holds_a_nul_byte) {
    BOOST_CHECK_THROW(literal(std::string{"a\0b", 3}), usage_error);
    for (const std::string& bytes : malformed) {
        BOOST_CHECK_THROW(literal(bytes), usage_error);
        BOOST_CHECK_THROW(literal("abc" + bytes + "abc"), usage_error);
    }
    for (const std::string& bytes : well_formed) BOOST_TEST(literal(bytes).text() == "'" + bytes + "'");
}

BOOST_AUTO_TEST_CASE(an_error_names_the_line_and_never_the_value) {
    const unsigned line = line_here() + 1;
    const usage_error bytes = refusal([] { return literal("secret\xFF"); });
    BOOST_TEST(bytes.where().line() == line);
    BOOST_TEST(contains(bytes.what(), "not valid UTF-8"));
    BOOST_TEST(!contains(bytes.what(), "secret"));

    const usage_error nul = refusal([] { return literal(std::string{"secret\0", 7}); });
    BOOST_TEST(nul.where().line() == line + 5);
    BOOST_TEST(contains(nul.what(), "NUL byte"));
    BOOST_TEST(!contains(nul.what(), "secret"));

    const usage_error length = refusal([] { return identifier("s", std::string(70, 'x')); });
    BOOST_TEST(length.where().line() == line + 10);
    BOOST_TEST(contains(length.what(), "70 bytes is longer than 63"));
    BOOST_TEST(!contains(length.what(), "xxx"));
}

BOOST_AUTO_TEST_CASE(integers_are_safe_beside_any_operator) {
    BOOST_TEST(literal(0).text() == "0");
    BOOST_TEST(literal(5).text() == "5");
    BOOST_TEST(literal(-5).text() == "(-5)");
    BOOST_TEST(literal(short{-1}).text() == "(-1)");
    BOOST_TEST(literal(std::int8_t{65}).text() == "65");
    BOOST_TEST(literal(std::uint8_t{200}).text() == "200");
    BOOST_TEST(literal(std::numeric_limits<std::int64_t>::max()).text() == "9223372036854775807");
    BOOST_TEST(literal(std::numeric_limits<std::int64_t>::min()).text() == "'-9223372036854775808'::int8");
    BOOST_TEST(literal(std::numeric_limits<std::uint64_t>::max()).text() == "18446744073709551615");
    BOOST_TEST((text("SELECT 1 -") + literal(-1)).text() == "SELECT 1 -(-1)");
}

BOOST_AUTO_TEST_CASE(floating_point_numbers_keep_their_type_and_every_bit) {
    BOOST_TEST(literal(1.0).text() == "'1'::float8");
    BOOST_TEST(literal(-1.5).text() == "'-1.5'::float8");
    BOOST_TEST(literal(-0.0).text() == "'-0'::float8");
    BOOST_TEST(literal(0.1).text() == "'0.1'::float8");
    BOOST_TEST(literal(0.1 + 0.2).text() == "'0.30000000000000004'::float8");
    BOOST_TEST(literal(0.1F).text() == "'0.1'::float4");
    BOOST_TEST(literal(std::numeric_limits<double>::max()).text() == "'1.7976931348623157e+308'::float8");
    BOOST_TEST(literal(std::numeric_limits<double>::denorm_min()).text() == "'5e-324'::float8");
    BOOST_TEST(literal(std::numeric_limits<double>::quiet_NaN()).text() == "'NaN'::float8");
    BOOST_TEST(literal(-std::numeric_limits<double>::quiet_NaN()).text() == "'NaN'::float8");
    BOOST_TEST(literal(std::numeric_limits<double>::infinity()).text() == "'Infinity'::float8");
    BOOST_TEST(literal(-std::numeric_limits<double>::infinity()).text() == "'-Infinity'::float8");
    BOOST_TEST(literal(-std::numeric_limits<float>::infinity()).text() == "'-Infinity'::float4");
}

BOOST_AUTO_TEST_CASE(booleans_and_null_are_keywords) {
    BOOST_TEST(literal(true).text() == "TRUE");
    BOOST_TEST(literal(false).text() == "FALSE");
    BOOST_TEST(literal(std::vector<bool>{true}.front() == true).text() == "TRUE");
    BOOST_TEST(literal(nullptr).text() == "NULL");
    BOOST_TEST(literal(std::nullopt).text() == "NULL");
    BOOST_TEST(literal(std::optional<int>{}).text() == "NULL");
    BOOST_TEST(literal(std::optional<int>{-3}).text() == "(-3)");
    BOOST_TEST(literal(std::optional<std::string>{"it's"}).text() == "'it''s'");
    BOOST_TEST(literal(std::optional<bool>{false}).text() == "FALSE");
    BOOST_TEST(literal(std::optional<std::optional<int>>{std::optional<int>{}}).text() == "NULL");
}

BOOST_AUTO_TEST_CASE(text_takes_any_placeholders_and_any_number_of_statements) {
    BOOST_TEST(text("").text().empty());
    BOOST_TEST(text(" WHERE id = $7 -- why\n").text() == " WHERE id = $7 -- why\n");
    BOOST_TEST(text("; SELECT '2'").text() == "; SELECT '2'");
    BOOST_TEST(text(") AND (").text() == ") AND (");
}

BOOST_AUTO_TEST_CASE(fragments_are_added_up) {
    const auto statement = text("SELECT ") + identifier("a b") + text(" FROM ") + identifier("s", "t") +
                           text(" WHERE x = ") + literal("it's") + text(" AND y = $1");
    BOOST_TEST(statement.text() == R"(SELECT "a b" FROM "s"."t" WHERE x = 'it''s' AND y = $1)");

    fragment built;
    BOOST_TEST(built.empty());
    built += text("a");
    built += text("b");
    built += built;
    BOOST_TEST(built.text() == "abab");
    BOOST_TEST(!built.empty());
}

BOOST_AUTO_TEST_CASE(parts_never_fuse_into_one_string_name_or_number) {
    BOOST_TEST((literal("a") + literal("b")).text() == "'a' 'b'");
    BOOST_TEST((identifier("a") + identifier("b")).text() == R"("a" "b")");
    BOOST_TEST((text("$1") + literal(0)).text() == "$1 0");
    BOOST_TEST((literal(1) + literal(2)).text() == "1 2");
    BOOST_TEST((literal("a") + identifier("b")).text() == R"('a'"b")");
    BOOST_TEST((text("$") + literal(2)).text() == "$2");
    BOOST_TEST((text("SELECT e") + literal("\\'")).text() == R"(SELECT e E'\\''')");
    BOOST_TEST((fragment{} + literal("a") + fragment{}).text() == "'a'");
    BOOST_TEST((text("SELECT 1 -") + text("-1")).text() == "SELECT 1 - -1");
    BOOST_TEST((text("SELECT 2 /") + text("*")).text() == "SELECT 2 / *");
    BOOST_TEST((text("SELECT a$") + text("$$x$$")).text() == "SELECT a$ $$x$$");
}

BOOST_AUTO_TEST_CASE(what_is_quoted_scans_as_one_closed_token) {
    for (const std::string value : {"'", "\\", "\\'", "'\\", "$1", "$$", "--", "/*", "\"", "a\nb", "E'", "\u00e9'"}) {
        BOOST_TEST_CONTEXT(value) {
            const auto both = literal(value) + text(" AS ") + identifier(value) + text(" $1");
            const auto shape = coropg::detail::scan_sql(both.text());
            BOOST_TEST((shape.defect == coropg::detail::sql_defect::none));
            BOOST_TEST(shape.highest_placeholder == 1U);
            BOOST_TEST(shape.statements == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(join_puts_the_separator_between) {
    const std::vector<fragment> none;
    const std::vector<fragment> one{identifier("a")};
    const std::list<fragment> three{identifier("a"), literal(1), literal("x")};
    BOOST_TEST(join(none, ", ").text().empty());
    BOOST_TEST(join(one, ", ").text() == R"("a")");
    BOOST_TEST(join(three, ", ").text() == R"("a", 1, 'x')");
    BOOST_TEST(join(three, text(" AND ")).text() == R"("a" AND 1 AND 'x')");
    BOOST_TEST(join(three, "").text() == R"("a"1'x')");
}

BOOST_AUTO_TEST_CASE(join_takes_any_range) {
    const std::array<std::string, 2> names{"a", "b"};
    const auto quoted = names | std::views::transform([](const std::string& name) { return identifier(name); });
    BOOST_TEST(join(quoted, ", ").text() == R"("a", "b")");
    BOOST_TEST(join(names | std::views::filter([](const std::string& name) { return name != "a"; }) |
                        std::views::transform([](const std::string& name) { return literal(name); }),
                    text(", "))
                   .text() == "'b'");
}

BOOST_AUTO_TEST_CASE(a_fragment_remembers_the_line_that_began_it) {
    BOOST_TEST(text("a").where().line() == line_here());
    BOOST_TEST(identifier("a", "b").where().line() == line_here());
    BOOST_TEST(literal("a").where().line() == line_here());
    BOOST_TEST(literal(1).where().line() == line_here());
    BOOST_TEST(literal(std::optional<int>{}).where().line() == line_here());
    BOOST_TEST(fragment{}.where().line() == line_here());
    BOOST_TEST(join(std::vector<fragment>{}, ",").where().line() == line_here());

    fragment statement = text("SELECT ");
    const unsigned line = line_here() - 1;
    statement += literal(1);
    statement = statement + literal(2);
    BOOST_TEST(statement.where().line() == line);
    const coropg::basic_sql<0> view{statement};
    BOOST_TEST(view.view().where().line() == line);
    BOOST_TEST(view.view().text() == "SELECT 1 2");
    BOOST_TEST(!view.view().is_literal());
}

BOOST_AUTO_TEST_CASE(unchecked_sql_can_be_part_of_a_composition) {
    const auto statement = fragment{coropg::unchecked_sql{"SELECT 1"}} + text(" + 1");
    BOOST_TEST(statement.text() == "SELECT 1 + 1");
}

BOOST_AUTO_TEST_CASE(a_composed_copy_is_flagged) {
    const auto copy = text("COPY ") + identifier("t") + text(" FROM STDIN");
    const auto select = text("SELECT ") + literal("COPY t FROM STDIN");
    BOOST_TEST(coropg::basic_sql<0>{copy}.view().is_copy());
    BOOST_TEST(coropg::script_sql{copy}.view().is_copy());
    BOOST_TEST(!coropg::basic_sql<0>{select}.view().is_copy());
}

BOOST_AUTO_TEST_CASE(messages_show_composed_sql_without_its_values) {
    constexpr std::pair<const char*, const char*> texts[]{
        {"ALTER ROLE a PASSWORD 's3c''ret'", "ALTER ROLE a PASSWORD '...'"},
        {"SELECT E's3c\\'ret', $tag$ s3cret $tag$, 1, $1, \"a1\"", "SELECT E'...', '...', '...', $1, \"a1\""},
        {"SELECT 's3c'\n'ret' FROM t1", "SELECT '...' FROM t1"},
        {"SELECT 1, 's3cret", "SELECT '...'..."},
        {"SELECT a FROM b", "SELECT a FROM b"},
    };
    for (const auto& [sql, shown] : texts) BOOST_TEST(coropg::detail::without_values(sql) == shown);
}

BOOST_AUTO_TEST_SUITE_END()
