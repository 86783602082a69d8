// date, time, timestamp and timestamptz as std::chrono's types, timetz as one of our own. A timestamptz is a sys_time;
// a timestamp, which knows no zone, is a local_time; neither reads the other. A value that the C++ type cannot hold
// exactly is a decode_error. The infinities of date and the timestamps are max() and min() of the time_point, both
// ways. For interval and durations see types/interval.hpp.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/arithmetic.hpp>

#include <chrono>
#include <limits>
#include <ratio>
#include <utility>

namespace coropg {

namespace detail {

/// A number as PostgreSQL sends it in binary, read from either format, or why there is none.
struct chrono_reading {
    std::int64_t value = 0;
    const char* problem = nullptr;
};

inline constexpr std::int64_t infinite_date = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t minus_infinite_date = std::numeric_limits<std::int32_t>::min();
inline constexpr std::int64_t infinite_timestamp = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t minus_infinite_timestamp = std::numeric_limits<std::int64_t>::min();

/// PostgreSQL counts from 2000-01-01.
inline constexpr std::chrono::seconds postgres_epoch =
    std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}.time_since_epoch();

/// Days since PostgreSQL's epoch.
chrono_reading read_date(const field& f);
/// Microseconds since midnight, 24:00 included.
chrono_reading read_time(const field& f);
/// Microseconds since PostgreSQL's epoch.
chrono_reading read_timestamp(const field& f);

/// Errors: usage_error when PostgreSQL's date has no such day.
void write_date(std::int64_t days, encoder& out);
/// Errors: usage_error when PostgreSQL's timestamp has no such moment.
void write_timestamp(std::int64_t micros, encoder& out);
[[noreturn]] void timestamp_out_of_range();

template <class T>
std::int64_t value_or_fail(const field& f, chrono_reading reading) {
    if (reading.problem != nullptr) [[unlikely]]
        f.fail<T>(reading.problem);
    return reading.value;
}

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// A tick of `Duration` is `num` microseconds, or the `den`th part of one.
template <class Duration>
using in_microseconds = std::ratio_divide<typename Duration::period, std::micro>;

/// Nanoseconds to hours. Days are left out: a time_point of days is a date.
template <class Duration>
concept timestamp_duration =
    is_duration<Duration> && integer<typename Duration::rep> && std::signed_integral<typename Duration::rep> &&
    (in_microseconds<Duration>::num == 1 || in_microseconds<Duration>::den == 1) &&
    in_microseconds<Duration>::den <= 1000 && in_microseconds<Duration>::num <= 3'600'000'000 &&
    3'600'000'000 % in_microseconds<Duration>::num == 0;

/// sys_time and local_time differ only in their clock.
template <class TimePoint>
struct timestamp_codec {
    using duration = typename TimePoint::duration;
    using rep = typename duration::rep;
    static constexpr std::int64_t num = in_microseconds<duration>::num;
    static constexpr std::int64_t den = in_microseconds<duration>::den;
    static constexpr std::int64_t epoch = std::chrono::microseconds{postgres_epoch}.count() / num;

    static TimePoint decode(const field& f) {
        const bool is_plain = f.is_binary() && f.bytes().size() == sizeof(std::int64_t);
        const std::int64_t micros = is_plain ? field::load<std::int64_t>(f.bytes().data())
                                             : value_or_fail<TimePoint>(f, read_timestamp(f.copy()));
        if (micros == infinite_timestamp) return TimePoint::max();
        if (micros == minus_infinite_timestamp) return TimePoint::min();
        if (micros % num != 0) f.fail<TimePoint>("the conversion would lose precision");
        std::int64_t ticks = 0;
        if (__builtin_add_overflow(micros / num, epoch, &ticks) || __builtin_mul_overflow(ticks, den, &ticks) ||
            !std::in_range<rep>(ticks)) {
            f.fail<TimePoint>("value out of range");
        }
        const TimePoint value{duration{static_cast<rep>(ticks)}};
        // A value that stands for infinity is no moment.
        if (value == TimePoint::max() || value == TimePoint::min()) f.fail<TimePoint>("value out of range");
        return value;
    }

    static void encode(TimePoint value, encoder& out) {
        if (value == TimePoint::max()) return out.number(infinite_timestamp);
        if (value == TimePoint::min()) return out.number(minus_infinite_timestamp);
        const std::int64_t ticks = value.time_since_epoch().count();
        std::int64_t micros = ticks / den - (ticks % den < 0 ? 1 : 0);
        if (__builtin_sub_overflow(micros, epoch, &micros) || __builtin_mul_overflow(micros, num, &micros)) {
            timestamp_out_of_range();
        }
        write_timestamp(micros, out);
    }
};

}  // namespace detail

/// date; 'infinity' is sys_days::max(), '-infinity' is sys_days::min().
template <>
struct codec<std::chrono::sys_days> {
    static constexpr pg_type type{"date", oids::date, 1182};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::date; }
    static std::chrono::sys_days decode(const field& f);
    static void encode(std::chrono::sys_days value, encoder& out);
};

/// date; its years end at 32767, so that later dates and the infinities are a decode_error.
template <>
struct codec<std::chrono::year_month_day> {
    static constexpr pg_type type{"date", oids::date, 1182};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::date; }
    static std::chrono::year_month_day decode(const field& f);
    /// Errors: usage_error when `value` is no day of the calendar.
    static void encode(std::chrono::year_month_day value, encoder& out);
};

/// time, from 00:00:00 to 24:00:00.
template <>
struct codec<std::chrono::hh_mm_ss<std::chrono::microseconds>> {
    static constexpr pg_type type{"time", oids::time, 1183};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::time; }
    static std::chrono::hh_mm_ss<std::chrono::microseconds> decode(const field& f);
    /// Errors: usage_error when `value` is negative or past 24:00:00.
    static void encode(const std::chrono::hh_mm_ss<std::chrono::microseconds>& value, encoder& out);
};

/// A time of day and how far its zone is ahead of UTC, which is all that it keeps of the zone. Two of them are equal
/// when both parts are: 12:00+00 and 13:00+01 are not, as in PostgreSQL.
struct timetz {
    std::chrono::microseconds since_midnight{};
    std::chrono::seconds ahead_of_utc{};

    friend bool operator==(const timetz&, const timetz&) = default;
};

/// timetz, from 00:00:00 to 24:00:00, in zones of less than 16 hours on either side of UTC.
template <>
struct codec<timetz> {
    static constexpr pg_type type{"timetz", oids::timetz, 1270};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::timetz; }
    static timetz decode(const field& f);
    /// Errors: usage_error when `value` is outside of these limits.
    static void encode(const timetz& value, encoder& out);
};

/// timestamptz. As a parameter, what is finer than a microsecond is rounded down.
template <detail::timestamp_duration Duration>
struct codec<std::chrono::sys_time<Duration>> : detail::timestamp_codec<std::chrono::sys_time<Duration>> {
    static constexpr pg_type type{"timestamptz", oids::timestamptz, 1185};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::timestamptz; }
};

/// timestamp. As a parameter, what is finer than a microsecond is rounded down.
template <detail::timestamp_duration Duration>
struct codec<std::chrono::local_time<Duration>> : detail::timestamp_codec<std::chrono::local_time<Duration>> {
    static constexpr pg_type type{"timestamp", oids::timestamp, 1115};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::timestamp; }
};

}  // namespace coropg
