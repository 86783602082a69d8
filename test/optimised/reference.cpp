#include "../support/samples/system.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_reference)

BOOST_AUTO_TEST_CASE(reference_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<regproc>("regproc");
    reader.fetch<regprocedure>("regprocedure");
    reader.fetch<regoper>("regoper");
    reader.fetch<regoperator>("regoperator");
    reader.fetch<regclass>("regclass");
    reader.fetch<regtype>("regtype");
}

BOOST_AUTO_TEST_SUITE_END()
