// bit and varbit, C++ -> server -> C++ in both formats.
#include <coropg/types/bits.hpp>

#include "../support/round_trip.hpp"

#include <boost/dynamic_bitset/dynamic_bitset.hpp>

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_bits)

BOOST_AUTO_TEST_CASE_TEMPLATE(bit_strings_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* text : {"", "0", "1", "10110", "11111111", "000000001", "1010101010101010101010101010101010101"}) {
        const boost::dynamic_bitset<> value{std::string{text}};
        goes_round(face, conn, "varbit", value);
        BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", value)) == text);
    }
    goes_round(face, conn, "bit(5)", std::bitset<5>{"10110"});
    goes_round(face, conn, "bit(64)", std::bitset<64>{0x8000000000000001});
    goes_round(face, conn, "bit(5)", boost::dynamic_bitset<>{std::string{"00001"}});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_first_bit_has_the_highest_index, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::bitset<8> value{0b10000010};
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1::bit(8)::int", value)) == 0b10000010);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT get_bit($1, 6)", value)) == 1);
    BOOST_TEST(value[8 - 1 - 6]);
}

BOOST_AUTO_TEST_SUITE_END()
