// vector, halfvec and sparsevec of pgvector.
#pragma once

#include "numbers.hpp"

#include <coropg/types/pgvector.hpp>

namespace coropg::test {

inline float make_finite_float(source& from) {
    const float value = sample<float>::make(from);
    return std::isfinite(value) ? value : 0;
}

/// One that 11 significant bits hold.
inline float make_half(source& from) {
    return std::ldexp(static_cast<float>(from.between(-2047, 2047)), static_cast<int>(from.between(-24, 4)));
}

template <class T>
    requires std::same_as<T, vector> || std::same_as<T, halfvec>
struct sample<T> {
    static T make(source& from) {
        T value;
        for (std::uint64_t left = 1 + from.below(20); left > 0; --left)
            value.elements.push_back(std::same_as<T, vector> ? make_finite_float(from) : make_half(from));
        return value;
    }
    static std::string print(const T& value) {
        std::string text;
        for (const float element : value.elements) text += (text.empty() ? "" : ",") + sample<float>::print(element);
        return "[" + text + "]";
    }
};

template <>
struct sample<sparsevec> {
    static sparsevec make(source& from) {
        sparsevec value;
        for (std::uint64_t left = from.below(8); left > 0; --left) {
            value.dimensions += 1 + static_cast<std::int32_t>(from.below(1'000'000));
            const float element = make_finite_float(from);
            if (element != 0) value.elements.push_back({value.dimensions - 1, element});
        }
        value.dimensions += 1;
        return value;
    }
    static std::string print(const sparsevec& value) {
        std::string text;
        for (const auto& [index, element] : value.elements)
            text += std::to_string(index) + ":" + sample<float>::print(element) + ",";
        return "{" + text + "}/" + std::to_string(value.dimensions);
    }
};

}  // namespace coropg::test
