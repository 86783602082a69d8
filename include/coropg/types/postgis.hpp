// The types of PostGIS as models of Boost.Geometry: points, linestrings, polygons and multi_* of them, with two or
// three coordinates of type double. Not part of <coropg/coropg.hpp>: a program that includes this has Boost.Geometry.
//
//     using point = boost::geometry::model::d2::point_xy<double>;
//     auto here = co_await conn.fetch_one<coropg::geometry<point>>("SELECT place FROM shops WHERE id = $1", 5);
//
// Rings are taken as they are, whatever their orientation: boost::geometry::correct() turns them. Measures (M), curves
// and collections of several kinds have no model; reading them is a decode_error.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/ewkb.hpp>

#include <boost/geometry/core/closure.hpp>
#include <boost/geometry/core/coordinate_dimension.hpp>
#include <boost/geometry/core/coordinate_type.hpp>
#include <boost/geometry/core/exterior_ring.hpp>
#include <boost/geometry/core/interior_rings.hpp>
#include <boost/geometry/core/ring_type.hpp>
#include <boost/geometry/core/tag.hpp>
#include <boost/geometry/core/tags.hpp>
#include <boost/geometry/geometries/geometries.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace coropg {

/// A value of PostGIS's type "geometry", in the spatial reference system `srid`; 0 is none.
template <class Geometry>
struct geometry {
    geometry() = default;
    explicit geometry(Geometry shape, std::int32_t reference_system = 0)
        : value{std::move(shape)}, srid{reference_system} {}

    Geometry value{};
    std::int32_t srid = 0;
};

/// A value of PostGIS's type "geography": longitude and latitude in degrees.
template <class Geometry>
struct geography {
    geography() = default;
    explicit geography(Geometry shape, std::int32_t reference_system = 4326)
        : value{std::move(shape)}, srid{reference_system} {}

    Geometry value{};
    std::int32_t srid = 4326;
};

namespace detail {

template <class Tag>
inline constexpr ewkb_type ewkb_type_of{};
template <>
inline constexpr ewkb_type ewkb_type_of<boost::geometry::point_tag> = ewkb_type::point;
template <>
inline constexpr ewkb_type ewkb_type_of<boost::geometry::linestring_tag> = ewkb_type::linestring;
template <>
inline constexpr ewkb_type ewkb_type_of<boost::geometry::polygon_tag> = ewkb_type::polygon;
template <>
inline constexpr ewkb_type ewkb_type_of<boost::geometry::multi_point_tag> = ewkb_type::multi_point;
template <>
inline constexpr ewkb_type ewkb_type_of<boost::geometry::multi_linestring_tag> = ewkb_type::multi_linestring;
template <>
inline constexpr ewkb_type ewkb_type_of<boost::geometry::multi_polygon_tag> = ewkb_type::multi_polygon;

/// A model that EWKB has a type for.
template <class Model>
concept ewkb_model = ewkb_type_of<typename boost::geometry::tag<Model>::type> != ewkb_type{} &&
                     std::same_as<typename boost::geometry::coordinate_type<Model>::type, double> &&
                     (boost::geometry::dimension<Model>::value == 2 || boost::geometry::dimension<Model>::value == 3);

/// geometry = header body; header = byte order (0 is big, 1 little endian), uint32 type with flags, [int32 SRID]. body
/// of a point = its coordinates, all NaN when it is empty; of a linestring and of a ring = uint32 count, points; of a
/// polygon = uint32 count, rings, of which the first is the outer one; of a multi_* = uint32 count, geometries.
/// Source: PostGIS's lwin_wkb.c.
template <ewkb_model Model>
struct ewkb {
    static constexpr ewkb_type type = ewkb_type_of<typename boost::geometry::tag<Model>::type>;
    static constexpr std::size_t dimensions = boost::geometry::dimension<Model>::value;
    static constexpr std::size_t point_bytes = dimensions * sizeof(double);
    static constexpr std::size_t header_bytes = 5;
    static constexpr std::size_t count_bytes = 4;

    static void read(ewkb_reader& in, Model& into) {
        in.header(type, dimensions);
        if constexpr (type == ewkb_type::point) {
            read_point(in, into);
        } else if constexpr (type == ewkb_type::linestring) {
            read_points(in, into);
        } else if constexpr (type == ewkb_type::polygon) {
            const std::size_t rings = in.count(count_bytes);
            if (rings == 0) return;
            read_ring(in, boost::geometry::exterior_ring(into));
            auto&& holes = boost::geometry::interior_rings(into);
            holes.resize(rings - 1);
            for (auto& hole : holes) read_ring(in, hole);
        } else {
            into.resize(in.count(header_bytes + count_bytes));
            for (auto& part : into) ewkb<typename Model::value_type>::read(in, part);
        }
    }

    static void write(const Model& value, std::int32_t srid, encoder& out) {
        write_ewkb_header(type, dimensions, srid, out);
        if constexpr (type == ewkb_type::point) {
            write_point(value, out);
        } else if constexpr (type == ewkb_type::linestring) {
            write_ewkb_count(value.size(), out);
            for (const auto& point : value) write_point(point, out);
        } else if constexpr (type == ewkb_type::polygon) {
            const auto& outer = boost::geometry::exterior_ring(value);
            const auto& holes = boost::geometry::interior_rings(value);
            if (outer.empty() && holes.empty()) return write_ewkb_count(0, out);
            write_ewkb_count(holes.size() + 1, out);
            write_ring(outer, out);
            for (const auto& hole : holes) write_ring(hole, out);
        } else {
            write_ewkb_count(value.size(), out);
            for (const auto& part : value) ewkb<typename Model::value_type>::write(part, 0, out);
        }
    }

 private:
    static constexpr bool is_closed =
        boost::geometry::closure<Model>::value == boost::geometry::closed || type != ewkb_type::polygon;

    template <class Point>
    static void read_point(ewkb_reader& in, Point& into) {
        boost::geometry::set<0>(into, in.coordinate());
        boost::geometry::set<1>(into, in.coordinate());
        if constexpr (dimensions == 3) boost::geometry::set<2>(into, in.coordinate());
    }

    template <class Points>
    static void read_points(ewkb_reader& in, Points& into) {
        into.resize(in.count(point_bytes));
        for (auto& point : into) read_point(in, point);
    }

    /// The last point of a ring repeats the first; a model that is not closed does without.
    template <class Ring>
    static void read_ring(ewkb_reader& in, Ring& into) {
        read_points(in, into);
        if (!is_closed && !into.empty()) into.pop_back();
    }

    template <class Point>
    static void write_point(const Point& point, encoder& out) {
        out.number(boost::geometry::get<0>(point));
        out.number(boost::geometry::get<1>(point));
        if constexpr (dimensions == 3) out.number(boost::geometry::get<2>(point));
    }

    template <class Ring>
    static void write_ring(const Ring& ring, encoder& out) {
        const bool repeats_first = !is_closed && !ring.empty();
        write_ewkb_count(ring.size() + (repeats_first ? 1 : 0), out);
        for (const auto& point : ring) write_point(point, out);
        if (repeats_first) write_point(ring.front(), out);
    }
};

/// The common part of geometry and geography; `T` is one of them.
template <class T>
struct postgis_codec {
    static constexpr char delimiter = ':';

    static bool reads(oid from) { return from >= first_user_oid; }
    static T decode(const field& f) {
        ewkb_reader in{f};
        T into;
        ewkb<decltype(into.value)>::read(in, into.value);
        in.end();
        if (in.problem() != nullptr) f.fail<T>(in.problem());
        into.srid = in.srid();
        return into;
    }
    static void encode(const T& value, encoder& out) {
        ewkb<std::remove_cvref_t<decltype(value.value)>>::write(value.value, value.srid, out);
    }
};

}  // namespace detail

template <detail::ewkb_model Geometry>
struct codec<geometry<Geometry>> : detail::postgis_codec<geometry<Geometry>> {
    static constexpr pg_type type{"geometry"};
};

template <detail::ewkb_model Geometry>
struct codec<geography<Geometry>> : detail::postgis_codec<geography<Geometry>> {
    static constexpr pg_type type{"geography"};
};

}  // namespace coropg
