#include "../support/samples/multiprecision.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_multiprecision)

BOOST_AUTO_TEST_CASE(multiprecision_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<boost::multiprecision::cpp_int>("numeric");
    reader.fetch<boost::multiprecision::int128_t>("numeric");
}

BOOST_AUTO_TEST_SUITE_END()
