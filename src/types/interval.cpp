#include <coropg/types/interval.hpp>

#include "scan.hpp"

#include <limits>

namespace coropg {

namespace {

using std::chrono::microseconds;

constexpr std::size_t interval_bytes = 16;
constexpr std::int64_t micros_per_hour = 3'600'000'000;

struct interval_reading {
    interval value;
    const char* problem = nullptr;
};

// "1 year 2 mons -3 days +04:05:06.789": units that are 0 are left out, an interval of 0 is "00:00:00".
// Each number has its own sign. Source: PostgreSQL manual, "Interval Output", style postgres.
bool scan(std::string_view text, interval& out) {
    detail::scanner in{text};
    std::int64_t months = 0;
    std::int64_t days = 0;
    enum { year, month, day, none } next = year;
    do {
        const bool minus = in.take("-");
        if (!minus) in.take("+");
        std::int64_t number = 0;
        if (!in.number(1, 10, number)) return false;
        if (!in.take(" ")) {
            std::int64_t micros = 0;
            std::int64_t rest = 0;
            if (!in.minutes_and_seconds(rest) || !in.done()) return false;
            // Counting downwards reaches the minimum as well as the maximum.
            if (__builtin_mul_overflow(-number, micros_per_hour, &micros)) return false;
            if (__builtin_sub_overflow(micros, rest, &micros)) return false;
            if (!minus && __builtin_sub_overflow(std::int64_t{0}, micros, &micros)) return false;
            out.time = microseconds{micros};
            break;
        }
        const std::int64_t count = minus ? -number : number;
        if (next <= year && in.take("year")) {
            months = count * 12;
            next = month;
        } else if (next <= month && in.take("mon")) {
            months += count;
            next = day;
        } else if (next <= day && in.take("day")) {
            days = count;
            next = none;
        } else {
            return false;
        }
        in.take("s");
        if (in.done()) break;
    } while (in.take(" "));
    if (!in.done() || !std::in_range<std::int32_t>(months) || !std::in_range<std::int32_t>(days)) return false;
    out.months = static_cast<std::int32_t>(months);
    out.days = static_cast<std::int32_t>(days);
    return true;
}

interval_reading read_interval(const field& f) {
    const std::string_view bytes = f.bytes();
    interval_reading reading;
    interval& value = reading.value;
    if (f.is_binary()) {
        if (bytes.size() != interval_bytes) return {{}, "unexpected length of an interval"};
        value.time = microseconds{field::load<std::int64_t>(bytes.data())};
        value.days = field::load<std::int32_t>(bytes.data() + 8);
        value.months = field::load<std::int32_t>(bytes.data() + 12);
        return reading;
    }
    using day_limits = std::numeric_limits<std::int32_t>;
    if (bytes == "infinity") return {{day_limits::max(), day_limits::max(), microseconds::max()}};
    if (bytes == "-infinity") return {{day_limits::min(), day_limits::min(), microseconds::min()}};
    if (!scan(bytes, value)) return {{}, "not an interval; IntervalStyle has to be postgres"};
    return reading;
}

}  // namespace

interval codec<interval>::decode(const field& f) {
    const auto [value, problem] = read_interval(f);
    if (problem != nullptr) f.fail<interval>(problem);
    return value;
}

void codec<interval>::encode(const interval& value, encoder& out) {
    out.number(std::int64_t{value.time.count()});
    out.number(value.days);
    out.number(value.months);
}

detail::chrono_reading detail::read_duration(const field& f) {
    if (f.type() == oids::time) return read_time(f);
    const auto [value, problem] = read_interval(f);
    if (problem != nullptr) return {0, problem};
    if (value.months != 0 || value.days != 0) return {0, "it has months or days; read a coropg::interval"};
    return {value.time.count()};
}

}  // namespace coropg
