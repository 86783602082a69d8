#include "../support/samples/postgis.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_postgis)

BOOST_AUTO_TEST_CASE(postgis_types_are_fetched) {
    reader_of_all reader;
    if (!reader.has("postgis")) return;
    reader.fetch<geometry<models::point>>("geometry");
    reader.fetch<geometry<models::linestring_z>>("geometry");
    reader.fetch<geometry<models::polygon>>("geometry");
}

BOOST_AUTO_TEST_SUITE_END()
