// bool, int2, int4, int8, oid, float4 and float8 as C++'s own arithmetic types. Narrowing is checked: a value that does
// not fit the C++ type is a decode_error, never a wrap.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <charconv>
#include <limits>
#include <utility>

namespace coropg {

namespace detail {

template <class T>
concept integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                  !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Says of a number in text which C++ type holds them all.
constexpr std::string_view out_of_range_of(oid type) {
    switch (type) {
        case oids::int2: return "value out of range; ask for std::int16_t";
        case oids::int4: return "value out of range; ask for std::int32_t";
        case oids::int8: return "value out of range; ask for std::int64_t";
        default: return "value out of range";
    }
}

/// Reads the whole of `text` as a number, or fails. Out of line, as numbers come in binary as a rule.
template <class T>
[[gnu::noinline]] T parse_number(const field& f) {
    const std::string_view text = f.bytes();
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem == std::errc::result_out_of_range) f.fail<T>(out_of_range_of(f.type()));
    if (problem != std::errc{} || end != text.data() + text.size()) f.fail<T>("not a number");
    return value;
}

/// Says of a number on the wire which C++ type holds them all.
template <integer Wire>
inline constexpr std::string_view out_of_range = sizeof(Wire) == 8        ? "value out of range; ask for std::int64_t"
                                                 : sizeof(Wire) == 2      ? "value out of range; ask for std::int16_t"
                                                 : std::is_signed_v<Wire> ? "value out of range; ask for std::int32_t"
                                                                          : "value out of range; ask for std::uint32_t";

template <integer T, integer Wire>
T narrow(const field& f, Wire value) {
    if (!std::in_range<T>(value)) [[unlikely]]
        f.fail<T>(out_of_range<Wire>);
    return static_cast<T>(value);
}

}  // namespace detail

template <>
struct codec<bool> {
    static constexpr pg_type type{"bool", oids::boolean, 1000};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::boolean; }
    static bool decode(const field& f) {
        if (f.is_binary()) return f.exactly<bool, std::uint8_t>() != 0;
        if (f.bytes() != "t" && f.bytes() != "f") f.fail<bool>("neither t nor f");
        return f.bytes() == "t";
    }
    static bool decode_plain(std::string_view bytes) { return bytes.front() != '\0'; }
    static void encode(bool value, encoder& out) { out.number(static_cast<std::uint8_t>(value)); }
};

/// Signed types go out as the smallest PostgreSQL type that holds them all; unsigned ones as the next larger,
/// `std::uint64_t` as int8 (values above its range are a usage_error).
template <detail::integer T>
struct codec<T> {
    using wire_type = std::conditional_t<
        (sizeof(T) == 1 || (sizeof(T) == 2 && std::is_signed_v<T>)), std::int16_t,
        std::conditional_t<(sizeof(T) == 2 || (sizeof(T) == 4 && std::is_signed_v<T>)), std::int32_t, std::int64_t>>;
    static constexpr pg_type type = sizeof(wire_type) == 2   ? pg_type{"int2", oids::int2, 1005}
                                    : sizeof(wire_type) == 4 ? pg_type{"int4", oids::int4, 1007}
                                                             : pg_type{"int8", oids::int8, 1016};
    static constexpr bool reads_text = true;

    static bool reads(oid from) {
        return from == oids::int4 || from == oids::int8 || from == oids::int2 || from == oids::oid_;
    }
    static T decode(const field& f) {
        if (!f.is_binary()) [[unlikely]]
            return detail::parse_number<T>(f.copy());
        switch (f.type()) {
            case oids::int2: return detail::narrow<T>(f, f.exactly<T, std::int16_t>());
            case oids::int4: return detail::narrow<T>(f, f.exactly<T, std::int32_t>());
            case oids::oid_: return detail::narrow<T>(f, f.exactly<T, std::uint32_t>());
            default: return detail::narrow<T>(f, f.exactly<T, std::int64_t>());
        }
    }
    static T decode_plain(std::string_view bytes)
        requires(std::is_signed_v<T> && sizeof(T) == sizeof(wire_type))
    {
        return field::load<T>(bytes.data());
    }
    static void encode(T value, encoder& out) {
        if (!std::in_range<wire_type>(value)) throw usage_error{"an integer parameter exceeds the range of int8"};
        out.number(static_cast<wire_type>(value));
    }
};

/// `float` reads float4 only: a float8 would lose digits unnoticed.
template <>
struct codec<float> {
    static constexpr pg_type type{"float4", oids::float4, 1021};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::float4; }
    static float decode(const field& f) {
        return f.is_binary() ? f.exactly<float, float>() : detail::parse_number<float>(f.copy());
    }
    static float decode_plain(std::string_view bytes) { return field::load<float>(bytes.data()); }
    static void encode(float value, encoder& out) { out.number(value); }
};

template <>
struct codec<double> {
    static constexpr pg_type type{"float8", oids::float8, 1022};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::float8 || from == oids::float4; }
    static double decode(const field& f) {
        if (!f.is_binary()) [[unlikely]]
            return detail::parse_number<double>(f.copy());
        if (f.type() == oids::float4) return static_cast<double>(f.exactly<double, float>());
        return f.exactly<double, double>();
    }
    static double decode_plain(std::string_view bytes) { return field::load<double>(bytes.data()); }
    static void encode(double value, encoder& out) { out.number(value); }
};

}  // namespace coropg
