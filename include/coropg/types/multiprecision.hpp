// numeric as the numbers of Boost.Multiprecision, to calculate with: cpp_dec_float of any precision, cpp_int and its
// bounded kin. Included by those who use it, not by <coropg/coropg.hpp>. A conversion is exact or an error.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/numeric.hpp>

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace coropg {

namespace detail {

// A numeric may have 131072 digits before the point. Boost's own conversions take time by the square of their number,
// and a second for the longest; these take as many digits at a time as a word has room for.
constexpr std::size_t digits_at_a_time = 18;
constexpr std::uint64_t power_of_digits = 1'000'000'000'000'000'000;

/// Of "-12.000": what stands before the point.
inline boost::multiprecision::cpp_int exact_integer(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    text = text.substr(is_negative ? 1 : 0, text.find('.') - (is_negative ? 1 : 0));
    boost::multiprecision::cpp_int value;
    for (std::size_t size = (text.size() - 1) % digits_at_a_time + 1; !text.empty(); size = digits_at_a_time) {
        std::uint64_t digits = 0;
        std::from_chars(text.data(), text.data() + size, digits);
        value *= power_of_digits;
        value += digits;
        text.remove_prefix(size);
    }
    return is_negative ? boost::multiprecision::cpp_int{-value} : value;
}

inline std::string decimal_digits(const boost::multiprecision::cpp_int& value) {
    const boost::multiprecision::cpp_int divisor = power_of_digits;
    boost::multiprecision::cpp_int rest = abs(value);
    boost::multiprecision::cpp_int quotient;
    boost::multiprecision::cpp_int digits;
    std::string reversed;
    do {
        divide_qr(rest, divisor, quotient, digits);
        std::string part = digits.str();
        if (quotient != 0) part.insert(0, digits_at_a_time - part.size(), '0');
        reversed.append(part.rbegin(), part.rend());
        rest.swap(quotient);
    } while (rest != 0);
    if (value < 0) reversed += '-';
    return {reversed.rbegin(), reversed.rend()};
}

}  // namespace detail

/// NaN and the infinities included. Errors: decode_error for more significant digits than `Digits10`; usage_error for
/// a number beyond numeric's range.
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
        return number{value.to_string()};
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
        return numeric::parse(text.erase(end, exponent - end));
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
        const cpp_int exact = detail::exact_integer(value.to_string());
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
