// numeric in binary becomes the text that the server itself would print, and `coropg::numeric` is each of its values.
#include <coropg/types/numeric.hpp>
#include <coropg/types/text.hpp>

#include "types_support.hpp"

#include <cmath>
#include <limits>

namespace {

using namespace types_test;
using coropg::decode_error;
using coropg::numeric;
using coropg::usage_error;
namespace oids = coropg::oids;

std::string text_of(std::string_view hex) { return read_binary<std::string>(hex, oids::numeric); }
numeric number_of(std::string_view hex) { return read_binary<numeric>(hex, oids::numeric); }

struct {
    std::string_view hex;
    std::string_view text;
} const golden_numerics[] = {
    {"0000000000000000", "0"},
    {"0000000000000003", "0.000"},
    {"00010000000000000001", "1"},
    {"0002000040000004007b1194", "-123.4500"},
    {"00010001000000000001", "10000"},
    {"00010002000000000001", "100000000"},
    {"0001ffff000000040001", "0.0001"},
    {"0001ffff000000050001", "0.00010"},
    {"0001fffd0000000b04ce", "0.00000000123"},
    {"000800040000000904d2162e23340d801ed204d2162e2328", "12345678901234567890.123456789"},
    {"0001ffff400000011388", "-0.5"},
    {"00010005000000000001", "100000000000000000000"},
    {"0002000000000004270f270f", "9999.9999"},
    {"0002000100000000007b11d7", "1234567"},
    {"0001000140000000270f", "-99990000"},
    {"0001fffd0000000a0064", "0.0000000001"},
    {"0001fffe0000000605dc", "0.000015"},
    {"0003000100000008270f270f270f", "99999999.99990000"},
    {"00000000c0000000", "NaN"},
    {"00000000d0000020", "Infinity"},
    {"00000000f0000020", "-Infinity"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(types_numeric)

BOOST_AUTO_TEST_CASE(a_numeric_prints_as_the_server_prints_it) {
    for (const auto& [hex, text] : golden_numerics) BOOST_TEST(text_of(hex) == text);
}

BOOST_AUTO_TEST_CASE(the_largest_numerics_print_in_full) {
    BOOST_TEST(text_of("00017ef4000000000001") == "1" + std::string(130000, '0'));
    BOOST_TEST(text_of("0001ffff00003fff0001") == "0.0001" + std::string(16379, '0'));
}

BOOST_AUTO_TEST_CASE(a_scale_smaller_than_the_digits_cuts_them_as_the_server_does) {
    BOOST_TEST(text_of("0002000000000001007b1194") == "123.4");
    BOOST_TEST(text_of("0002000000000000007b1194") == "123");
}

BOOST_AUTO_TEST_CASE(leading_groups_of_zeros_are_not_printed) {
    BOOST_TEST(text_of("000200010000000000000005") == "5");
    BOOST_TEST(text_of("000200014000000000000000") == "0");
    BOOST_TEST(text_of("00007fff00000000") == "0");
}

BOOST_AUTO_TEST_CASE(a_malformed_numeric_is_refused) {
    BOOST_CHECK_EXCEPTION(text_of(""), decode_error, says("cut short"));
    BOOST_CHECK_EXCEPTION(text_of("00000000000000"), decode_error, says("cut short"));
    BOOST_CHECK_EXCEPTION(text_of("0001000000000000"), decode_error, says("another length"));
    BOOST_CHECK_EXCEPTION(text_of("ffff000000000000"), decode_error, says("another length"));
    BOOST_CHECK_EXCEPTION(text_of("000000000000000000"), decode_error, says("another length"));
    BOOST_CHECK_EXCEPTION(text_of("0000000012340000"), decode_error, says("sign"));
    BOOST_CHECK_EXCEPTION(text_of("0000000000004000"), decode_error, says("scale"));
    BOOST_CHECK_EXCEPTION(text_of("00010000000000002710"), decode_error, says("digit"));
    BOOST_CHECK_EXCEPTION(text_of("0001000000000000ffff"), decode_error, says("digit"));
}

BOOST_AUTO_TEST_CASE(a_numeric_reads_and_writes_what_the_server_sends) {
    for (const auto& [hex, text] : golden_numerics) {
        BOOST_TEST_CONTEXT(text) {
            const numeric value = number_of(hex);
            BOOST_TEST(value.to_string() == text);
            BOOST_TEST((numeric::parse(text) == value));
            BOOST_TEST(numeric::parse(text).to_string() == text);
            BOOST_TEST((read_text<numeric>(text, oids::numeric) == value));
            // The scale of an infinity means nothing to the server.
            const std::string canonical =
                value.is_finite() ? std::string{hex} : std::string{hex.substr(0, 12)} + "0000";
            BOOST_TEST(write_hex(value) == canonical);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_written_in_other_ways_is_the_same_number) {
    struct {
        std::string_view text;
        std::string_view printed;
    } const cases[] = {
        {"+1.50", "1.50"},
        {".5", "0.5"},
        {"7.", "7"},
        {"007", "7"},
        {"-0.00", "0.00"},
        {"1e3", "1000"},
        {"-1E+10", "-10000000000"},
        {"1.50e1", "15.0"},
        {"15e-1", "1.5"},
        {"1e-5", "0.00001"},
        {"1.23456e2", "123.456"},
        {"0e999999999999", "0"},
        {"12345e-9", "0.000012345"},
    };
    for (const auto& [text, printed] : cases) BOOST_TEST(numeric::parse(text).to_string() == printed);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_or_too_large_is_not_parsed) {
    for (const char* text : {"",        "-",         ".",    "+",     "1..2",     "1.2.3",    "e5",
                             "1e",      "1e+",       "1e5x", " 1",    "1 ",       "0x10",     "nan",
                             "inf",     "+Infinity", "--1",  "1_000", "1e-16384", "1e131072", "1e999999999999999999999",
                             "0e-16384"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_CHECK_THROW(numeric::parse(text), usage_error);
            BOOST_CHECK_THROW(read_text<numeric>(text, oids::numeric), decode_error);
        }
    }
    BOOST_CHECK_EXCEPTION(numeric::parse("1e131072"), usage_error, says("more digits"));
}

BOOST_AUTO_TEST_CASE(the_limits_of_numeric_can_be_written) {
    const std::string largest = std::string(131072, '9') + "." + std::string(16383, '9');
    const numeric value = numeric::parse(largest);
    BOOST_TEST(value.to_string() == largest);
    BOOST_TEST((read<numeric>(write(value), oids::numeric, format::binary) == value));
    const numeric smallest = numeric::parse("1e-16383");
    BOOST_TEST(smallest.scale() == 16383);
    BOOST_TEST((read<numeric>(write(smallest), oids::numeric, format::binary) == smallest));
}

BOOST_AUTO_TEST_CASE(numerics_are_ordered_by_value) {
    const numeric ascending[] = {numeric::minus_infinity(),    numeric::parse("-1e10"),
                                 numeric::parse("-10001"),     numeric::parse("-10000.5"),
                                 numeric::parse("-10000"),     numeric::parse("-2"),
                                 numeric::parse("-0.0001"),    numeric{},
                                 numeric::parse("0.00009999"), numeric::parse("0.1"),
                                 numeric::parse("0.11"),       numeric{1},
                                 numeric::parse("10000"),      numeric::parse("10000.0001"),
                                 numeric::infinity(),          numeric::nan()};
    for (const numeric& a : ascending)
        for (const numeric& b : ascending)
            BOOST_TEST(((a <=> b) == (&a <=> &b)), a.to_string() << " and " << b.to_string());
    BOOST_TEST((numeric::parse("1.50") == numeric::parse("1.5")));
    BOOST_TEST(numeric::parse("1.50").scale() == 2);
    BOOST_TEST((numeric::parse("-0.0") == 0));
}

BOOST_AUTO_TEST_CASE(integers_convert_exactly) {
    BOOST_TEST(numeric{std::numeric_limits<std::int64_t>::min()}.to_string() == "-9223372036854775808");
    BOOST_TEST(numeric{std::numeric_limits<std::uint64_t>::max()}.to_string() == "18446744073709551615");
    BOOST_TEST(numeric{std::int8_t{-128}}.to_string() == "-128");
    BOOST_TEST(numeric{1'0000'0000}.to_string() == "100000000");
    BOOST_TEST(write_hex(numeric{10000}) == "00010001000000000001");
    BOOST_TEST(numeric::parse("-9223372036854775808").to<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
    BOOST_TEST(numeric::parse("18446744073709551615").to<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(numeric::parse("15.000").to<int>() == 15);
    BOOST_TEST(numeric{}.to<unsigned>() == 0U);
    BOOST_TEST(int{numeric{-128}.to<std::int8_t>()} == -128);
    BOOST_TEST(numeric{70000}.to<int>() == 70000);
    BOOST_CHECK_THROW(static_cast<void>(numeric{-129}.to<std::int8_t>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric{70000}.to<std::int16_t>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric{-1}.to<unsigned>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric::parse("9223372036854775808").to<std::int64_t>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric::parse("1.5").to<int>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric::parse("0.5").to<int>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric::nan().to<int>()), std::out_of_range);
    BOOST_CHECK_THROW(static_cast<void>(numeric::infinity().to<int>()), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(doubles_convert_by_their_shortest_digits_and_back_to_the_nearest) {
    using limits = std::numeric_limits<double>;
    BOOST_TEST(numeric{0.1}.to_string() == "0.1");
    BOOST_TEST(numeric{0.1F}.to_string() == "0.1");
    BOOST_TEST(numeric{-0.0}.to_string() == "0");
    BOOST_TEST(numeric{1e20}.to_string() == "100000000000000000000");
    BOOST_TEST(numeric{limits::quiet_NaN()}.is_nan());
    BOOST_TEST((numeric{-limits::infinity()} == numeric::minus_infinity()));
    for (const double value : {0.1, -1.5e300, limits::max(), limits::min(), limits::denorm_min(), 123456.789})
        BOOST_TEST(static_cast<double>(numeric{value}) == value);
    BOOST_TEST(static_cast<double>(numeric::parse("1e400")) == limits::infinity());
    BOOST_TEST(static_cast<double>(numeric::parse("-1e400")) == -limits::infinity());
    BOOST_TEST(static_cast<double>(numeric::parse("1e-400")) == 0);
    BOOST_TEST(static_cast<double>(numeric::infinity()) == limits::infinity());
    BOOST_TEST(std::isnan(static_cast<double>(numeric::nan())));
}

BOOST_AUTO_TEST_CASE(significant_digits_are_those_between_the_zeros) {
    BOOST_TEST(numeric{}.significant_digits() == 0U);
    BOOST_TEST(numeric{100200}.significant_digits() == 4U);
    BOOST_TEST(numeric::parse("0.00120").significant_digits() == 2U);
    BOOST_TEST(numeric::parse("12345.6789").significant_digits() == 9U);
}

BOOST_AUTO_TEST_CASE(a_numeric_class_refuses_what_hides_digits) {
    BOOST_CHECK_EXCEPTION(number_of("0002000000000001007b1194"), decode_error, says("beyond its scale"));
    BOOST_CHECK_EXCEPTION(number_of("00018000000000000001"), decode_error, says("beyond its scale"));
    BOOST_TEST(write_hex(number_of("0003000200000000000000050000")) == "00010001000000000005");
    BOOST_TEST(write_hex(number_of("000200014000000000000000")) == "0000000000000000");
}

BOOST_AUTO_TEST_CASE(double_does_not_read_numeric) {
    BOOST_TEST(!coropg::codec<double>::reads(oids::numeric));
    BOOST_CHECK_THROW(read_text<double>("1.5", oids::numeric), decode_error);
}

BOOST_AUTO_TEST_CASE(hostile_numerics_are_read_or_refused) {
    attack<std::string>(from_hex("000800040000000904d2162e23340d801ed204d2162e2328"), oids::numeric, format::binary);
    attack<std::string>(from_hex("0002000040000004007b1194"), oids::numeric, format::binary);
    attack_both<numeric>("0002000040000004007b1194", "-123.4500", oids::numeric);
}

BOOST_AUTO_TEST_SUITE_END()
