// The geometric types.
#pragma once

#include "numbers.hpp"

#include <coropg/types/geometry.hpp>

#include <vector>

namespace coropg::test {

/// "(3ff0000000000000,...)", numbers and points alike.
template <class... Parts>
std::string in_parentheses(const Parts&... parts) {
    std::string text;
    ((text += (text.empty() ? "" : ",") + sample<Parts>::print(parts)), ...);
    return "(" + text + ")";
}

inline double make_finite(source& from) {
    const double value = sample<double>::make(from);
    return std::isfinite(value) ? value : 0;
}

template <>
struct sample<point> {
    static point make(source& from) { return {make_finite(from), make_finite(from)}; }
    static std::string print(const point& value) { return in_parentheses(value.x, value.y); }
};

template <>
struct sample<line> {
    static line make(source& from) {
        const auto a = static_cast<double>(from.between(1, 1'000'000)) / 8;
        return {a, make_finite(from), make_finite(from)};
    }
    static std::string print(const line& value) { return in_parentheses(value.a, value.b, value.c); }
};

template <>
struct sample<lseg> {
    static lseg make(source& from) { return {sample<point>::make(from), sample<point>::make(from)}; }
    static std::string print(const lseg& value) { return in_parentheses(value.from, value.to); }
};

/// Its corners as the server reorders them.
template <>
struct sample<box> {
    static box make(source& from) {
        box value{sample<point>::make(from), sample<point>::make(from)};
        if (value.high.x < value.low.x) std::swap(value.high.x, value.low.x);
        if (value.high.y < value.low.y) std::swap(value.high.y, value.low.y);
        return value;
    }
    static std::string print(const box& value) { return in_parentheses(value.high, value.low); }
};

inline std::vector<point> make_points(source& from) {
    std::vector<point> points(1 + from.size_below(5));
    for (point& p : points) p = sample<point>::make(from);
    return points;
}

inline std::string printed_points(const std::vector<point>& points) {
    std::string text;
    for (const point& p : points) text += sample<point>::print(p);
    return text;
}

template <>
struct sample<path> {
    static path make(source& from) {
        const bool is_closed = from.one_in(2);
        return path{make_points(from), is_closed};
    }
    static std::string print(const path& value) {
        return (value.is_closed ? "closed " : "open ") + printed_points(value.points);
    }
};

template <>
struct sample<polygon> {
    static polygon make(source& from) { return polygon{make_points(from)}; }
    static std::string print(const polygon& value) { return printed_points(value.points); }
};

template <>
struct sample<circle> {
    static circle make(source& from) { return {sample<point>::make(from), std::fabs(make_finite(from))}; }
    static std::string print(const circle& value) { return in_parentheses(value.center, value.radius); }
};

}  // namespace coropg::test
