// bool, integers, floating point, numeric.
#pragma once

#include "sample.hpp"

#include <coropg/types/numeric.hpp>

#include <cmath>
#include <cstring>

namespace coropg::test {

template <>
struct sample<bool> {
    static bool make(source& from) { return from.one_in(2); }
    static std::string print(bool value) { return value ? "true" : "false"; }
    static std::string text(bool value) { return value ? "t" : "f"; }
};

template <detail::integer T>
struct sample<T> {
    static T make(source& from) { return from.number<T>(); }
    static std::string print(T value) { return std::to_string(value); }
    static std::string text(T value) { return print(value); }
};

template <std::floating_point T>
struct sample<T> {
    using raw = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

    static T make(source& from) {
        if (from.one_in(2)) return static_cast<T>(from.between(-1'000'000, 1'000'000)) / 1000;
        const auto bits = static_cast<raw>(from.bits(8 * sizeof(T)));
        T value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }
    static std::string print(T value) {
        if (std::isnan(value)) return "nan";
        raw bits;
        std::memcpy(&bits, &value, sizeof bits);
        return formatted("%0*llx", static_cast<int>(2 * sizeof bits), static_cast<unsigned long long>(bits));
    }
};

template <>
struct sample<numeric> {
    static numeric make(source& from) {
        switch (from.below(32)) {
            case 31: return numeric::nan();
            case 30: return numeric::infinity();
            case 29: return numeric::minus_infinity();
            default: break;
        }
        std::string text;
        if (from.one_in(2)) text = '-';
        const std::uint64_t long_ago = from.one_in(64) ? 2000 : 24;
        digits(from, 1 + from.below(long_ago), text);
        text += '.';
        digits(from, from.below(long_ago), text);
        return numeric::parse(text);
    }
    /// Sign, significant digits, scale.
    static std::string print(const numeric& value) {
        if (!value.is_finite()) return value.to_string();
        std::string digits = value.to_string();
        const bool is_negative = digits.starts_with('-');
        std::erase_if(digits, [](char c) { return c == '-' || c == '.'; });
        digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
        return (is_negative ? "-" : "+") + digits + " " + std::to_string(value.scale());
    }
    static std::string text(const numeric& value) { return value.to_string(); }

 private:
    /// Zeros in rows are what the format of a numeric is about.
    static void digits(source& from, std::uint64_t count, std::string& text) {
        const bool is_sparse = from.one_in(2);
        for (; count > 0; --count) text += is_sparse && !from.one_in(6) ? '0' : static_cast<char>('0' + from.below(10));
    }
};

}  // namespace coropg::test
