#include <coropg/types/chrono.hpp>

#include "scan.hpp"

namespace coropg {

using namespace std::chrono;

namespace detail {

namespace {

constexpr std::int64_t micros_per_day = microseconds{hours{24}}.count();
constexpr std::int64_t micros_per_hour = microseconds{hours{1}}.count();

// The first and last day of PostgreSQL's date, and the ends of its timestamp (the upper ones excluded).
// Source: PostgreSQL's datatype/timestamp.h.
constexpr std::int64_t first_date = -2451545;
constexpr std::int64_t end_of_dates = 2145031949;
constexpr std::int64_t first_timestamp = -211813488000000000;
constexpr std::int64_t end_of_timestamps = 9223371331200000000;

// A zone is less than this away from UTC. Source: MAX_TZDISP_HOUR in PostgreSQL's datatype/timestamp.h.
constexpr bool is_zone(std::int64_t seconds) { return seconds > -16 * 3600 && seconds < 16 * 3600; }

constexpr const char* not_a_date = "not a date; DateStyle has to be ISO";
constexpr const char* not_a_time = "not a time";
constexpr const char* not_a_timestamp = "not a timestamp; DateStyle has to be ISO";

// A day as printed; `bc` follows at the very end, behind time and zone.
struct calendar_day {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
};

constexpr bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days since PostgreSQL's epoch; std::chrono's calendar ends at the year 32767, PostgreSQL's at 5874897. The year is
// taken to begin in March, so that the leap day is its last.
// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
constexpr std::int64_t days_since_epoch(const calendar_day& d) {
    const std::int64_t year = d.year - (d.month <= 2 ? 1 : 0);
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    constexpr std::int64_t from_march_0000_to_2000 = 730425;
    return era * 146097 + day_of_era - from_march_0000_to_2000;
}
static_assert(days_since_epoch({2000, 1, 1}) == 0);
static_assert(days_since_epoch({1970, 1, 1}) == -10957);
static_assert(days_since_epoch({-4713, 11, 24}) == first_date);
static_assert(days_since_epoch({5874897, 12, 31}) == 2145031948);

bool take_day(scanner& in, calendar_day& out) {
    return in.number(4, 7, out.year) && out.year > 0 && in.take("-") && in.number(2, 2, out.month) && in.take("-") &&
           in.number(2, 2, out.day);
}

// Applies " BC" and asks whether there is such a day: 1 BC is the calendar's year 0.
bool finish_day(scanner& in, calendar_day& out) {
    if (in.take(" BC")) out.year = 1 - out.year;
    return in.done() && out.month >= 1 && out.month <= 12 && out.day >= 1 &&
           out.day <= days_in_month(out.year, out.month);
}

bool take_time(scanner& in, std::int64_t& micros) {
    std::int64_t hour = 0;
    if (!in.number(2, 2, hour) || !in.minutes_and_seconds(micros)) return false;
    micros += hour * micros_per_hour;
    return micros <= micros_per_day;
}

// "+05", "-04:56:02": how far the printed time is ahead of UTC. Zones of long ago have seconds.
bool take_zone(scanner& in, std::int64_t& ahead) {
    const bool west = in.take("-");
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    if (!west && !in.take("+")) return false;
    if (!in.number(2, 2, hour)) return false;
    if (in.take(":") && !in.number(2, 2, minute)) return false;
    if (in.take(":") && !in.number(2, 2, second)) return false;
    ahead = (hour * 3600 + minute * 60 + second) * (west ? -1'000'000 : 1'000'000);
    return true;
}

}  // namespace

chrono_reading read_date(const field& f) {
    if (f.is_binary()) {
        if (f.bytes().size() != sizeof(std::int32_t)) return {0, "unexpected length of a date"};
        return {field::load<std::int32_t>(f.bytes().data())};
    }
    if (f.bytes() == "infinity") return {infinite_date};
    if (f.bytes() == "-infinity") return {minus_infinite_date};
    scanner in{f.bytes()};
    calendar_day day;
    if (!take_day(in, day) || !finish_day(in, day)) return {0, not_a_date};
    return {days_since_epoch(day)};
}

chrono_reading read_time(const field& f) {
    std::int64_t micros = 0;
    if (f.is_binary()) {
        if (f.bytes().size() != sizeof micros) return {0, "unexpected length of a time"};
        micros = field::load<std::int64_t>(f.bytes().data());
    } else {
        scanner in{f.bytes()};
        if (!take_time(in, micros) || !in.done()) return {0, not_a_time};
    }
    if (micros < 0 || micros > micros_per_day) return {0, not_a_time};
    return {micros};
}

chrono_reading read_timestamp(const field& f) {
    if (f.is_binary()) {
        if (f.bytes().size() != sizeof(std::int64_t)) return {0, "unexpected length of a timestamp"};
        return {field::load<std::int64_t>(f.bytes().data())};
    }
    if (f.bytes() == "infinity") return {infinite_timestamp};
    if (f.bytes() == "-infinity") return {minus_infinite_timestamp};
    scanner in{f.bytes()};
    calendar_day day;
    std::int64_t time = 0;
    std::int64_t ahead = 0;
    if (!take_day(in, day) || !in.take(" ") || !take_time(in, time)) return {0, not_a_timestamp};
    if (f.type() == oids::timestamptz && !take_zone(in, ahead)) return {0, not_a_timestamp};
    if (!finish_day(in, day)) return {0, not_a_timestamp};
    std::int64_t micros = 0;
    if (__builtin_mul_overflow(days_since_epoch(day), micros_per_day, &micros) ||
        __builtin_add_overflow(micros, time - ahead, &micros)) {
        return {0, "value out of range"};
    }
    return {micros};
}

void write_date(std::int64_t days, encoder& out) {
    if (days < first_date || days >= end_of_dates) throw usage_error{"a parameter exceeds the range of date"};
    out.number(static_cast<std::int32_t>(days));
}

void timestamp_out_of_range() { throw usage_error{"a parameter exceeds the range of timestamp"}; }

void write_timestamp(std::int64_t micros, encoder& out) {
    if (micros < first_timestamp || micros >= end_of_timestamps) timestamp_out_of_range();
    out.number(micros);
}

}  // namespace detail

namespace {

constexpr std::int64_t epoch_days = duration_cast<days>(detail::postgres_epoch).count();

using time_of_day = hh_mm_ss<microseconds>;

}  // namespace

sys_days codec<sys_days>::decode(const field& f) {
    const std::int64_t since_epoch = detail::value_or_fail<sys_days>(f, detail::read_date(f));
    if (since_epoch == detail::infinite_date) return sys_days::max();
    if (since_epoch == detail::minus_infinite_date) return sys_days::min();
    const std::int64_t count = since_epoch + epoch_days;
    if (!std::in_range<days::rep>(count)) f.fail<sys_days>("value out of range");
    return sys_days{days{static_cast<days::rep>(count)}};
}

void codec<sys_days>::encode(sys_days value, encoder& out) {
    if (value == sys_days::max()) return out.number(static_cast<std::int32_t>(detail::infinite_date));
    if (value == sys_days::min()) return out.number(static_cast<std::int32_t>(detail::minus_infinite_date));
    std::int64_t since_epoch = 0;
    if (__builtin_sub_overflow(std::int64_t{value.time_since_epoch().count()}, epoch_days, &since_epoch)) {
        throw usage_error{"a parameter exceeds the range of date"};
    }
    detail::write_date(since_epoch, out);
}

year_month_day codec<year_month_day>::decode(const field& f) {
    const std::int64_t since_epoch = detail::value_or_fail<year_month_day>(f, detail::read_date(f));
    if (since_epoch == detail::infinite_date || since_epoch == detail::minus_infinite_date) {
        f.fail<year_month_day>("an infinite date; read std::chrono::sys_days");
    }
    constexpr std::int64_t first = sys_days{year::min() / January / 1}.time_since_epoch().count() - epoch_days;
    constexpr std::int64_t last = sys_days{year::max() / December / 31}.time_since_epoch().count() - epoch_days;
    if (since_epoch < first || since_epoch > last) f.fail<year_month_day>("value out of range");
    return year_month_day{sys_days{days{static_cast<days::rep>(since_epoch + epoch_days)}}};
}

void codec<year_month_day>::encode(year_month_day value, encoder& out) {
    if (!value.ok()) throw usage_error{"a parameter is no day of the calendar"};
    codec<sys_days>::encode(sys_days{value}, out);
}

time_of_day codec<time_of_day>::decode(const field& f) {
    return time_of_day{microseconds{detail::value_or_fail<time_of_day>(f, detail::read_time(f))}};
}

void codec<time_of_day>::encode(const time_of_day& value, encoder& out) {
    const microseconds since_midnight = value.to_duration();
    if (since_midnight < microseconds::zero() || since_midnight > hours{24}) {
        throw usage_error{"a time is negative or past 24:00:00"};
    }
    out.number(std::int64_t{since_midnight.count()});
}

// int64 microseconds since midnight, int32 seconds that the zone is behind UTC. Source: timetz_send in date.c.
timetz codec<timetz>::decode(const field& f) {
    constexpr std::size_t timetz_bytes = 12;
    std::int64_t micros = 0;
    std::int64_t ahead = 0;
    if (f.is_binary()) {
        if (f.bytes().size() != timetz_bytes) f.fail<timetz>("unexpected length of a timetz");
        micros = field::load<std::int64_t>(f.bytes().data());
        ahead = -std::int64_t{field::load<std::int32_t>(f.bytes().data() + sizeof micros)};
    } else {
        detail::scanner in{f.bytes()};
        if (!detail::take_time(in, micros) || !detail::take_zone(in, ahead) || !in.done()) {
            f.fail<timetz>("not a time with a zone");
        }
        ahead /= 1'000'000;
    }
    if (micros < 0 || micros > detail::micros_per_day || !detail::is_zone(ahead)) {
        f.fail<timetz>("not a time with a zone");
    }
    return {microseconds{micros}, seconds{ahead}};
}

void codec<timetz>::encode(const timetz& value, encoder& out) {
    codec<time_of_day>::encode(time_of_day{value.since_midnight}, out);
    if (!detail::is_zone(value.ahead_of_utc.count())) {
        throw usage_error{"a zone is 16 hours or more away from UTC"};
    }
    out.number(static_cast<std::int32_t>(-value.ahead_of_utc.count()));
}

}  // namespace coropg
