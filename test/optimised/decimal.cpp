#include "../support/samples/multiprecision.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_decimal)

BOOST_AUTO_TEST_CASE(decimal_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<boost::multiprecision::cpp_dec_float_50>("numeric");
}

BOOST_AUTO_TEST_SUITE_END()
