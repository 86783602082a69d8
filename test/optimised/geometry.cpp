#include "../support/samples/geometry.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_geometry)

BOOST_AUTO_TEST_CASE(geometry_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<point>("point");
    reader.fetch<line>("line");
    reader.fetch<lseg>("lseg");
    reader.fetch<box>("box");
}

BOOST_AUTO_TEST_CASE(shape_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<path>("path");
    reader.fetch<polygon>("polygon");
    reader.fetch<circle>("circle");
}

BOOST_AUTO_TEST_SUITE_END()
