// Arrays of whatever has samples.
#pragma once

#include "sample.hpp"

#include <coropg/types/array.hpp>

#include <vector>

namespace coropg::test {

template <class T>
struct sample<std::optional<T>> {
    static std::optional<T> make(source& from) {
        if (from.one_in(4)) return std::nullopt;
        return sample<T>::make(from);
    }
    static std::string print(const std::optional<T>& value) { return value ? sample<T>::print(*value) : "NULL"; }
};

template <class T>
std::string in_brackets(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ",") + sample<T>::print(value);
    return "[" + text + "]";
}

template <class T>
struct sample<std::vector<T>> {
    static std::vector<T> make(source& from) {
        std::vector<T> values;
        for (std::uint64_t left = from.below(6); left > 0; --left) values.push_back(sample<T>::make(from));
        return values;
    }
    static std::string print(const std::vector<T>& values) { return in_brackets(values); }
};

/// An array of several dimensions is rectangular.
template <class T>
struct sample<std::vector<std::vector<T>>> {
    static std::vector<std::vector<T>> make(source& from) {
        std::vector<std::vector<T>> rows(from.size_below(4));
        const std::uint64_t width = 1 + from.below(4);
        for (std::vector<T>& row : rows)
            while (row.size() < width) row.push_back(sample<T>::make(from));
        return rows;
    }
    static std::string print(const std::vector<std::vector<T>>& rows) { return in_brackets(rows); }
};

template <class T>
struct sample<array<T>> {
    static array<T> make(source& from) {
        std::vector<array_dimension> dimensions(from.size_below(detail::max_dimensions + 1));
        std::size_t count = dimensions.empty() ? 0 : 1;
        for (array_dimension& d : dimensions) {
            d = {static_cast<std::int32_t>(1 + from.below(3)), static_cast<std::int32_t>(from.between(-3, 3))};
            count *= static_cast<std::size_t>(d.size);
        }
        std::vector<T> values;
        while (values.size() < count) values.push_back(sample<T>::make(from));
        return {std::move(values), std::move(dimensions)};
    }
    static std::string print(const array<T>& value) {
        std::string text;
        for (const array_dimension& d : value.dimensions) text += formatted("[%d:%d]", d.lower, d.size);
        return text + sample<std::vector<T>>::print(value.elements);
    }
};

}  // namespace coropg::test
