#include "../support/samples/json.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_json)

BOOST_AUTO_TEST_CASE(json_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<boost::json::value>("json");
    reader.fetch<boost::json::value>("jsonb");
    reader.fetch<article>("jsonb");
}

BOOST_AUTO_TEST_SUITE_END()
