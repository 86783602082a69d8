#include "../support/samples/numbers.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_number)

BOOST_AUTO_TEST_CASE(number_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<float>("float4");
    reader.fetch<double>("float8");
    reader.fetch<numeric>("numeric");
}

BOOST_AUTO_TEST_SUITE_END()
