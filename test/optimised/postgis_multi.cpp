#include "../support/samples/postgis.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_postgis_multi)

BOOST_AUTO_TEST_CASE(postgis_multi_types_are_fetched) {
    reader_of_all reader;
    if (!reader.has("postgis")) return;
    reader.fetch<geometry<models::multi_point>>("geometry");
    reader.fetch<geometry<models::multi_linestring>>("geometry");
    reader.fetch<geometry<models::multi_polygon_z>>("geometry");
}

BOOST_AUTO_TEST_SUITE_END()
