#include "../support/samples/textsearch.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_textsearch)

BOOST_AUTO_TEST_CASE(textsearch_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<tsvector>("tsvector");
    reader.fetch<tsquery>("tsquery");
}

BOOST_AUTO_TEST_SUITE_END()
