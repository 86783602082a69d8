// EWKB as Boost.Geometry's models and back: every type, both byte orders, hostile input. Golden bytes are those of
// PostGIS 3.3.
#include <coropg/types/postgis.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <boost/geometry/algorithms/equals.hpp>
#include <boost/geometry/io/wkt/wkt.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace types_test;
namespace bg = boost::geometry;
using coropg::codec;
using coropg::decode_error;
using coropg::geography;
using coropg::geometry;

using point = bg::model::d2::point_xy<double>;
using point_z = bg::model::point<double, 3, bg::cs::cartesian>;
using line = bg::model::linestring<point>;
using polygon = bg::model::polygon<point>;
using open_polygon = bg::model::polygon<point, true, false>;
using multi_point = bg::model::multi_point<point>;
using multi_line = bg::model::multi_linestring<line>;
using multi_polygon_z = bg::model::multi_polygon<bg::model::polygon<point_z>>;

constexpr oid geometry_type = 16400, some_array = 16405;

constexpr std::string_view point_hex = "0101000000000000000000f03f0000000000000040";
constexpr std::string_view point_4326 = "0101000020e6100000000000000000f03f0000000000000040";
constexpr std::string_view point_m = "0101000040000000000000f03f00000000000000400000000000000840";
constexpr std::string_view point_z_hex = "0101000080000000000000f03f00000000000000400000000000000840";
constexpr std::string_view empty_point = "0101000000000000000000f87f000000000000f87f";
constexpr std::string_view line_hex =
    "010200000002000000000000000000f03f000000000000004000000000000008400000000000001040";
constexpr std::string_view polygon_hex =
    "0103000000020000000400000000000000000000000000000000000000000000000000104000000000000000000000000000001040000000000000"
    "10400000000000000000000000000000000004000000000000000000f03f000000000000f03f0000000000000040000000000000f03f00000000"
    "000000400000000000000040000000000000f03f000000000000f03f";
constexpr std::string_view multi_point_hex =
    "0104000020110f0000020000000101000000000000000000f03f0000000000000040010100000000000000000008400000000000001040";
constexpr std::string_view multi_line_hex =
    "010500000002000000010200000002000000000000000000f03f00000000000000400000000000000840000000000000104001020000000200"
    "0000000000000000144000000000000018400000000000001c400000000000002040";
constexpr std::string_view multi_polygon_hex =
    "01060000a0e6100000010000000103000080010000000400000000000000000000000000000000000000000000000000f03f000000000000104000"
    "00000000000000000000000000f03f00000000000010400000000000001040000000000000f03f00000000000000000000000000000000000000"
    "000000f03f";

template <class Model>
Model from_wkt(const char* text) {
    Model model;
    bg::read_wkt(text, model);
    return model;
}

template <class T>
std::string wkt(const T& of) {
    std::ostringstream text;
    text << bg::wkt(of.value);
    return text.str() == "POLYGON()" ? "POLYGON(())" : text.str();  // the empty one in Boost 1.88 and before
}

/// In binary, in text and back.
template <class Model>
void reads_as(std::string_view hex, const char* expected, int srid = 0) {
    const auto value = read_binary<geometry<Model>>(hex, geometry_type);
    BOOST_TEST(wkt(value) == expected);
    BOOST_TEST(value.srid == srid);
    BOOST_TEST(write(read_text<geometry<Model>>(hex, geometry_type)) == write(value));
    BOOST_TEST(wkt(read<geometry<Model>>(write(value), geometry_type, format::binary)) == expected);
    BOOST_TEST(write(read<geometry<Model>>(write(value), geometry_type, format::binary)) == write(value));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_postgis)

BOOST_AUTO_TEST_CASE(every_type_reads_from_both_formats) {
    reads_as<point>(point_hex, "POINT(1 2)");
    reads_as<point>(point_4326, "POINT(1 2)", 4326);
    reads_as<point_z>(point_z_hex, "POINT(1 2 3)");
    reads_as<line>(line_hex, "LINESTRING(1 2,3 4)");
    reads_as<line>("010200000000000000", "LINESTRING()");
    reads_as<polygon>(polygon_hex, "POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))");
    reads_as<polygon>("010300000000000000", "POLYGON(())");
    reads_as<multi_point>(multi_point_hex, "MULTIPOINT((1 2),(3 4))", 3857);
    reads_as<multi_point>("010400000000000000", "MULTIPOINT()");
    reads_as<multi_line>(multi_line_hex, "MULTILINESTRING((1 2,3 4),(5 6,7 8))");
    reads_as<multi_polygon_z>(multi_polygon_hex, "MULTIPOLYGON(((0 0 1,4 0 1,4 4 1,0 0 1)))", 4326);
}

BOOST_AUTO_TEST_CASE(an_empty_point_is_not_a_number) {
    const auto value = read_binary<geometry<point>>(empty_point, geometry_type).value;
    BOOST_TEST((std::isnan(value.x()) && std::isnan(value.y())));
}

BOOST_AUTO_TEST_CASE(values_go_out_in_network_byte_order) {
    BOOST_TEST(codec<geometry<point>>::type.name == "geometry");
    BOOST_TEST(codec<geography<point>>::type.name == "geography");
    BOOST_TEST(codec<std::vector<geometry<line>>>::type.name == "geometry[]");
    BOOST_TEST(write_hex(geometry{point{1, 2}}) == "00000000013ff00000000000004000000000000000");
    BOOST_TEST(write_hex(geography{point{1, 2}}) == "0020000001000010e63ff00000000000004000000000000000");
    BOOST_TEST(write_hex(geometry{point_z{1, 2, 3}, 4326}) ==
               "00a0000001000010e63ff000000000000040000000000000004008000000000000");
    BOOST_TEST(write_hex(geometry<polygon>{}) == "000000000300000000");
    BOOST_TEST(write_hex(geometry{from_wkt<multi_point>("MULTIPOINT((1 2))"), 3857}) ==
               "002000000400000f1100000001"
               "00000000013ff00000000000004000000000000000");
}

BOOST_AUTO_TEST_CASE(rings_of_an_open_model_are_closed_on_the_wire) {
    const auto open = read_binary<geometry<open_polygon>>(polygon_hex, geometry_type);
    BOOST_TEST(open.value.outer().size() == 3U);
    BOOST_TEST(open.value.inners()[0].size() == 3U);
    BOOST_TEST(write(open) == write(read_binary<geometry<polygon>>(polygon_hex, geometry_type)));
}

BOOST_AUTO_TEST_CASE(arrays_of_geometries_are_separated_by_colons) {
    const std::string text = "{" + std::string{point_hex} + ":NULL:" + std::string{point_4326} + "}";
    const auto values = read_text<std::vector<std::optional<geometry<point>>>>(text, some_array);
    BOOST_TEST((values.size() == 3 && values[0] && !values[1] && values[2]->srid == 4326));
}

BOOST_AUTO_TEST_CASE(another_kind_of_geometry_is_refused) {
    const auto refuses = []<class Model>(std::string_view hex, const char* reason, Model) {
        BOOST_CHECK_EXCEPTION(read_binary<geometry<Model>>(hex, geometry_type), decode_error, says(reason));
    };
    refuses(line_hex, "another type", point{});
    refuses(point_hex, "another type", multi_point{});
    refuses("0107000000010000000101000000000000000000f03f0000000000000040", "another type", multi_point{});
    refuses(point_z_hex, "other dimensions", point{});
    refuses(point_m, "other dimensions", point{});
    refuses(point_m, "other dimensions", point_z{});
    refuses(point_hex, "other dimensions", point_z{});
    BOOST_CHECK_EXCEPTION(read_text<geometry<point>>("", coropg::oids::text), decode_error, says("no codec"));
    static_assert(!coropg::detail::ewkb_model<bg::model::d2::point_xy<float>>);
    static_assert(!coropg::detail::ewkb_model<bg::model::box<point>>);
}

BOOST_AUTO_TEST_CASE(malformed_geometries_are_refused) {
    for (const std::string_view hex : {"", "01", "0201000000", "0101000020", "0101000000000000000000f03f",
                                       "0101000000000000000000f03f000000000000004000"}) {
        BOOST_TEST_CONTEXT(hex)
        BOOST_CHECK_THROW(read_binary<geometry<point>>(hex, geometry_type), decode_error);
        BOOST_CHECK_THROW(read_text<geometry<point>>(hex, geometry_type), decode_error);
    }
    BOOST_CHECK_THROW(read_text<geometry<point>>("0101x", geometry_type), decode_error);
    BOOST_CHECK_THROW(read_text<geometry<point>>("01010", geometry_type), decode_error);
    BOOST_CHECK_THROW(read_binary<geometry<line>>("0102000000ffffffff", geometry_type), decode_error);
    BOOST_CHECK_THROW(read_binary<geometry<polygon>>("0103000000ffffffff", geometry_type), decode_error);
    BOOST_CHECK_THROW(read_binary<geometry<polygon>>("010300000001000000ffffff7f", geometry_type), decode_error);
    BOOST_CHECK_THROW(read_binary<geometry<multi_line>>("0105000000ffffff7f", geometry_type), decode_error);
}

BOOST_AUTO_TEST_CASE(hostile_geometries_are_read_or_refused) {
    attack_both<geometry<point>>(point_4326, point_4326, geometry_type);
    attack_both<geometry<line>>(line_hex, line_hex, geometry_type);
    attack_both<geometry<polygon>>(polygon_hex, polygon_hex, geometry_type);
    attack_both<geometry<open_polygon>>(polygon_hex, polygon_hex, geometry_type);
    attack_both<geometry<multi_line>>(multi_line_hex, multi_line_hex, geometry_type);
    attack_both<geometry<multi_polygon_z>>(multi_polygon_hex, multi_polygon_hex, geometry_type);
}

BOOST_AUTO_TEST_SUITE_END()
