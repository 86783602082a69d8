// numeric in binary becomes the text that the server itself would print.
#include <coropg/types/text.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using coropg::decode_error;
namespace oids = coropg::oids;

std::string numeric(std::string_view hex) { return read_binary<std::string>(hex, oids::numeric); }

}  // namespace

BOOST_AUTO_TEST_SUITE(types_numeric)

BOOST_AUTO_TEST_CASE(a_numeric_prints_as_the_server_prints_it) {
    struct {
        std::string_view hex;
        std::string_view text;
    } const golden[] = {
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
    };
    for (const auto& [hex, text] : golden) BOOST_TEST(numeric(hex) == text);
}

BOOST_AUTO_TEST_CASE(the_specials_have_names) {
    BOOST_TEST(numeric("00000000c0000000") == "NaN");
    BOOST_TEST(numeric("00000000d0000020") == "Infinity");
    BOOST_TEST(numeric("00000000f0000020") == "-Infinity");
}

BOOST_AUTO_TEST_CASE(the_largest_numerics_print_in_full) {
    BOOST_TEST(numeric("00017ef4000000000001") == "1" + std::string(130000, '0'));
    BOOST_TEST(numeric("0001ffff00003fff0001") == "0.0001" + std::string(16379, '0'));
}

BOOST_AUTO_TEST_CASE(a_scale_smaller_than_the_digits_cuts_them_as_the_server_does) {
    BOOST_TEST(numeric("0002000000000001007b1194") == "123.4");
    BOOST_TEST(numeric("0002000000000000007b1194") == "123");
}

BOOST_AUTO_TEST_CASE(leading_groups_of_zeros_are_not_printed) {
    BOOST_TEST(numeric("000200010000000000000005") == "5");
    BOOST_TEST(numeric("000200014000000000000000") == "0");
    BOOST_TEST(numeric("00007fff00000000") == "0");
}

BOOST_AUTO_TEST_CASE(a_malformed_numeric_is_refused) {
    BOOST_CHECK_EXCEPTION(numeric(""), decode_error, says("cut short"));
    BOOST_CHECK_EXCEPTION(numeric("00000000000000"), decode_error, says("cut short"));
    BOOST_CHECK_EXCEPTION(numeric("0001000000000000"), decode_error, says("another length"));
    BOOST_CHECK_EXCEPTION(numeric("ffff000000000000"), decode_error, says("another length"));
    BOOST_CHECK_EXCEPTION(numeric("000000000000000000"), decode_error, says("another length"));
    BOOST_CHECK_EXCEPTION(numeric("0000000012340000"), decode_error, says("sign"));
    BOOST_CHECK_EXCEPTION(numeric("0000000000004000"), decode_error, says("scale"));
    BOOST_CHECK_EXCEPTION(numeric("00010000000000002710"), decode_error, says("digit"));
    BOOST_CHECK_EXCEPTION(numeric("0001000000000000ffff"), decode_error, says("digit"));
}

BOOST_AUTO_TEST_CASE(double_does_not_read_numeric) {
    BOOST_TEST(!coropg::codec<double>::reads(oids::numeric));
    BOOST_CHECK_THROW(read_text<double>("1.5", oids::numeric), decode_error);
}

BOOST_AUTO_TEST_CASE(hostile_numerics_are_read_or_refused) {
    attack<std::string>(from_hex("000800040000000904d2162e23340d801ed204d2162e2328"), oids::numeric, format::binary);
    attack<std::string>(from_hex("0002000040000004007b1194"), oids::numeric, format::binary);
}

BOOST_AUTO_TEST_SUITE_END()
