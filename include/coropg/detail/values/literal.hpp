// A string literal as an argument of a template.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace coropg::detail {

template <std::size_t Size>
struct literal {
    consteval literal(const char (&text)[Size]) { std::copy_n(text, Size, characters); }
    [[nodiscard]] constexpr std::string_view view() const { return {characters, Size - 1}; }
    char characters[Size];
};

}  // namespace coropg::detail
