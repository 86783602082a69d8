// numeric, PostgreSQL's exact decimal number. `coropg::numeric` holds all of its values; std::string reads it too, as
// decimal text (types/text.hpp). double does not, since it would lose digits unnoticed: convert a `numeric`, or cast to
// float8 in SQL. For numbers to calculate with see types/multiprecision.hpp.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/arithmetic.hpp>

#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace coropg {

class numeric;

namespace detail {

/// The text that the server would print for a numeric in binary: every digit of its scale, "NaN", "Infinity" or
/// "-Infinity".
/// Errors: decode_error.
std::string numeric_to_text(const field& f);

}  // namespace detail

/// A decimal number of up to 131072 digits before the point and 16383 after it, NaN, or an infinity. It keeps its
/// scale: 1.50 is printed as such, and equals 1.5. It does not calculate.
class numeric {
 public:
    /// 0
    numeric() = default;
    template <detail::integer T>
    numeric(T value) : numeric{std::cmp_less(value, 0), magnitude(value)} {}
    /// The shortest decimal number that reads back as `value`: 0.1 is 0.1.
    explicit numeric(double value);
    explicit numeric(float value);

    /// Reads "1.50", "-1e10", ".5", "NaN", "Infinity" and "-Infinity"; no spaces.
    /// Errors: usage_error for what is no number, and for one that PostgreSQL cannot hold.
    static numeric parse(std::string_view text);
    static numeric nan() { return special(kind::nan); }
    static numeric infinity() { return special(kind::infinity); }
    static numeric minus_infinity() { return special(kind::minus_infinity); }

    [[nodiscard]] bool is_nan() const noexcept { return kind_ == kind::nan; }
    [[nodiscard]] bool is_finite() const noexcept { return kind_ == kind::negative || kind_ == kind::positive; }
    /// Whether it is finite and nothing but zeros follows the point.
    [[nodiscard]] bool is_integer() const noexcept {
        return is_finite() && static_cast<int>(groups_.size()) <= weight_ + 1;
    }
    /// The number of digits printed after the point.
    [[nodiscard]] int scale() const noexcept { return scale_; }
    /// The number of digits from the first to the last that is not 0.
    [[nodiscard]] std::size_t significant_digits() const noexcept;

    /// As the server prints it.
    [[nodiscard]] std::string to_string() const;
    /// The nearest double; an infinity when it is too large.
    explicit operator double() const;
    /// The same number as a T. Errors: std::out_of_range when T has no such number, be it for size or a fraction.
    template <detail::integer T>
    [[nodiscard]] T to() const {
        T value{};
        bool fits = is_integer();
        for (int i = 0; fits && !groups_.empty() && i <= weight_; ++i) {
            fits = !__builtin_mul_overflow(value, group_limit, &value) &&
                   !(kind_ == kind::negative ? __builtin_sub_overflow(value, group(i), &value)
                                             : __builtin_add_overflow(value, group(i), &value));
        }
        if (!fits) throw std::out_of_range{"a numeric is no number of the integer type asked for"};
        return value;
    }

    friend bool operator==(const numeric& a, const numeric& b) noexcept { return std::is_eq(a <=> b); }
    /// PostgreSQL's order: by value whatever the scale; NaN equals itself and exceeds all else.
    friend std::weak_ordering operator<=>(const numeric& a, const numeric& b) noexcept;

 private:
    friend struct codec<numeric>;

    /// In PostgreSQL's order; 0 is positive.
    enum class kind : std::uint8_t { minus_infinity, negative, positive, infinity, nan };
    static constexpr std::uint16_t group_limit = 10000;

    numeric(bool is_negative, std::uint64_t magnitude);
    static numeric special(kind which);
    template <detail::integer T>
    static constexpr std::uint64_t magnitude(T value) {
        return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    }
    /// Returns why `text` cannot be read, or null.
    static const char* scan(std::string_view text, numeric& out);
    /// The group of this index, which may lie beyond the stored ones.
    [[nodiscard]] int group(int index) const noexcept {
        return index < 0 || index >= static_cast<int>(groups_.size()) ? 0 : groups_[static_cast<std::size_t>(index)];
    }

    // As on the wire: group i counts 10000^(weight - i). The first and the last group are not 0.
    std::vector<std::uint16_t> groups_;
    std::int16_t weight_ = 0;
    std::uint16_t scale_ = 0;
    kind kind_ = kind::positive;
};

template <>
struct codec<numeric> {
    static constexpr pg_type type{"numeric", oids::numeric, 1231};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::numeric; }
    static numeric decode(const field& f);
    static void encode(const numeric& value, encoder& out);
};

}  // namespace coropg
