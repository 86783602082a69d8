// numeric as the numbers of Boost.Multiprecision.
#pragma once

#include "numbers.hpp"

#include <coropg/types/multiprecision.hpp>

namespace coropg::test {

template <>
struct sample<boost::multiprecision::cpp_dec_float_50> {
    using value_type = boost::multiprecision::cpp_dec_float_50;

    static value_type make(source& from) {
        const numeric value = sample<numeric>::make(from);
        if (value.is_nan()) return std::numeric_limits<value_type>::quiet_NaN();
        if (!value.is_finite()) return std::numeric_limits<value_type>::infinity();
        return value.significant_digits() <= 50 ? value_type{value.to_string()} : value_type{1};
    }
    static std::string print(const value_type& value) {
        return value == 0 ? "0" : value.str(0, std::ios_base::scientific);
    }
};

template <>
struct sample<boost::multiprecision::cpp_int> {
    static boost::multiprecision::cpp_int make(source& from) {
        boost::multiprecision::cpp_int value = from.number<std::int64_t>();
        for (std::uint64_t left = from.below(6); left > 0; --left) value = (value << 64) + from.number<std::uint64_t>();
        return value;
    }
    static std::string print(const boost::multiprecision::cpp_int& value) {  // quick for those of 131072 digits, too
        return (value < 0 ? "-" : "") + boost::multiprecision::cpp_int{abs(value)}.str(0, std::ios_base::hex);
    }
    static std::string text(const boost::multiprecision::cpp_int& value) { return value.str(); }
};

template <>
struct sample<boost::multiprecision::int128_t> {
    static boost::multiprecision::int128_t make(source& from) {
        const boost::multiprecision::int128_t upper = from.number<std::int64_t>();
        return upper * (boost::multiprecision::int128_t{1} << 62) + from.number<std::uint32_t>();
    }
    static std::string print(const boost::multiprecision::int128_t& value) { return value.str(); }
    static std::string text(const boost::multiprecision::int128_t& value) { return value.str(); }
};

}  // namespace coropg::test
