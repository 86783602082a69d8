// The types of the extension "vector" (pgvector): dense vectors of 4 and of 2 bytes an element, and sparse ones. Not
// part of <coropg/coropg.hpp>: `coropg::vector` is a name to ask for.
#pragma once

#include <coropg/codec.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace coropg {

/// 1 to 16000 finite numbers.
struct vector {
    vector() = default;
    explicit vector(std::vector<float> numbers) : elements{std::move(numbers)} {}
    bool operator==(const vector&) const = default;

    std::vector<float> elements;
};

/// The same, where the server keeps 11 significant bits of each number: as a parameter they are rounded to that.
struct halfvec {
    halfvec() = default;
    explicit halfvec(std::vector<float> numbers) : elements{std::move(numbers)} {}
    bool operator==(const halfvec&) const = default;

    std::vector<float> elements;
};

/// 1 to 1000000000 finite numbers, of which at most 16000 are not 0.
struct sparsevec {
    struct element {
        std::int32_t index;  ///< from 0 on; SQL text counts from 1
        float value;
        bool operator==(const element&) const = default;
    };

    sparsevec() = default;
    sparsevec(std::int32_t size, std::vector<element> numbers) : dimensions{size}, elements{std::move(numbers)} {}
    bool operator==(const sparsevec&) const = default;

    std::int32_t dimensions = 0;
    std::vector<element> elements;  ///< those that are not 0, by ascending index
};

/// Errors: usage_error for what the comment of the type rules out; so for the others.
template <>
struct codec<vector> {
    static constexpr pg_type type{"vector"};
    static bool reads(oid from) { return from >= detail::first_user_oid; }
    static vector decode(const field& f);
    static void encode(const vector& value, encoder& out);
};

template <>
struct codec<halfvec> {
    static constexpr pg_type type{"halfvec"};
    static bool reads(oid from) { return from >= detail::first_user_oid; }
    static halfvec decode(const field& f);
    static void encode(const halfvec& value, encoder& out);
};

template <>
struct codec<sparsevec> {
    static constexpr pg_type type{"sparsevec"};
    static bool reads(oid from) { return from >= detail::first_user_oid; }
    static sparsevec decode(const field& f);
    static void encode(const sparsevec& value, encoder& out);
};

}  // namespace coropg
