#include "../support/samples/range.hpp"
#include "../support/samples/chrono.hpp"
#include "../support/samples/numbers.hpp"

#include "fetched.hpp"

template <>
inline constexpr coropg::range_types coropg::range_types_of<double>{{"floatrange"}, {"floatmultirange"}};

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_range)

BOOST_AUTO_TEST_CASE(range_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<range<std::int32_t>>("int4range");
    reader.fetch<range<std::int64_t>>("int8range");
    reader.fetch<range<numeric>>("numrange");
}

BOOST_AUTO_TEST_CASE(own_range_types_are_fetched) {
    reader_of_all reader;
    reader.execute_script("CREATE TYPE pg_temp.floatrange AS RANGE (subtype = float8)");
    reader.fetch<range<double>>("floatrange");
}

BOOST_AUTO_TEST_SUITE_END()
