#include "../support/samples/array.hpp"
#include "../support/samples/chrono.hpp"
#include "../support/samples/numbers.hpp"
#include "../support/samples/text.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_bounded_array)

BOOST_AUTO_TEST_CASE(bounded_array_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<array<std::optional<std::string>>>("text[]");
    reader.fetch<array<std::optional<std::chrono::sys_days>>>("date[]");
}

BOOST_AUTO_TEST_SUITE_END()
