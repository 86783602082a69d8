// Bit strings and bitsets look the same when printed.
#include <coropg/types/bits.hpp>

#include <boost/dynamic_bitset/dynamic_bitset.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using bits = boost::dynamic_bitset<>;
using coropg::decode_error;
namespace oids = coropg::oids;

}  // namespace

BOOST_AUTO_TEST_SUITE(types_bits)

BOOST_AUTO_TEST_CASE(bit_strings_read_and_write) {
    struct {
        std::string_view hex;
        const char* text;
    } const golden[] = {
        {"00000005b0", "10110"},    {"00000000", ""},    {"00000009aa80", "101010101"},
        {"00000008ff", "11111111"}, {"0000000100", "0"},
    };
    for (const auto& [hex, text] : golden) {
        BOOST_TEST((read_binary<bits>(hex, oids::varbit) == bits{std::string{text}}));
        BOOST_TEST((read_text<bits>(text, oids::bit) == bits{std::string{text}}));
        BOOST_TEST(write_hex(bits{std::string{text}}) == hex);
    }
    BOOST_TEST((read_binary<std::bitset<9>>("00000009aa80", oids::bit) == std::bitset<9>{"101010101"}));
    BOOST_TEST((read_text<std::bitset<5>>("10110", oids::bit).to_ulong() == 22));
    BOOST_TEST(write_hex(std::bitset<5>{"10110"}) == "00000005b0");
    BOOST_TEST(write_hex(std::bitset<0>{}) == "00000000");
}

BOOST_AUTO_TEST_CASE(a_bitset_reads_its_own_size_only) {
    BOOST_CHECK_EXCEPTION(read_text<std::bitset<4>>("10110", oids::bit), decode_error, says("5 bits instead of 4"));
    BOOST_CHECK_THROW(read_binary<std::bitset<8>>("00000005b0", oids::bit), decode_error);
}

BOOST_AUTO_TEST_CASE(malformed_bit_strings_are_refused) {
    for (const char* hex : {"", "000000", "00000001", "000000008000", "00000008", "00000009aa", "ffffffff", "80000000",
                            "7fffffffff", "00000001ffff"})
        BOOST_TEST_CONTEXT(hex) BOOST_CHECK_THROW(read_binary<bits>(hex, oids::varbit), decode_error);
    BOOST_CHECK_THROW(read_text<bits>("012", oids::varbit), decode_error);
}

BOOST_AUTO_TEST_CASE(hostile_bit_strings_are_read_or_refused) {
    attack_both<bits>("00000009aa80", "101010101", oids::varbit);
    attack_both<std::bitset<9>>("00000009aa80", "101010101", oids::bit);
}

BOOST_AUTO_TEST_SUITE_END()
