#include "../support/samples/text.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_citext)

BOOST_AUTO_TEST_CASE(citext_types_are_fetched) {
    reader_of_all reader;
    if (reader.has("citext")) reader.fetch<std::string>("citext");
}

BOOST_AUTO_TEST_SUITE_END()
