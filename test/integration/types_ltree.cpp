// ltree, lquery and ltxtquery, C++ -> server -> C++ in both formats.
#include <coropg/types/ltree.hpp>

#include "../support/extension.hpp"
#include "../support/round_trip.hpp"

#include <vector>

using namespace coropg::test;
using coropg::lquery;
using coropg::ltree;
using coropg::ltxtquery;

BOOST_AUTO_TEST_SUITE(types_ltree)

BOOST_AUTO_TEST_CASE_TEMPLATE(paths_and_patterns_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "ltree")) return;
    goes_round(face, conn, "ltree", ltree{});
    goes_round(face, conn, "ltree",
               ltree{"Top.Science.\xc3\x9c"
                     "ber"});
    goes_round(face, conn, "lquery", lquery{"Top.*{1,2}.x@|y"});
    goes_round(face, conn, "ltxtquery", ltxtquery{"Europe & !Russia"});
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT $1 ~ $2", ltree{"Top.Science"}, lquery{"*.Science"})));
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT 'Top.Science'::ltree ~ ANY ($1)",
                                                   std::vector<lquery>{lquery{"a"}, lquery{"Top.*"}})));
    ERROR_OF(coropg::server_error, conn.execute("SELECT $1", ltree{"a..b"}));
    ERROR_OF(coropg::decode_error, conn.template fetch_one<lquery>("SELECT 'a'::ltree"));
}

BOOST_AUTO_TEST_SUITE_END()
