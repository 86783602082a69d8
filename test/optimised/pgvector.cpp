#include "../support/samples/pgvector.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_pgvector)

BOOST_AUTO_TEST_CASE(pgvector_types_are_fetched) {
    reader_of_all reader;
    if (!reader.has("vector")) return;
    reader.fetch<vector>("vector");
    reader.fetch<halfvec>("halfvec");
    reader.fetch<sparsevec>("sparsevec");
}

BOOST_AUTO_TEST_SUITE_END()
