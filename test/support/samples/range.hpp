// Ranges and multiranges, in the form that the server brings them into.
#pragma once

#include "sample.hpp"

#include <coropg/types/range.hpp>

#include <algorithm>
#include <vector>

namespace coropg::test {

/// Ranges of these the server brings into the form [lower, upper).
template <class T>
inline constexpr bool is_discrete = std::integral<T> || std::same_as<T, std::chrono::sys_days>;

template <class T>
struct sample<range<T>> {
    static range<T> make(source& from) {
        std::optional<T> lower = sample<T>::make(from);
        std::optional<T> upper = sample<T>::make(from);
        if (*upper < *lower) std::swap(lower, upper);
        if (!(*lower < *upper)) return {};
        if (from.one_in(8)) lower.reset();
        if (from.one_in(8)) upper.reset();
        const auto which = is_discrete<T> ? bounds::closed_open : static_cast<bounds>(from.below(4));
        return {std::move(lower), std::move(upper), which};
    }
    static std::string print(const range<T>& value) {
        if (value.is_empty()) return "empty";
        const auto bound = [](const std::optional<T>& b) { return b ? sample<T>::print(*b) : ""; };
        return (value.includes_lower() ? "[" : "(") + bound(value.lower()) + "," + bound(value.upper()) +
               (value.includes_upper() ? "]" : ")");
    }
};

template <class T>
struct sample<multirange<T>> {
    static multirange<T> make(source& from) {
        std::vector<T> borders(2 * from.size_below(5));
        for (T& border : borders) border = sample<T>::make(from);
        std::ranges::sort(borders);
        borders.erase(std::unique(borders.begin(), borders.end(), [](const T& a, const T& b) { return !(a < b); }),
                      borders.end());
        multirange<T> value;
        for (std::size_t i = 0; i + 1 < borders.size(); i += 2)
            value.ranges.push_back(range<T>::closed_open(borders[i], borders[i + 1]));
        return value;
    }
    static std::string print(const multirange<T>& value) {
        std::string text;
        for (const range<T>& part : value.ranges) text += (text.empty() ? "" : ",") + sample<range<T>>::print(part);
        return "{" + text + "}";
    }
};

}  // namespace coropg::test
