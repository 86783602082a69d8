// Nothing but what the others begin with, and have precompiled: what it costs is added to their costs.
#include "fetched.hpp"

BOOST_AUTO_TEST_SUITE(optimised_headers)

BOOST_AUTO_TEST_CASE(both_faces_connect) {
    coropg::test::reader_of_all reader;
    BOOST_TEST((reader.async().is_open() && reader.blocking().is_open()));
}

BOOST_AUTO_TEST_SUITE_END()
