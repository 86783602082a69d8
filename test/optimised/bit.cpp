#include "../support/samples/system.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_bit)

BOOST_AUTO_TEST_CASE(bit_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::bitset<13>>("bit(13)");
    reader.fetch<boost::dynamic_bitset<>>("varbit");
    reader.fetch<money>("money");
}

BOOST_AUTO_TEST_SUITE_END()
