#include "../support/samples/chrono.hpp"
#include "../support/samples/numbers.hpp"
#include "../support/samples/range.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_time_multirange)

BOOST_AUTO_TEST_CASE(time_multirange_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<multirange<std::chrono::local_time<std::chrono::microseconds>>>("tsmultirange");
    reader.fetch<multirange<std::chrono::sys_time<std::chrono::microseconds>>>("tstzmultirange");
    reader.fetch<multirange<std::chrono::sys_days>>("datemultirange");
}

BOOST_AUTO_TEST_SUITE_END()
