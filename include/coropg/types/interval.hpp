// interval, which is three numbers that no one may add up: a month has no fixed length, nor has a day that a clock
// change falls into. `interval` holds them all; a std::chrono::duration reads one that has microseconds only.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/chrono.hpp>

#include <chrono>
#include <cstdint>

namespace coropg {

/// PostgreSQL 17's infinite intervals have the maximum, or the minimum, in all three.
struct interval {
    std::int32_t months{};
    std::int32_t days{};
    std::chrono::microseconds time{};

    friend bool operator==(const interval&, const interval&) = default;
};

template <>
struct codec<interval> {
    static constexpr pg_type type{"interval", oids::interval, 1187};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::interval; }
    static interval decode(const field& f);
    static void encode(const interval& value, encoder& out);
};

namespace detail {

/// The microseconds of a time, or of an interval that has no months and days.
chrono_reading read_duration(const field& f);

}  // namespace detail

/// An interval of microseconds only, even for std::chrono::days and months, which go out as so many hours. Reads time
/// too. Errors: decode_error for months, days, or a value that the duration cannot hold exactly; usage_error for a
/// parameter that is finer than a microsecond or out of interval's range.
template <detail::integer Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
    using duration = std::chrono::duration<Rep, Period>;

    static constexpr pg_type type{"interval", oids::interval, 1187};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::interval || from == oids::time; }

    static duration decode(const field& f) {
        const std::int64_t micros = detail::value_or_fail<duration>(f, detail::read_duration(f));
        if (micros % num != 0) f.fail<duration>("the conversion would lose precision");
        std::int64_t ticks = 0;
        if (__builtin_mul_overflow(micros / num, den, &ticks) || !std::in_range<Rep>(ticks)) {
            f.fail<duration>("value out of range");
        }
        return duration{static_cast<Rep>(ticks)};
    }

    static void encode(duration value, encoder& out) {
        const Rep ticks = value.count();
        std::int64_t micros = 0;
        if (!std::in_range<std::int64_t>(ticks)) throw usage_error{"a duration exceeds the range of interval"};
        if (static_cast<std::int64_t>(ticks) % den != 0) throw usage_error{"a duration is finer than a microsecond"};
        if (__builtin_mul_overflow(static_cast<std::int64_t>(ticks) / den, num, &micros)) {
            throw usage_error{"a duration exceeds the range of interval"};
        }
        codec<interval>::encode({0, 0, std::chrono::microseconds{micros}}, out);
    }

 private:
    static constexpr std::int64_t num = detail::in_microseconds<duration>::num;
    static constexpr std::int64_t den = detail::in_microseconds<duration>::den;
};

}  // namespace coropg
