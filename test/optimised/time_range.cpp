#include "../support/samples/chrono.hpp"
#include "../support/samples/numbers.hpp"
#include "../support/samples/range.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_time_range)

BOOST_AUTO_TEST_CASE(time_range_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<range<std::chrono::local_time<std::chrono::microseconds>>>("tsrange");
    reader.fetch<range<std::chrono::sys_time<std::chrono::microseconds>>>("tstzrange");
    reader.fetch<range<std::chrono::sys_days>>("daterange");
}

BOOST_AUTO_TEST_SUITE_END()
