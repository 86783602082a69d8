// The types of PostGIS, C++ -> server -> C++ in both formats, where the server has the extension.
#include <coropg/types/postgis.hpp>

#include "../support/extension.hpp"
#include "../support/round_trip.hpp"

#include <boost/geometry/io/wkt/wkt.hpp>

#include <string>

namespace bg = boost::geometry;
using point = bg::model::d2::point_xy<double>;
using line = bg::model::linestring<point>;
using point_z = bg::model::point<double, 3, bg::cs::cartesian>;
using polygon = bg::model::polygon<point>;
using multi_polygon_z = bg::model::multi_polygon<bg::model::polygon<point_z>>;

namespace coropg {

// The models cannot be compared: by what they are sent as.
template <class T>
    requires requires(T value) { value.srid; }
bool operator==(const T& a, const T& b) {
    std::vector<char> bytes_a;
    std::vector<char> bytes_b;
    encoder out_a{bytes_a};
    encoder out_b{bytes_b};
    codec<T>::encode(a, out_a);
    codec<T>::encode(b, out_b);
    return bytes_a == bytes_b;
}

}  // namespace coropg

using namespace coropg::test;
using coropg::geography;
using coropg::geometry;

BOOST_AUTO_TEST_SUITE(types_postgis)

namespace {

template <class Model>
geometry<Model> from_wkt(const std::string& text, std::int32_t srid = 0) {
    geometry<Model> value;
    bg::read_wkt(text, value.value);
    value.srid = srid;
    return value;
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(geometries_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "postgis")) return;
    goes_round(face, conn, "geometry", geometry{point{1, -2.5}});
    goes_round(face, conn, "geometry", geometry{point_z{1, 2, 3}, 4326});
    goes_round(face, conn, "geometry", from_wkt<line>("LINESTRING(1 2,3 4)", 3857));
    goes_round(face, conn, "geometry", geometry<line>{});
    goes_round(face, conn, "geometry", from_wkt<polygon>("POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))"));
    goes_round(face, conn, "geometry", geometry<polygon>{});
    goes_round(face, conn, "geometry", from_wkt<bg::model::multi_point<point>>("MULTIPOINT((1 2),(3 4))"));
    goes_round(face, conn, "geometry",
               from_wkt<bg::model::multi_linestring<line>>("MULTILINESTRING((1 2,3 4),(5 6,7 8))"));
    goes_round(face, conn, "geometry", from_wkt<multi_polygon_z>("MULTIPOLYGON(((0 0 1,4 0 1,4 4 1,0 0 1)))", 4326));
    goes_round(face, conn, "geography", geography{point{9.2, 48.8}});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_understands_geometries, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "postgis")) return;
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>(
                   "SELECT ST_AsEWKT($1)", from_wkt<polygon>("POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))", 4326))) ==
               "SRID=4326;POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))");
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT ST_Within($1, $2)", geometry{point{1, 1}},
                                                   from_wkt<polygon>("POLYGON((0 0,0 4,4 4,4 0,0 0))"))));
    BOOST_TEST((reads<geometry<point>>(face, conn, "ST_Point(1, 2, 3857)") == geometry{point{1, 2}, 3857}));
    ERROR_OF(coropg::decode_error, conn.template fetch_one<geometry<point>>("SELECT 'LINESTRING(1 2,3 4)'::geometry"));
    ERROR_OF(coropg::decode_error, conn.template fetch_one<geometry<point>>("SELECT 'POINT M (1 2 3)'::geometry"));
    ERROR_OF(coropg::decode_error, conn.template fetch_one<geometry<point>>("SELECT 'POINT(1 2)'::geography"));
}

BOOST_AUTO_TEST_SUITE_END()
