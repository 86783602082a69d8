// ltree, lquery and ltxtquery, as the server prints them.
#pragma once

#include "sample.hpp"

#include <coropg/types/ltree.hpp>

namespace coropg::test {

inline std::string make_label(source& from) {
    static constexpr std::string_view letters = "abcXYZ019_";
    std::string label;
    for (std::uint64_t left = 1 + from.below(8); left > 0; --left) label += letters[from.size_below(letters.size())];
    return label;
}

/// A label with some of the flags that patterns have.
inline std::string make_word(source& from) {
    std::string word = make_label(from);
    for (const char flag : {'%', '@', '*'})
        if (from.one_in(4)) word += flag;
    return word;
}

/// What `make` makes, `separator` between them.
template <class Make>
std::string joined(source& from, std::string_view separator, Make&& make) {
    std::string text = make();
    for (std::uint64_t left = from.below(5); left > 0; --left) text.append(separator).append(make());
    return text;
}

template <class T>
    requires std::same_as<T, ltree> || std::same_as<T, lquery> || std::same_as<T, ltxtquery>
struct sample<T> {
    static T make(source& from) { return T{make_text(from)}; }
    static std::string print(const T& value) { return "'" + hex(value.text) + "'"; }
    static std::string text(const T& value) { return value.text; }

 private:
    static std::string make_text(source& from) {
        if constexpr (std::same_as<T, ltree>) {
            return from.one_in(16) ? "" : joined(from, ".", [&] { return make_label(from); });
        } else if constexpr (std::same_as<T, lquery>) {
            return joined(from, ".", [&] { return make_level(from); });
        } else {
            return joined(from, " & ", [&] { return (from.one_in(4) ? "!" : "") + make_word(from); });
        }
    }
    static std::string make_level(source& from) {
        if (from.one_in(4)) {
            const auto least = static_cast<unsigned>(from.below(9));
            return formatted("*{%u,%u}", least + 1, least + 2 + static_cast<unsigned>(from.below(9)));
        }
        const std::string negation = from.one_in(4) ? "!" : "";
        return negation + joined(from, "|", [&] { return make_word(from); });
    }
};

}  // namespace coropg::test
