// Boost.Multiprecision's numbers take every digit of a numeric, or refuse it.
#include <coropg/types/multiprecision.hpp>

#include "types_support.hpp"

#include <boost/mpl/list.hpp>

#include <cstdint>
#include <limits>
#include <locale>
#include <string>

namespace {

using namespace types_test;
using namespace boost::multiprecision;
using coropg::decode_error;
using coropg::usage_error;
namespace oids = coropg::oids;

}  // namespace

BOOST_AUTO_TEST_SUITE(types_multiprecision)

BOOST_AUTO_TEST_CASE(decimal_floats_read_and_write_numeric) {
    const struct {
        std::string_view hex;
        const char* text;
    } golden[] = {
        {"0000000000000000", "0"},
        {"000800040000000904d2162e23340d801ed204d2162e2328", "12345678901234567890.123456789"},
        {"0001fffd0000000b04ce", "1.23e-9"},
        {"0001000140000000270f", "-99990000"},
        {"00010005000000000001", "1e20"},
    };
    for (const auto& [hex, text] : golden) {
        const cpp_dec_float_50 value{text};
        BOOST_TEST((read_binary<cpp_dec_float_50>(hex, oids::numeric) == value));
        BOOST_TEST(write_hex(value) == hex);
    }
    BOOST_TEST((read_text<cpp_dec_float_50>("-0.5", oids::numeric) == cpp_dec_float_50{-0.5}));
}

BOOST_AUTO_TEST_CASE(decimal_floats_know_the_specials) {
    using limits = std::numeric_limits<cpp_dec_float_50>;
    BOOST_TEST(isnan(read_text<cpp_dec_float_50>("NaN", oids::numeric)));
    BOOST_TEST((read_text<cpp_dec_float_50>("-Infinity", oids::numeric) == -limits::infinity()));
    BOOST_TEST(write_hex(limits::quiet_NaN()) == "00000000c0000000");
    BOOST_TEST(write_hex(limits::infinity()) == "00000000d0000000");
    BOOST_TEST(write_hex(cpp_dec_float_50{-limits::infinity()}) == "00000000f0000000");
}

BOOST_AUTO_TEST_CASE(a_decimal_float_reads_no_more_digits_than_it_holds) {
    const std::string fifty = "0." + std::string(50, '7');
    BOOST_TEST((read_text<cpp_dec_float_50>(fifty, oids::numeric) == cpp_dec_float_50{fifty}));
    BOOST_CHECK_EXCEPTION(read_text<cpp_dec_float_50>(fifty + "7", oids::numeric), decode_error, says("more digits"));
    BOOST_TEST((read_text<cpp_dec_float_100>(fifty + "7", oids::numeric) == cpp_dec_float_100{fifty + "7"}));
    BOOST_CHECK_THROW(write(cpp_dec_float_50{"1e-20000"}), usage_error);
    BOOST_CHECK_THROW(write(cpp_dec_float_50{"1e200000"}), usage_error);
}

BOOST_AUTO_TEST_CASE(a_decimal_float_reads_no_power_of_ten_that_its_exponent_cannot_hold) {
    using narrow = number<cpp_dec_float<50, std::int16_t>>;
    using limits = std::numeric_limits<narrow>;
    for (const int exponent : {int{limits::min_exponent10}, -1, 0, 1, int{limits::max_exponent10}}) {
        const std::string text = "9.5e" + std::to_string(exponent);
        BOOST_TEST((read_text<narrow>(text, oids::numeric) == narrow{text}), text);
    }
    for (const int exponent :
         {-16000, -9000, limits::min_exponent10 - 1, limits::max_exponent10 + 1, 9000, 40000, 131071}) {
        const std::string text = "-1.5e" + std::to_string(exponent);
        BOOST_CHECK_EXCEPTION(read_text<narrow>(text, oids::numeric), decode_error, says("out of range"));
    }
    BOOST_TEST((read_text<narrow>("0." + std::string(9000, '0'), oids::numeric) == 0));
}

BOOST_AUTO_TEST_CASE(a_decimal_float_goes_out_whatever_the_global_locale) {
    struct grouping : std::numpunct<char> {
        [[nodiscard]] char do_thousands_sep() const override { return '.'; }
        [[nodiscard]] char do_decimal_point() const override { return ','; }
        [[nodiscard]] std::string do_grouping() const override { return "\1"; }
    };
    const std::locale before = std::locale::global(std::locale{std::locale::classic(), new grouping});
    for (const char* const text : {"1.5e5000", "-1e1000", "1e-1000", "1234567.25", "0"})
        BOOST_TEST((read<cpp_dec_float_50>(write(cpp_dec_float_50{text}), oids::numeric, format::binary) ==
                    cpp_dec_float_50{text}),
                   text);
    std::locale::global(before);
}

BOOST_AUTO_TEST_CASE(integers_read_and_write_numeric) {
    const cpp_int large = pow(cpp_int{10}, 1000) + 7;
    BOOST_TEST((read<cpp_int>(write(large), oids::numeric, format::binary) == large));
    BOOST_TEST((read_binary<cpp_int>("0001000140000000270f", oids::numeric) == -99990000));
    BOOST_TEST((read_text<cpp_int>("15.000", oids::numeric) == 15));
    BOOST_TEST(write_hex(cpp_int{10000}) == "00010001000000000001");
    BOOST_TEST(write_hex(cpp_int{0}) == "0000000000000000");
    BOOST_TEST(write_hex(int128_t{-99990000}) == "0001000140000000270f");
}

template <class T>
void limits_are_read() {
    for (const T& limit : {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()}) {
        BOOST_TEST((read_text<T>(limit.str(), oids::numeric) == limit));
        const std::string beyond = limit.str() + "0";
        if (limit != 0) BOOST_CHECK_THROW(read_text<T>(beyond, oids::numeric), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(bounded_integers_are_read_up_to_their_limits) {
    limits_are_read<int128_t>();
    limits_are_read<uint128_t>();
    limits_are_read<int256_t>();
    limits_are_read<uint256_t>();
    limits_are_read<int512_t>();
    limits_are_read<uint512_t>();
    limits_are_read<int1024_t>();
    limits_are_read<uint1024_t>();
}

BOOST_AUTO_TEST_CASE(integers_of_every_length_are_halved_into_their_digits) {
    using coropg::detail::decimal_digits;
    using coropg::detail::exact_integer;
    BOOST_TEST(decimal_digits(0) == "0");
    BOOST_TEST(decimal_digits(-1) == "-1");
    for (unsigned exponent = 1; exponent < 300; ++exponent) {
        const cpp_int power = pow(cpp_int{10}, exponent);
        const std::string zeros(exponent, '0');
        BOOST_TEST(decimal_digits(power) == "1" + zeros);
        BOOST_TEST(decimal_digits(-power) == "-1" + zeros);
        BOOST_TEST(decimal_digits(power - 1) == std::string(exponent, '9'));
        BOOST_TEST((exact_integer("1" + zeros) == power));
        BOOST_TEST((exact_integer("-" + std::string(exponent, '9')) == 1 - power));
        const cpp_int mixed = power * 7 + pow(cpp_int{3}, exponent);
        BOOST_TEST(decimal_digits(mixed) == mixed.str());
        BOOST_TEST((exact_integer(mixed.str()) == mixed));
    }
    const std::string longest = std::string(131071, '9') + "7";
    BOOST_TEST(decimal_digits(exact_integer(longest)) == longest);
    BOOST_TEST(write(exact_integer(longest)) == write(coropg::numeric::parse(longest)));
}

using bounded = boost::mpl::list<int128_t, uint128_t, int256_t, uint256_t, int512_t, uint512_t, int1024_t, uint1024_t,
                                 checked_int256_t, checked_uint512_t>;

BOOST_AUTO_TEST_CASE_TEMPLATE(the_limits_of_bounded_integers_read_and_write, Number, bounded) {
    using limits = std::numeric_limits<Number>;
    for (const Number& value : {limits::min(), limits::max()}) {
        BOOST_TEST((read_text<Number>(value.str(), oids::numeric) == value));
        BOOST_TEST((read<Number>(write(value), oids::numeric, format::binary) == value));
    }
    const cpp_int beyond = cpp_int{limits::max()} + 1;
    BOOST_CHECK_EXCEPTION(read_text<Number>(beyond.str(), oids::numeric), decode_error, says("out of range"));
    BOOST_CHECK_EXCEPTION(read_text<Number>("1e2000", oids::numeric), decode_error, says("out of range"));
}

// To convert these would take days.
BOOST_AUTO_TEST_CASE(an_integer_that_is_too_long_is_refused_without_being_converted) {
    BOOST_CHECK_EXCEPTION(write(cpp_int{1} << 300'000'000), usage_error, says("more digits"));
    BOOST_CHECK_THROW(write(-(cpp_int{1} << 435'412)), usage_error);
    BOOST_CHECK_EXCEPTION(read_text<int128_t>("1e131071", oids::numeric), decode_error, says("out of range"));
    BOOST_CHECK_EXCEPTION(read_text<uint1024_t>("-1e131071", oids::numeric), decode_error, says("out of range"));
}

BOOST_AUTO_TEST_CASE(an_integer_refuses_what_it_cannot_hold) {
    BOOST_CHECK_EXCEPTION(read_text<cpp_int>("1.5", oids::numeric), decode_error, says("not an integer"));
    BOOST_CHECK_THROW(read_text<cpp_int>("0.5", oids::numeric), decode_error);
    BOOST_CHECK_THROW(read_text<cpp_int>("NaN", oids::numeric), decode_error);
    BOOST_CHECK_THROW(read_text<cpp_int>("Infinity", oids::numeric), decode_error);
    const std::string max = std::numeric_limits<uint128_t>::max().str();
    const cpp_int beyond = cpp_int{std::numeric_limits<uint128_t>::max()} + 1;
    BOOST_TEST((read_text<uint128_t>(max, oids::numeric) == std::numeric_limits<uint128_t>::max()));
    BOOST_CHECK_EXCEPTION(read_text<uint128_t>(beyond.str(), oids::numeric), decode_error, says("out of range"));
    BOOST_CHECK_EXCEPTION(read_text<uint128_t>("-1", oids::numeric), decode_error, says("out of range"));
    BOOST_CHECK_THROW(read_text<checked_uint128_t>("-1", oids::numeric), decode_error);
    BOOST_CHECK_THROW(read_text<int128_t>("-" + beyond.str(), oids::numeric), decode_error);
    BOOST_CHECK_THROW(write(cpp_int{pow(cpp_int{10}, 131072)}), usage_error);
}

BOOST_AUTO_TEST_CASE(hostile_numerics_are_read_or_refused) {
    attack_both<cpp_dec_float_50>("0002000040000004007b1194", "-123.4500", oids::numeric);
    attack_both<int128_t>("0002000140000000007b1194", "-1234500", oids::numeric);
}

BOOST_AUTO_TEST_SUITE_END()
