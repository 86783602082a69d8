#include "../support/samples/chrono.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_timestamp)

BOOST_AUTO_TEST_CASE(timestamp_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::chrono::sys_time<std::chrono::microseconds>>("timestamptz");
    reader.fetch<std::chrono::local_time<std::chrono::microseconds>>("timestamp");
    reader.fetch<interval>("interval");
    reader.fetch<std::chrono::microseconds>("interval");
}

BOOST_AUTO_TEST_CASE(date_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::chrono::sys_days>("date");
    reader.fetch<std::chrono::hh_mm_ss<std::chrono::microseconds>>("time");
    reader.fetch<timetz>("timetz");
}

BOOST_AUTO_TEST_SUITE_END()
