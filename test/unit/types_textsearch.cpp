// Words and queries for text search read, write and print as the server does it.
#include <coropg/types/textsearch.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using namespace coropg;

tsquery word(const char* text) { return tsquery::word(text); }
tsquery query(std::string_view text) { return read_text<tsquery>(text, oids::tsquery); }

const tsvector document{{{"fat", {{2}, {4, ts_weight::a}}}, {"rat"}, {"cat", {{3, ts_weight::b}}}}};
constexpr std::string_view document_hex = "0000000363617400000180036661740000020002c004726174000000";
constexpr std::string_view document_text = "'cat':3B 'fat':2,4A 'rat'";

constexpr std::string_view query_hex =
    "00000008020202040002010000646f670002030100007261740001080163617400020101000066617400";
constexpr std::string_view query_text = "!'fat' & ( 'cat':*A | 'rat' ) <2> 'dog'";

}  // namespace

BOOST_AUTO_TEST_SUITE(types_textsearch)

BOOST_AUTO_TEST_CASE(a_tsvector_reads_and_writes) {
    BOOST_TEST((read_binary<tsvector>(document_hex, oids::tsvector) == document));
    BOOST_TEST((read_text<tsvector>(document_text, oids::tsvector) == document));
    BOOST_TEST(write_hex(document) == document_hex);
    BOOST_TEST(document.to_string() == document_text);
    BOOST_TEST((read_binary<tsvector>("00000000", oids::tsvector) == tsvector{}));
    BOOST_TEST((read_text<tsvector>("", oids::tsvector) == tsvector{}));
    const tsvector odd{{{"it's a\\b"}, {":x"}}};
    BOOST_TEST(odd.to_string() == R"(':x' 'it''s a\\b')");
    BOOST_TEST((read_text<tsvector>(odd.to_string(), oids::tsvector) == odd));
}

BOOST_AUTO_TEST_CASE(a_malformed_tsvector_is_refused) {
    for (const char* hex : {"", "000000", "ffffffff", "7fffffff", "00000001", "0000000161", "000000016100",
                            "00000001610000020001", "0000000000", "0000000261000000610000"})
        BOOST_TEST_CONTEXT(hex) BOOST_CHECK_THROW(read_binary<tsvector>(hex, oids::tsvector), decode_error);
    for (const char* text : {"a", "'a", "''", "'a' ", "'a''b", "'a':", "'a':1,", "'a':x", "'a':70000", "'a':1E",
                             "'a'  'b'", "'a' 'a'", R"('\a')"})
        BOOST_TEST_CONTEXT(text) BOOST_CHECK_THROW(read_text<tsvector>(text, oids::tsvector), decode_error);
}

BOOST_AUTO_TEST_CASE(what_a_tsvector_cannot_hold_is_not_sent) {
    BOOST_CHECK_THROW((tsvector{{{"a"}, {"b"}, {"a"}}}), usage_error);
    BOOST_CHECK_THROW(write(tsvector{{{""}}}), usage_error);
    BOOST_CHECK_THROW(write(tsvector{{{std::string(2047, 'x')}}}), usage_error);
    BOOST_CHECK_THROW(write(tsvector{{{std::string{"a\0", 2}}}}), usage_error);
    BOOST_CHECK_THROW(write(tsvector{{{"a", {{0}}}}}), usage_error);
    BOOST_CHECK_THROW(write(tsvector{{{"a", {{16384}}}}}), usage_error);
    BOOST_CHECK_THROW(write(tsvector{{{"a", {{2}, {2}}}}}), usage_error);
}

BOOST_AUTO_TEST_CASE(a_tsquery_reads_and_writes) {
    const tsquery value =
        !word("fat") && followed_by(tsquery::prefix("cat", {ts_weight::a}) || word("rat"), word("dog"), 2);
    BOOST_TEST((read_binary<tsquery>(query_hex, oids::tsquery) == value));
    BOOST_TEST((query(query_text) == value));
    BOOST_TEST(write_hex(value) == query_hex);
    BOOST_TEST(value.to_string() == query_text);
    BOOST_TEST((read_binary<tsquery>("00000000", oids::tsquery) == tsquery{}));
    BOOST_TEST((query("") == tsquery{}));
    BOOST_TEST(write_hex(tsquery::word("a", {ts_weight::a, ts_weight::b})) == "00000001010c006100");
    BOOST_TEST(write_hex(followed_by(word("a"), followed_by(word("b"), word("c"), 2))) ==
               "000000050204000102040002010000630001000062000100006100");
}

BOOST_AUTO_TEST_CASE(a_tsquery_prints_as_few_parentheses_as_the_server) {
    const tsquery a = word("a"), b = word("b"), c = word("c");
    BOOST_TEST((a && (b && c)).to_string() == "'a' & 'b' & 'c'");
    BOOST_TEST((a && (b || c)).to_string() == "'a' & ( 'b' | 'c' )");
    BOOST_TEST((a || (b && c)).to_string() == "'a' | 'b' & 'c'");
    BOOST_TEST((!(a && b)).to_string() == "!( 'a' & 'b' )");
    BOOST_TEST((!!a).to_string() == "!!'a'");
    BOOST_TEST(followed_by(followed_by(a, b), c, 2).to_string() == "'a' <-> 'b' <2> 'c'");
    BOOST_TEST(followed_by(a, followed_by(b, c, 2)).to_string() == "'a' <-> ( 'b' <2> 'c' )");
    BOOST_TEST(followed_by(!a, !(b || c)).to_string() == "!'a' <-> !( 'b' | 'c' )");
    BOOST_TEST(tsquery::prefix("it's\\", {ts_weight::a, ts_weight::b, ts_weight::c, ts_weight::d}).to_string() ==
               R"('it''s\\':*ABCD)");
    for (const tsquery& value : {a && (b || c), a || (b && c), !(a && b), !!a, followed_by(a, followed_by(b, c)),
                                 followed_by(followed_by(a, b), c, 0), (a || b) && (!b || c) && a})
        BOOST_TEST((tsquery::parse(value.to_string()) == value));
    BOOST_TEST((tsquery::parse("('a'&'b')|'c'") == ((a && b) || c)));
}

BOOST_AUTO_TEST_CASE(an_empty_tsquery_is_no_operand) {
    BOOST_TEST(((tsquery{} && word("a")) == word("a")));
    BOOST_TEST(((word("a") || tsquery{}) == word("a")));
    BOOST_TEST(((!tsquery{}) == tsquery{}));
}

BOOST_AUTO_TEST_CASE(a_malformed_tsquery_is_refused) {
    for (const char* hex : {"", "000000", "ffffffff", "7fffffff", "00000001", "000000010201", "0000000101",
                            "000000010100006100ff", "00000002010000610001000061", "00000002010000610001000062",
                            "0000000203000061000100006100", "000000010205", "000000010110006100",
                            "00000002010000610001000062"
                            "00"})
        BOOST_TEST_CONTEXT(hex) BOOST_CHECK_THROW(read_binary<tsquery>(hex, oids::tsquery), decode_error);
    for (const char* text : {"a", "'a", "'a' &", "& 'a'", "'a' 'b'", "( 'a'", "'a' )", "()", "!", "'a' <x> 'b'",
                             "'a':", "'a':E", "'a' <16385> 'b'", "'a' <- 'b'", "''", "( )"})
        BOOST_TEST_CONTEXT(text) BOOST_CHECK_THROW(query(text), decode_error);
    BOOST_CHECK_THROW(tsquery::parse("a"), usage_error);
    BOOST_CHECK_THROW(tsquery::word(""), usage_error);
    BOOST_CHECK_THROW(write(tsquery::word(std::string(2047, 'x'))), usage_error);
    BOOST_CHECK_THROW(followed_by(word("a"), word("b"), 16385), usage_error);
}

BOOST_AUTO_TEST_CASE(depth_costs_no_stack) {
    constexpr std::size_t depth = 1'000'000;
    std::string bytes = from_hex("000f4241");
    for (std::size_t i = 0; i < depth; ++i) bytes += from_hex("0201");
    BOOST_TEST(read<tsquery>(bytes + from_hex("0100006100"), oids::tsquery, format::binary).nodes().size() ==
               depth + 1);
    BOOST_TEST(query(std::string(depth, '!') + "'a'").nodes().size() == depth + 1);
    BOOST_CHECK_THROW(query(std::string(depth, '(')), decode_error);
}

BOOST_AUTO_TEST_CASE(printing_a_tsquery_takes_time_by_its_length) {
    constexpr std::size_t count = 300'000;  // by the square it would be minutes
    std::string words = "'w'";
    for (std::size_t i = 1; i < count; ++i) words += " & 'w'";
    BOOST_TEST((tsquery::parse(words).to_string() == words));
    std::string negations(count, '!');
    negations += "'w'";
    BOOST_TEST((tsquery::parse(negations).to_string() == negations));
}

BOOST_AUTO_TEST_CASE(hostile_values_are_read_or_refused) {
    attack_both<tsvector>(document_hex, document_text, oids::tsvector);
    attack_both<tsquery>(query_hex, query_text, oids::tsquery);
}

BOOST_AUTO_TEST_SUITE_END()
