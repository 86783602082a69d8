#include "../support/samples/system.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_name_reference)

BOOST_AUTO_TEST_CASE(name_reference_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<regrole>("regrole");
    reader.fetch<regnamespace>("regnamespace");
    reader.fetch<regconfig>("regconfig");
    reader.fetch<regdictionary>("regdictionary");
    reader.fetch<regcollation>("regcollation");
}

BOOST_AUTO_TEST_SUITE_END()
