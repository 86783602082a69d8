#include "../support/samples/named.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_hstore)

BOOST_AUTO_TEST_CASE(hstore_types_are_fetched) {
    reader_of_all reader;
    if (reader.has("hstore")) reader.fetch<hstore>("hstore");
}

BOOST_AUTO_TEST_SUITE_END()
