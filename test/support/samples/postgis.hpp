// Geometries and geographies of PostGIS.
#pragma once

#include "numbers.hpp"

#include <coropg/types/postgis.hpp>

namespace coropg::test {

namespace models {

namespace bg = boost::geometry;

using point = bg::model::d2::point_xy<double>;
using point_z = bg::model::point<double, 3, bg::cs::cartesian>;
using linestring = bg::model::linestring<point>;
using linestring_z = bg::model::linestring<point_z>;
using polygon = bg::model::polygon<point>;
using multi_point = bg::model::multi_point<point>;
using multi_linestring = bg::model::multi_linestring<linestring>;
using multi_polygon_z = bg::model::multi_polygon<bg::model::polygon<point_z>>;

}  // namespace models

/// Shapes that PostGIS takes: lines of two points at least, closed rings of four, longitudes and latitudes.
template <class Model>
struct shape {
    using tag = typename boost::geometry::tag<Model>::type;
    static constexpr bool is_point = std::same_as<tag, boost::geometry::point_tag>;
    static constexpr bool is_polygon = std::same_as<tag, boost::geometry::polygon_tag>;
    static constexpr bool is_ring = std::same_as<tag, boost::geometry::ring_tag>;

    static Model make(source& from) {
        Model model;
        if constexpr (is_point) {
            boost::geometry::set<0>(model, degrees(from, 180));
            boost::geometry::set<1>(model, degrees(from, 90));
            if constexpr (boost::geometry::dimension<Model>::value == 3) boost::geometry::set<2>(model, height(from));
        } else if constexpr (is_polygon) {
            if (from.one_in(8)) return model;
            model.outer() = shape<typename Model::ring_type>::make(from);
            for (std::uint64_t left = from.below(3); left > 0; --left)
                model.inners().push_back(shape<typename Model::ring_type>::make(from));
        } else if constexpr (is_ring) {
            fill(from, model, 3 + from.below(4));
            model.push_back(model.front());
        } else if (!from.one_in(8)) {
            fill(from, model, 2 + from.below(4));
        }
        return model;
    }

    static std::string print(const Model& model) {
        if constexpr (is_point) {
            std::string text = sample<double>::print(boost::geometry::get<0>(model)) + " " +
                               sample<double>::print(boost::geometry::get<1>(model));
            if constexpr (boost::geometry::dimension<Model>::value == 3)
                text += " " + sample<double>::print(boost::geometry::get<2>(model));
            return text;
        } else if constexpr (is_polygon) {
            if (model.outer().empty() && model.inners().empty()) return "()";
            std::string text = shape<typename Model::ring_type>::print(model.outer());
            for (const auto& inner : model.inners()) text += "," + shape<typename Model::ring_type>::print(inner);
            return "(" + text + ")";
        } else {
            std::string text;
            for (const auto& part : model)
                text += (text.empty() ? "" : ",") + shape<typename Model::value_type>::print(part);
            return "(" + text + ")";
        }
    }

 private:
    static double degrees(source& from, std::int64_t limit) {
        return static_cast<double>(from.between(-limit * 1'000'000, limit * 1'000'000)) / 1e6;
    }
    static double height(source& from) {
        const double value = sample<double>::make(from);
        return std::isfinite(value) ? value : 0;
    }
    static void fill(source& from, Model& model, std::uint64_t count) {
        while (model.size() < count) model.push_back(shape<typename Model::value_type>::make(from));
    }
};

template <class T>
    requires requires(T value) { value.srid; }
struct sample<T> {
    using model = decltype(T::value);
    static constexpr bool is_geography = std::same_as<T, geography<model>>;

    static T make(source& from) {
        model value = shape<model>::make(from);
        return T{std::move(value), is_geography || from.one_in(2) ? 4326 : 0};
    }
    static std::string print(const T& value) {
        return std::to_string(value.srid) + ";" + shape<model>::print(value.value);
    }
};

}  // namespace coropg::test
