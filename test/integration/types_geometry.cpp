// The geometric types, C++ -> server -> C++ in both formats.
#include <coropg/types/geometry.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_geometry)

BOOST_AUTO_TEST_CASE_TEMPLATE(geometry_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const double d : {0.1, -1e300, std::numeric_limits<double>::denorm_min(), infinity}) {
        goes_round(face, conn, "point", point{d, -d});
        goes_round(face, conn, "line", line{d, -1, 0});
        goes_round(face, conn, "lseg", lseg{{d, 1}, {2, 3}});
        goes_round(face, conn, "circle", circle{{d, 1}, 2.5});
    }
    goes_round(face, conn, "box", box{{3, 4.5}, {-1, 0.1}});
    goes_round(face, conn, "circle", circle{});
    for (const std::vector<point>& points :
         {std::vector<point>{{1, 2}}, std::vector<point>{{1, 2}, {3, 4}, {0.5, -7}}}) {
        goes_round(face, conn, "path", path{points});
        goes_round(face, conn, "path", path{points, true});
        goes_round(face, conn, "polygon", polygon{points});
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_puts_the_corners_of_a_box_in_order, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const box given{{1, 4}, {3, 2}};
    BOOST_TEST((AWAIT(conn.template fetch_one<box>("SELECT $1", given)) == box{{3, 4}, {1, 2}}));
}

BOOST_AUTO_TEST_SUITE_END()
