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

BOOST_AUTO_TEST_CASE(integer_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<bool>("bool");
    reader.fetch<std::int16_t>("int2");
    reader.fetch<std::int32_t>("int4");
    reader.fetch<std::int64_t>("int8");
    reader.fetch<std::uint32_t>("oid");
}

BOOST_AUTO_TEST_SUITE_END()
