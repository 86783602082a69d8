// The geometric types as plain structs of doubles. They are compared number by number, exactly; the operators of
// PostgreSQL tolerate small differences, and its = compares areas of some of them.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <utility>
#include <vector>

namespace coropg {

namespace oids {
inline constexpr oid point = 600, lseg = 601, path = 602, box = 603, polygon = 604, line = 628, circle = 718;
}  // namespace oids

struct point {
    double x{};
    double y{};

    friend bool operator==(const point&, const point&) = default;
};

/// The infinite line ax + by + c = 0; a and b are not both 0.
struct line {
    double a{};
    double b{};
    double c{};

    friend bool operator==(const line&, const line&) = default;
};

/// The segment between two points.
struct lseg {
    point from{};
    point to{};

    friend bool operator==(const lseg&, const lseg&) = default;
};

/// A rectangle. The server reorders the coordinates, so that `high` is the upper right corner and `low` the lower left.
struct box {
    point high{};
    point low{};

    friend bool operator==(const box&, const box&) = default;
};

/// Points with lines between; of a closed one the last is joined to the first. PostgreSQL has none without points.
struct path {
    std::vector<point> points;
    bool is_closed = false;

    path() = default;
    explicit path(std::vector<point> of, bool closed = false) : points{std::move(of)}, is_closed{closed} {}

    friend bool operator==(const path&, const path&) = default;
};

/// An area within the lines between its points. PostgreSQL has none without points.
struct polygon {
    std::vector<point> points;

    polygon() = default;
    explicit polygon(std::vector<point> of) : points{std::move(of)} {}

    friend bool operator==(const polygon&, const polygon&) = default;
};

/// The radius is not negative.
struct circle {
    point center{};
    double radius{};

    friend bool operator==(const circle&, const circle&) = default;
};

template <>
struct codec<point> {
    static constexpr pg_type type{"point", oids::point, 1017};
    static bool reads(oid from) { return from == oids::point; }
    static point decode(const field& f);
    static void encode(const point& value, encoder& out);
};

/// Errors: usage_error when a and b are 0.
template <>
struct codec<line> {
    static constexpr pg_type type{"line", oids::line, 629};
    static bool reads(oid from) { return from == oids::line; }
    static line decode(const field& f);
    static void encode(const line& value, encoder& out);
};

template <>
struct codec<lseg> {
    static constexpr pg_type type{"lseg", oids::lseg, 1018};
    static bool reads(oid from) { return from == oids::lseg; }
    static lseg decode(const field& f);
    static void encode(const lseg& value, encoder& out);
};

template <>
struct codec<box> {
    static constexpr pg_type type{"box", oids::box, 1020};
    static bool reads(oid from) { return from == oids::box; }
    static box decode(const field& f);
    static void encode(const box& value, encoder& out);
};

/// Errors: usage_error when there are no points, or too many.
template <>
struct codec<path> {
    static constexpr pg_type type{"path", oids::path, 1019};
    static bool reads(oid from) { return from == oids::path; }
    static path decode(const field& f);
    static void encode(const path& value, encoder& out);
};

/// Errors: usage_error when there are no points, or too many.
template <>
struct codec<polygon> {
    static constexpr pg_type type{"polygon", oids::polygon, 1027};
    static bool reads(oid from) { return from == oids::polygon; }
    static polygon decode(const field& f);
    static void encode(const polygon& value, encoder& out);
};

/// Errors: usage_error when the radius is negative.
template <>
struct codec<circle> {
    static constexpr pg_type type{"circle", oids::circle, 719};
    static bool reads(oid from) { return from == oids::circle; }
    static circle decode(const field& f);
    static void encode(const circle& value, encoder& out);
};

}  // namespace coropg
