// numeric as the numbers of Boost.Multiprecision, to calculate with: cpp_dec_float of any precision, cpp_int and its
// bounded kin. Included by those who use it, not by <coropg/coropg.hpp>. A conversion is exact or an error.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/numeric.hpp>

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>

#include <limits>
#include <string>

namespace coropg {

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
        const std::string text = value.to_string();
        const cpp_int exact{text.substr(0, text.find('.'))};
        if constexpr (limits::is_bounded) {
            if (exact < cpp_int{limits::min()} || exact > cpp_int{limits::max()}) f.fail<number>("value out of range");
        }
        return static_cast<number>(exact);
    }

    static void encode(const number& value, encoder& out) { codec<numeric>::encode(numeric::parse(value.str()), out); }
};

}  // namespace coropg
