// Days, times, moments and intervals.
#pragma once

#include "sample.hpp"

#include <coropg/types/chrono.hpp>
#include <coropg/types/interval.hpp>

#include <chrono>

namespace coropg::test {

/// std::chrono's calendar ends with the year 32767; it repeats itself every 400 years, which have 146097 days.
struct printed_day {
    explicit printed_day(std::int64_t days_since_1970) {
        const std::int64_t cycle = days_since_1970 / 146097 - (days_since_1970 % 146097 < 0 ? 1 : 0);
        const std::chrono::days in_cycle{days_since_1970 - cycle * 146097};
        const std::chrono::year_month_day day{std::chrono::sys_days{in_cycle}};
        const std::int64_t year = static_cast<int>(day.year()) + 400 * cycle;
        text = formatted("%04lld-%02u-%02u", static_cast<long long>(year > 0 ? year : 1 - year),
                         static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
        era = year > 0 ? "" : " BC";
    }
    std::string text;
    std::string era;  ///< stands at the very end
};

/// "12:34:56.789"
inline std::string printed_time(std::chrono::microseconds time) {
    const auto seconds = static_cast<long long>(time / std::chrono::seconds{1});
    std::string text = formatted("%02lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (time % std::chrono::seconds{1} != std::chrono::seconds{0}) {
        text += formatted(".%06lld", static_cast<long long>(time.count() % 1'000'000));
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

/// Days since 1970: of the 20th and 21st century, from 4714 BC to 9999, or from there to `last`.
inline std::int64_t make_day(source& from, std::int64_t last) {
    switch (from.below(3)) {
        case 0: return from.between(-25'567, 47'481);
        case 1: return from.between(-2'440'588, 2'932'896);
        default: return from.between(-2'440'588, last);
    }
}

template <>
struct sample<std::chrono::sys_days> {
    using value_type = std::chrono::sys_days;

    static value_type make(source& from) {
        if (from.one_in(20)) return from.one_in(2) ? value_type::max() : value_type::min();
        return value_type{std::chrono::days{static_cast<int>(make_day(from, 2'145'042'905))}};
    }
    static std::string print(value_type value) {
        return infinity(value, std::to_string(value.time_since_epoch().count()));
    }
    static std::string text(value_type value) {
        const printed_day day{value.time_since_epoch().count()};
        return infinity(value, day.text + day.era);
    }

    /// Or else what stands for an infinity.
    template <class TimePoint>
    static std::string infinity(TimePoint value, std::string otherwise) {
        return value == TimePoint::max() ? "infinity" : value == TimePoint::min() ? "-infinity" : otherwise;
    }
};

template <class Clock>
struct sample<std::chrono::time_point<Clock, std::chrono::microseconds>> {
    using value_type = std::chrono::time_point<Clock, std::chrono::microseconds>;

    static value_type make(source& from) {
        if (from.one_in(20)) return from.one_in(2) ? value_type::max() : value_type::min();
        // To the end of what std::chrono::microseconds can count.
        const std::chrono::microseconds time{std::chrono::days{make_day(from, 106'751'990)}};
        const std::int64_t micros = from.between(0, 86'399'999'999);
        return value_type{time + std::chrono::microseconds{from.one_in(8) ? micros / 1'000'000 * 1'000'000 : micros}};
    }
    static std::string print(value_type value) {
        return sample<std::chrono::sys_days>::infinity(value, std::to_string(value.time_since_epoch().count()));
    }
    /// In UTC.
    static std::string text(value_type value) {
        const auto day = std::chrono::floor<std::chrono::duration<std::int64_t, std::chrono::days::period>>(
            value.time_since_epoch());
        const printed_day date{day.count()};
        const char* const zone = std::is_same_v<Clock, std::chrono::system_clock> ? "+00" : "";
        const std::string time = printed_time(value.time_since_epoch() - day);
        return sample<std::chrono::sys_days>::infinity(value, date.text + " " + time + zone + date.era);
    }
};

template <>
struct sample<std::chrono::hh_mm_ss<std::chrono::microseconds>> {
    using value_type = std::chrono::hh_mm_ss<std::chrono::microseconds>;

    static value_type make(source& from) {
        const std::chrono::microseconds day = std::chrono::hours{24};
        return value_type{from.one_in(20) ? day : std::chrono::microseconds{from.between(0, day.count())}};
    }
    static std::string print(const value_type& value) { return std::to_string(value.to_duration().count()); }
    static std::string text(const value_type& value) { return printed_time(value.to_duration()); }
};

/// The server prints UTC's offset with as many parts as it needs.
template <>
struct sample<timetz> {
    static timetz make(source& from) {
        const auto time = sample<std::chrono::hh_mm_ss<std::chrono::microseconds>>::make(from);
        const std::int64_t minutes = from.between(-15 * 60 - 59, 15 * 60 + 59);
        const std::int64_t seconds = from.one_in(8) ? from.between(-59, 59) : 0;
        return {time.to_duration(), std::chrono::seconds{60 * minutes + seconds}};
    }
    static std::string print(const timetz& value) {
        return std::to_string(value.since_midnight.count()) + " " + std::to_string(value.ahead_of_utc.count());
    }
};

template <>
struct sample<interval> {
    static interval make(source& from) {
        return {from.number<std::int32_t>(), from.number<std::int32_t>(),
                std::chrono::microseconds{from.number<std::int64_t>()}};
    }
    static std::string print(const interval& value) {
        return std::to_string(value.months) + " " + std::to_string(value.days) + " " +
               std::to_string(value.time.count());
    }
};

template <>
struct sample<std::chrono::microseconds> {
    static std::chrono::microseconds make(source& from) {
        return std::chrono::microseconds{from.number<std::int64_t>()};
    }
    static std::string print(std::chrono::microseconds value) { return sample<interval>::print({0, 0, value}); }
};

}  // namespace coropg::test
