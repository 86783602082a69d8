#include "../support/samples/ltree.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_ltree)

BOOST_AUTO_TEST_CASE(ltree_types_are_fetched) {
    reader_of_all reader;
    if (!reader.has("ltree")) return;
    reader.fetch<ltree>("ltree");
    reader.fetch<lquery>("lquery");
    reader.fetch<ltxtquery>("ltxtquery");
}

BOOST_AUTO_TEST_SUITE_END()
