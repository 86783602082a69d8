#include "../support/samples/chrono.hpp"
#include "../support/samples/numbers.hpp"
#include "../support/samples/range.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_multirange)

BOOST_AUTO_TEST_CASE(multirange_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<multirange<std::int32_t>>("int4multirange");
    reader.fetch<multirange<std::int64_t>>("int8multirange");
    reader.fetch<multirange<numeric>>("nummultirange");
}

BOOST_AUTO_TEST_SUITE_END()
