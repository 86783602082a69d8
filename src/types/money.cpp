#include <coropg/types/money.hpp>

#include <algorithm>

namespace coropg {

namespace {

// glibc's locales write it as ASCII or as U+2212.
constexpr std::string_view minus_signs[] = {"-", "\xE2\x88\x92"};

}  // namespace

// In text the locale chooses currency symbol, separators and the place of the sign, but prints all decimals that it
// has: the digits by themselves are the count of units. A negative amount has a minus sign, or is in parentheses.
// Source: cash_out in cash.c.
money codec<money>::decode(const field& f) {
    if (f.is_binary()) return {f.exactly<money, std::int64_t>()};

    const std::string_view text = f.bytes();
    const bool minus = text.starts_with('(') || std::ranges::any_of(minus_signs, [&](std::string_view sign) {
                           return text.find(sign) != std::string_view::npos;
                       });
    std::int64_t units = 0;
    bool has_digits = false;
    for (const char c : text) {
        if (c < '0' || c > '9') continue;
        has_digits = true;
        // Counting downwards reaches the minimum as well as the maximum.
        if (__builtin_mul_overflow(units, 10, &units) || __builtin_sub_overflow(units, c - '0', &units)) {
            f.fail<money>("value out of range");
        }
    }
    if (!has_digits) f.fail<money>("not an amount of money");
    if (!minus && __builtin_sub_overflow(std::int64_t{0}, units, &units)) f.fail<money>("value out of range");
    return {units};
}

}  // namespace coropg
