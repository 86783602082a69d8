#include "../support/samples/named.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_variant)

BOOST_AUTO_TEST_CASE(variant_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::variant<std::int32_t, numeric>>("int4");
    reader.fetch<std::variant<std::chrono::sys_days, numeric>>("date");
}

BOOST_AUTO_TEST_SUITE_END()
