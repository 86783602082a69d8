#include "../support/samples/array.hpp"
#include "../support/samples/chrono.hpp"
#include "../support/samples/numbers.hpp"
#include "../support/samples/text.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_array)

BOOST_AUTO_TEST_CASE(array_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::vector<std::int32_t>>("int4[]");
    reader.fetch<std::vector<std::optional<std::string>>>("text[]");
    reader.fetch<std::vector<std::vector<std::optional<double>>>>("float8[]");
}

BOOST_AUTO_TEST_CASE(bounded_array_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<array<std::optional<std::string>>>("text[]");
    reader.fetch<array<std::optional<std::chrono::sys_days>>>("date[]");
}

BOOST_AUTO_TEST_SUITE_END()
