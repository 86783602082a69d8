// Text in and out: which types read as text, and that a parameter of text leaves its type to the server.
#include <coropg/types/text.hpp>

#include "types_support.hpp"

#include <string>
#include <string_view>

namespace {

using namespace types_test;
using coropg::codec;
using coropg::decode_error;
using coropg::usage_error;
namespace oids = coropg::oids;

}  // namespace

BOOST_AUTO_TEST_SUITE(types_text)

BOOST_AUTO_TEST_CASE(every_type_whose_value_is_text_reads_as_a_string_in_both_formats) {
    for (const oid type : {oids::text, oids::varchar, oids::bpchar, oids::name, oids::unknown, oids::xml, oids::json}) {
        BOOST_TEST_CONTEXT("type " << type) {
            BOOST_TEST(read_binary<std::string>("68c3a9c3a9", type) == "h\xc3\xa9\xc3\xa9");
            BOOST_TEST(read_text<std::string>("h\xc3\xa9\xc3\xa9", type) == "h\xc3\xa9\xc3\xa9");
            BOOST_TEST(read_text<std::string>("", type).empty());
            BOOST_TEST(codec<std::string_view>::reads(type));
        }
    }
}

BOOST_AUTO_TEST_CASE(other_types_do_not_read_as_a_string) {
    for (const oid type : {oids::int4, oids::bytea, oids::uuid, oids::date, oids::float8, oid{600}, oid{1009}}) {
        BOOST_CHECK_EXCEPTION(read_text<std::string>("1", type), decode_error, says("no codec<std::string> reads"));
    }
}

BOOST_AUTO_TEST_CASE(the_padding_of_bpchar_is_kept) {
    BOOST_TEST(read_binary<std::string>("61622020", oids::bpchar) == "ab  ");
}

BOOST_AUTO_TEST_CASE(the_version_byte_of_jsonb_is_not_part_of_the_text) {
    BOOST_TEST(read_binary<std::string>("017b2261223a20317d", oids::jsonb) == R"({"a": 1})");
    BOOST_TEST(read_text<std::string>(R"({"a": 1})", oids::jsonb) == R"({"a": 1})");
    BOOST_TEST(read_binary<std::string>("7b2261223a20317d", oids::json) == R"({"a": 1})");
}

BOOST_AUTO_TEST_CASE(an_unknown_version_of_jsonb_is_refused) {
    BOOST_CHECK_EXCEPTION(read_binary<std::string>("027b7d", oids::jsonb), decode_error, says("version of jsonb"));
    BOOST_CHECK_EXCEPTION(read_binary<std::string>("", oids::jsonb), decode_error, says("version of jsonb"));
}

BOOST_AUTO_TEST_CASE(a_view_looks_into_the_bytes_of_the_field) {
    const std::string text = "zero copies";
    const auto view = codec<std::string_view>::decode(make_field(text, oids::text, format::binary));
    BOOST_TEST(static_cast<const void*>(view.data()) == static_cast<const void*>(text.data()));
    BOOST_TEST(view.size() == text.size());

    const std::string jsonb = from_hex("017b7d");
    const auto json = codec<std::string_view>::decode(make_field(jsonb, oids::jsonb, format::binary));
    BOOST_TEST(static_cast<const void*>(json.data()) == static_cast<const void*>(jsonb.data() + 1));
    BOOST_TEST(json == "{}");
}

BOOST_AUTO_TEST_CASE(a_numeric_reads_as_a_string_and_in_text_as_a_view) {
    BOOST_TEST(read_binary<std::string>("0002000040000004007b1194", oids::numeric) == "-123.4500");
    BOOST_TEST(read_text<std::string>("-123.4500", oids::numeric) == "-123.4500");
    const std::string text = "-123.4500";
    BOOST_TEST(codec<std::string_view>::decode(make_field(text, oids::numeric, format::text)) == text);
    const std::string bytes = from_hex("0002000040000004007b1194");
    BOOST_CHECK_EXCEPTION(codec<std::string_view>::decode(make_field(bytes, oids::numeric, format::binary)),
                          decode_error, says("read it as std::string"));
}

BOOST_AUTO_TEST_CASE(the_type_char_reads_as_char_and_its_empty_value_as_zero) {
    BOOST_TEST(read_binary<char>("78", oids::char_) == 'x');
    BOOST_TEST(read_text<char>("x", oids::char_) == 'x');
    BOOST_TEST(read_binary<char>("00", oids::char_) == '\0');
    BOOST_TEST(read_text<char>("", oids::char_) == '\0');
    BOOST_TEST(read_binary<std::string>("00", oids::char_).empty());
    BOOST_TEST(read_binary<std::string>("78", oids::char_) == "x");
}

BOOST_AUTO_TEST_CASE(a_char_above_127_reads_the_same_from_old_and_new_servers) {
    BOOST_TEST(read_binary<char>("ff", oids::char_) == '\xff');
    BOOST_TEST(read_text<char>("\xff", oids::char_) == '\xff');
    BOOST_TEST(read_text<char>("\\377", oids::char_) == '\xff');
    BOOST_TEST(read_text<char>("\\", oids::char_) == '\\');
    for (const char* const wrong : {"\\378", "\\777", "\\3777", "\\37", "\\ab0", "377"}) {
        BOOST_CHECK_THROW(read_text<char>(wrong, oids::char_), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(text_of_one_byte_reads_as_char_and_of_another_length_does_not) {
    BOOST_TEST(read_text<char>("y", oids::bpchar) == 'y');
    BOOST_TEST(read_binary<char>("79", oids::text) == 'y');
    BOOST_CHECK_EXCEPTION(read_text<char>("", oids::text), decode_error, says("not exactly one byte"));
    BOOST_CHECK_EXCEPTION(read_text<char>("\xc3\xa9", oids::varchar), decode_error, says("not exactly one byte"));
    BOOST_CHECK_THROW(read_binary<char>("", oids::char_), decode_error);
    BOOST_CHECK_THROW(read_binary<char>("7879", oids::char_), decode_error);
    BOOST_CHECK_THROW(read_text<char>("1", oids::int4), decode_error);
}

BOOST_AUTO_TEST_CASE(text_goes_out_as_text_with_no_declared_type) {
    BOOST_TEST(write(std::string{"2026-01-01"}) == "2026-01-01");
    BOOST_TEST(write(std::string_view{"h\xc3\xa9"}) == "h\xc3\xa9");
    BOOST_TEST(write<const char*>("abc") == "abc");
    BOOST_TEST(write('c') == "c");
    BOOST_TEST(write(std::string{}).empty());
    char buffer[] = "in a buffer";
    char* const pointer = buffer;
    BOOST_TEST(write(pointer) == "in a buffer");

    BOOST_TEST(coropg::detail::is_inferred<std::string>());
    BOOST_TEST(codec<std::string>::type.array_oid == 1009U);
    BOOST_TEST((coropg::detail::wire_format<std::string>() == format::text));
    BOOST_TEST((coropg::detail::wire_format<char[4]>() == format::text));
    BOOST_TEST((coropg::detail::wire_format<const char*>() == format::text));
    BOOST_TEST((coropg::detail::wire_format<char>() == format::text));
}

BOOST_AUTO_TEST_CASE(a_literal_goes_out_without_its_terminator) {
    BOOST_TEST(write("abc") == "abc");
    BOOST_TEST(write("").empty());
    char padded[8] = "ab";
    BOOST_TEST(write(padded) == "ab");
    const char full[3] = {'x', 'y', 'z'};
    BOOST_TEST(write(full) == "xyz");
}

BOOST_AUTO_TEST_CASE(a_nul_byte_in_text_is_a_usage_error) {
    const std::string with_nul{"ab\0cd", 5};
    BOOST_CHECK_EXCEPTION(write(with_nul), usage_error, says("NUL byte"));
    BOOST_CHECK_THROW(write(std::string_view{with_nul}), usage_error);
    BOOST_CHECK_THROW(write("ab\0cd"), usage_error);
    BOOST_CHECK_THROW(write('\0'), usage_error);
}

BOOST_AUTO_TEST_CASE(a_null_pointer_is_a_usage_error) {
    const char* const nothing = nullptr;
    BOOST_CHECK_EXCEPTION(write(nothing), usage_error, says("std::nullopt"));
}

BOOST_AUTO_TEST_CASE(pointers_and_literals_are_only_sent) {
    static_assert(!coropg::detail::decodable<const char*>);
    static_assert(!coropg::detail::decodable<char[4]>);
    static_assert(coropg::detail::encodable<const char*>);
    static_assert(coropg::detail::encodable<char[4]>);
    static_assert(coropg::detail::decodable<std::string> && coropg::detail::encodable<std::string>);
}

BOOST_AUTO_TEST_CASE(hostile_text_is_read_or_refused) {
    for (const oid type : {oids::text, oids::jsonb, oids::char_, oids::numeric}) {
        attack_both<std::string>("017b2261223a20317d", R"({"a": 1})", type);
        attack_both<std::string_view>("017b2261223a20317d", R"({"a": 1})", type);
    }
    attack_both<char>("78", "\\377", oids::char_);
}

BOOST_AUTO_TEST_SUITE_END()
