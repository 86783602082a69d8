#include "../support/samples/postgis.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_geography)

BOOST_AUTO_TEST_CASE(geography_types_are_fetched) {
    reader_of_all reader;
    if (!reader.has("postgis")) return;
    reader.fetch<geography<models::point>>("geography");
    reader.fetch<geography<models::polygon>>("geography");
}

BOOST_AUTO_TEST_SUITE_END()
