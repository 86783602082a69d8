#include "../support/samples/chrono.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_date)

BOOST_AUTO_TEST_CASE(date_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::chrono::sys_days>("date");
    reader.fetch<std::chrono::hh_mm_ss<std::chrono::microseconds>>("time");
    reader.fetch<timetz>("timetz");
}

BOOST_AUTO_TEST_SUITE_END()
