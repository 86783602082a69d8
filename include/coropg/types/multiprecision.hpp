// numeric as the numbers of Boost.Multiprecision, to calculate with: cpp_dec_float of any precision, cpp_int and its
// bounded kin. Included by those who use it, not by <coropg/coropg.hpp>. A conversion is exact or an error.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/numeric.hpp>

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coropg {

namespace detail {

// A numeric may have 131072 digits before the point. Boost's own conversions take time by the square of their number,
// and minutes for the longest on a machine of 32 bits. These halve a number until its parts fit a word.
constexpr std::size_t max_bits = 435412;  // of 10^131072
constexpr std::size_t digits_at_a_time = 18;
constexpr std::uint64_t power_of_digits = 1'000'000'000'000'000'000;

/// The most digits that a number of so many bits can have.
constexpr std::size_t digits_of_bits(std::size_t bits) {
    // log 2 = 0.30102999..., in two steps that fit 32 bits
    return bits / 100000 * 30103 + bits % 100000 * 30103 / 100000 + 1;
}

/// 10^18, 10^36, 10^72, ...: the powers by which a number of `digits` digits is halved.
inline std::vector<boost::multiprecision::cpp_int> powers_to_halve(std::size_t digits) {
    std::vector<boost::multiprecision::cpp_int> powers;
    for (std::size_t lower = digits_at_a_time; lower < digits; lower *= 2) {
        if (powers.empty())
            powers.emplace_back(power_of_digits);
        else
            powers.emplace_back(powers.back() * powers.back());
    }
    return powers;
}

/// `digits` without a sign, halved by `powers`.
inline boost::multiprecision::cpp_int from_digits(std::string_view digits,
                                                  std::span<const boost::multiprecision::cpp_int> powers) {
    if (powers.empty()) {
        std::uint64_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return value;
    }
    const auto rest = powers.first(powers.size() - 1);
    const std::size_t lower = digits_at_a_time << rest.size();
    if (digits.size() <= lower) return from_digits(digits, rest);
    const std::size_t upper = digits.size() - lower;
    boost::multiprecision::cpp_int value = from_digits(digits.substr(0, upper), rest) * powers.back();
    value += from_digits(digits.substr(upper), rest);
    return value;
}

/// Appends a number that is not negative, halved by `powers`; zeros lead it only behind other digits.
inline void append_digits(const boost::multiprecision::cpp_int& value,
                          std::span<const boost::multiprecision::cpp_int> powers, std::string& out) {
    if (powers.empty()) {
        const std::string part = std::to_string(static_cast<std::uint64_t>(value));
        if (!out.empty()) out.append(digits_at_a_time - part.size(), '0');
        out += part;
        return;
    }
    boost::multiprecision::cpp_int upper;
    boost::multiprecision::cpp_int lower;
    divide_qr(value, powers.back(), upper, lower);
    const auto rest = powers.first(powers.size() - 1);
    if (upper != 0 || !out.empty()) append_digits(upper, rest, out);
    append_digits(lower, rest, out);
}

/// Of "-12.000": what stands before the point.
inline std::string_view integer_part(std::string_view text) { return text.substr(0, text.find('.')); }

/// Of "-120.5" 2, of "0.05" -2, of "0.00" 0: the power of ten of the first digit that is not zero.
inline std::int64_t leading_exponent(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t first = text.find_first_not_of("0.");
    if (first == std::string_view::npos) return 0;
    const std::size_t point = std::min(text.find('.'), text.size());
    return first < point ? static_cast<std::int64_t>(point - first - 1) : -static_cast<std::int64_t>(first - point);
}

/// Of "-12".
inline boost::multiprecision::cpp_int exact_integer(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const boost::multiprecision::cpp_int value = from_digits(text, powers_to_halve(text.size()));
    return is_negative ? boost::multiprecision::cpp_int{-value} : value;
}

/// Errors: usage_error for a number of more digits than numeric has, before it is converted.
inline std::string decimal_digits(const boost::multiprecision::cpp_int& value) {
    if (value == 0) return "0";
    const boost::multiprecision::cpp_int magnitude = abs(value);
    const std::size_t bits = msb(magnitude) + 1;
    if (bits > max_bits) throw usage_error{"an integer parameter has more digits than a numeric"};
    std::string digits;
    append_digits(magnitude, powers_to_halve(digits_of_bits(bits)), digits);
    return value < 0 ? '-' + digits : digits;
}

}  // namespace detail

/// NaN and the infinities included. Errors: decode_error for more significant digits than `Digits10`, or a power of ten
/// that `Exponent` cannot hold; usage_error for a number beyond numeric's range.
template <unsigned Digits10, class Exponent, class Allocator, boost::multiprecision::expression_template_option ET>
struct codec<boost::multiprecision::number<boost::multiprecision::cpp_dec_float<Digits10, Exponent, Allocator>, ET>> {
    using number =
        boost::multiprecision::number<boost::multiprecision::cpp_dec_float<Digits10, Exponent, Allocator>, ET>;
    using limits = std::numeric_limits<number>;

    static constexpr pg_type type = codec<numeric>::type;
    static bool reads(oid from) { return codec<numeric>::reads(from); }

    static number decode(const field& f) {
        const numeric value = codec<numeric>::decode(f);
        if (value.is_nan()) return limits::quiet_NaN();
        if (!value.is_finite()) return value > 0 ? limits::infinity() : -limits::infinity();
        if (value.significant_digits() > static_cast<std::size_t>(limits::digits10)) {
            f.fail<number>("more digits than the type holds");
        }
        const std::string text = value.to_string();
        const std::int64_t exponent = detail::leading_exponent(text);
        if (exponent < limits::min_exponent10 || exponent > limits::max_exponent10)
            f.fail<number>("value out of range");
        return number{text};
    }

    static void encode(const number& value, encoder& out) { codec<numeric>::encode(convert(value), out); }

 private:
    static numeric convert(const number& value) {
        if (isnan(value)) return numeric::nan();
        if (isinf(value)) return value > 0 ? numeric::infinity() : numeric::minus_infinity();
        // It has no scale of its own: the zeros behind its last digit only fill it up.
        std::string text = value.str(0, std::ios_base::scientific);
        const std::size_t exponent = text.find('e');
        const std::size_t end = text.find_last_not_of('0', exponent - 1) + 1;
        text.erase(end, exponent - end);
        // Boost prints the exponent by the global locale, which may group its digits.
        const auto separates = [](char c) { return c != '+' && c != '-' && (c < '0' || c > '9'); };
        text.erase(std::remove_if(text.begin() + static_cast<std::ptrdiff_t>(end) + 1, text.end(), separates),
                   text.end());
        return numeric::parse(text);
    }
};

/// Errors: decode_error for a fraction, NaN, an infinity, or what exceeds a bounded type; usage_error for a number
/// beyond numeric's range.
template <std::size_t MinBits, std::size_t MaxBits, boost::multiprecision::cpp_integer_type Signed,
          boost::multiprecision::cpp_int_check_type Checked, class Allocator,
          boost::multiprecision::expression_template_option ET>
struct codec<boost::multiprecision::number<
    boost::multiprecision::cpp_int_backend<MinBits, MaxBits, Signed, Checked, Allocator>, ET>> {
    using number = boost::multiprecision::number<
        boost::multiprecision::cpp_int_backend<MinBits, MaxBits, Signed, Checked, Allocator>, ET>;
    using limits = std::numeric_limits<number>;

    static constexpr pg_type type = codec<numeric>::type;
    static bool reads(oid from) { return codec<numeric>::reads(from); }

    static number decode(const field& f) {
        using boost::multiprecision::cpp_int;
        const numeric value = codec<numeric>::decode(f);
        if (!value.is_integer()) f.fail<number>("not an integer");
        const std::string text = value.to_string();
        const std::string_view digits = detail::integer_part(text);
        if constexpr (limits::is_bounded) {
            constexpr std::size_t longest = 1 + detail::digits_of_bits(static_cast<std::size_t>(limits::digits));
            if (digits.size() > longest) f.fail<number>("value out of range");  // with its sign
        }
        const cpp_int exact = detail::exact_integer(digits);
        if constexpr (limits::is_bounded) {
            if (exact < cpp_int{limits::min()} || exact > cpp_int{limits::max()}) f.fail<number>("value out of range");
        }
        return static_cast<number>(exact);
    }

    static void encode(const number& value, encoder& out) {
        codec<numeric>::encode(numeric::parse(detail::decimal_digits(boost::multiprecision::cpp_int{value})), out);
    }
};

}  // namespace coropg
