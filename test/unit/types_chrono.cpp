// date, time, timestamp and timestamptz in and out: both formats, the ends of the ranges, the infinities, precision.
#include <coropg/types/chrono.hpp>

#include "types_support.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <tuple>
#include <utility>

namespace {

using namespace types_test;
using namespace std::chrono;
using coropg::codec;
using coropg::decode_error;
using coropg::usage_error;
using coropg::detail::decodable;
using coropg::detail::encodable;
using time_of_day = hh_mm_ss<microseconds>;
namespace oids = coropg::oids;

template <class D>
sys_time<D> moment(year_month_day day, D time) {
    return sys_time<D>{sys_days{day}} + time;
}

template <class D>
local_time<D> as_local(sys_time<D> t) {
    return local_time<D>{t.time_since_epoch()};
}

constexpr year_month_day ymd(int y, unsigned m, unsigned d) { return {year{y}, month{m}, day{d}}; }

// Years of years that year_month_day cannot say.
constexpr sys_days far(std::int64_t since_2000) { return sys_days{ymd(2000, 1, 1)} + days{since_2000}; }

struct date_case {
    std::string_view hex;
    std::string_view text;
    year_month_day value;
};

constexpr date_case dates[] = {
    {"00000000", "2000-01-01", ymd(2000, 1, 1)},       {"ffffffff", "1999-12-31", ymd(1999, 12, 31)},
    {"00002519", "2026-01-01", ymd(2026, 1, 1)},       {"ffffd533", "1970-01-01", ymd(1970, 1, 1)},
    {"fff49d7b", "0044-03-15 BC", ymd(-43, 3, 15)},    {"ffda97cd", "4713-01-01 BC", ymd(-4712, 1, 1)},
    {"ffda97a7", "4714-11-24 BC", ymd(-4713, 11, 24)}, {"00ab7994", "32767-12-31", ymd(32767, 12, 31)},
    {"fff4dbf9", "0001-01-01", ymd(1, 1, 1)},          {"fff4dbf8", "0001-12-31 BC", ymd(0, 12, 31)},
    {"00002279", "2024-02-29", ymd(2024, 2, 29)},      {"002c95d4", "10000-01-01", ymd(10000, 1, 1)},
};

struct time_case {
    std::string_view hex;
    std::string_view text;
    microseconds value;
};

constexpr time_case times[] = {
    {"0000000000000000", "00:00:00", 0us},
    {"000000141dd76000", "24:00:00", 24h},
    {"0000000a8be62614", "12:34:56.789012", 12h + 34min + 56s + 789012us},
    {"000000141dd75fff", "23:59:59.999999", 24h - 1us},
    {"00000000ddf019e0", "01:02:03.5", 1h + 2min + 3s + 500ms},
};

struct timestamp_case {
    std::string_view hex;
    std::string_view text;
    sys_time<microseconds> value;
};

const timestamp_case timestamps[] = {
    {"0000000000000000", "2000-01-01 00:00:00", moment(ymd(2000, 1, 1), 0us)},
    {"0002ea5dbb1f6f35", "2026-01-02 03:04:05.678901",
     moment<microseconds>(ymd(2026, 1, 2), 3h + 4min + 5s + 678901us)},
    {"fffca2fec4c81fff", "1969-12-31 23:59:59.999999", sys_time<microseconds>{-1us}},
    {"fffca2fec4c82000", "1970-01-01 00:00:00", sys_time<microseconds>{0us}},
    {"ff1af9e8fb46d000", "0044-03-15 12:00:00 BC", moment<microseconds>(ymd(-43, 3, 15), 12h)},
    {"fd0f7cc1411fa000", "4714-11-24 00:00:00 BC", moment(ymd(-4713, 11, 24), 0us)},
    {"0002b58cd35c1ee0", "2024-02-29 23:59:59.5", moment<microseconds>(ymd(2024, 2, 29), 24h - 500ms)},
    {"001d679a6aab73f7", "2262-04-11 23:47:16.854775", sys_time<microseconds>{9223372036854775us}},
    {"7ffca2fec4c81ffe", "294247-01-10 04:00:54.775806", sys_time<microseconds>{microseconds::max() - 1us}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(types_chrono)

BOOST_AUTO_TEST_CASE(the_types_are_those_of_the_server) {
    BOOST_TEST(codec<sys_days>::type.oid == 1082U);
    BOOST_TEST(codec<year_month_day>::type.array_oid == 1182U);
    BOOST_TEST(codec<time_of_day>::type.oid == 1083U);
    BOOST_TEST(codec<sys_time<seconds>>::type.oid == 1184U);
    BOOST_TEST(codec<local_time<seconds>>::type.oid == 1114U);
    static_assert(decodable<system_clock::time_point> && encodable<system_clock::time_point>);
    static_assert(decodable<sys_time<minutes>> && encodable<local_time<hours>>);
    static_assert(!decodable<sys_time<weeks>> && !decodable<local_days> && !decodable<sys_time<duration<double>>>);
}

BOOST_AUTO_TEST_CASE(a_date_reads_and_goes_out_as_the_server_has_it) {
    for (const date_case& c : dates) {
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST((read_binary<year_month_day>(c.hex, oids::date) == c.value));
            BOOST_TEST((read_text<year_month_day>(c.text, oids::date) == c.value));
            BOOST_TEST((read_binary<sys_days>(c.hex, oids::date) == sys_days{c.value}));
            BOOST_TEST((read_text<sys_days>(c.text, oids::date) == sys_days{c.value}));
            BOOST_TEST(write_hex(c.value) == c.hex);
            BOOST_TEST(write_hex(sys_days{c.value}) == c.hex);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_day_of_eight_centuries_reads_from_text_as_from_binary) {
    for (sys_days day = sys_days{ymd(-400, 1, 1)}; day < sys_days{ymd(400, 1, 1)}; day += days{1}) {
        const year_month_day date{day};
        const int y = static_cast<int>(date.year());
        char text[32];
        std::snprintf(text, sizeof text, "%04d-%02u-%02u%s", y > 0 ? y : 1 - y, static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), y > 0 ? "" : " BC");
        if (read_text<sys_days>(text, oids::date) != day) BOOST_ERROR(text);
    }
}

BOOST_AUTO_TEST_CASE(dates_past_the_year_32767_fit_sys_days_only) {
    for (const auto& [hex, text, since_2000] :
         {std::tuple{"00ab7995", "32768-01-01", 0x00ab7995}, std::tuple{"7fda970c", "5874897-12-31", 0x7fda970c}}) {
        BOOST_TEST((read_binary<sys_days>(hex, oids::date) == far(since_2000)));
        BOOST_TEST((read_text<sys_days>(text, oids::date) == far(since_2000)));
        BOOST_TEST(write_hex(far(since_2000)) == hex);
        BOOST_CHECK_EXCEPTION(read_binary<year_month_day>(hex, oids::date), decode_error, says("out of range"));
        BOOST_CHECK_EXCEPTION(read_text<year_month_day>(text, oids::date), decode_error, says("out of range"));
    }
}

BOOST_AUTO_TEST_CASE(the_infinities_of_date_are_the_ends_of_sys_days) {
    BOOST_TEST((read_binary<sys_days>("7fffffff", oids::date) == sys_days::max()));
    BOOST_TEST((read_binary<sys_days>("80000000", oids::date) == sys_days::min()));
    BOOST_TEST((read_text<sys_days>("infinity", oids::date) == sys_days::max()));
    BOOST_TEST((read_text<sys_days>("-infinity", oids::date) == sys_days::min()));
    BOOST_TEST(write_hex(sys_days::max()) == "7fffffff");
    BOOST_TEST(write_hex(sys_days::min()) == "80000000");
    for (const char* const hex : {"7fffffff", "80000000"}) {
        BOOST_CHECK_EXCEPTION(read_binary<year_month_day>(hex, oids::date), decode_error, says("infinite"));
    }
    BOOST_CHECK_EXCEPTION(read_text<year_month_day>("-infinity", oids::date), decode_error, says("infinite"));
}

BOOST_AUTO_TEST_CASE(a_day_that_date_does_not_have_is_not_sent) {
    BOOST_CHECK_EXCEPTION(write(ymd(2026, 2, 29)), usage_error, says("no day of the calendar"));
    BOOST_CHECK_EXCEPTION(write(sys_days{ymd(-4713, 11, 23)}), usage_error, says("range of date"));
    BOOST_CHECK_EXCEPTION(write(far(0x7fda970d)), usage_error, says("range of date"));
    BOOST_CHECK_EXCEPTION(write(sys_days::min() + days{1}), usage_error, says("range of date"));
    BOOST_CHECK_EXCEPTION(write(sys_days::max() - days{1}), usage_error, says("range of date"));
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_date_is_refused) {
    for (const char* const wrong :
         {"", "2026", "2026-1-1", "2026-13-01", "2026-00-10", "2026-02-29", "2026-04-31", "2026-01-00", "0000-01-01",
          "01/02/2026", "2026-01-01 ", "2026-01-01 AD", "2026-01-01 BC BC", "12345678-01-01", "26-01-01", "Infinity",
          "-2026-01-01", "2026-01-01x"}) {
        BOOST_CHECK_EXCEPTION(read_text<sys_days>(wrong, oids::date), decode_error, says("DateStyle"));
    }
    BOOST_CHECK_EXCEPTION(read_binary<sys_days>("0000", oids::date), decode_error, says("unexpected length"));
}

BOOST_AUTO_TEST_CASE(a_time_reads_and_goes_out_as_the_server_has_it) {
    for (const time_case& c : times) {
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST((read_binary<time_of_day>(c.hex, oids::time).to_duration() == c.value));
            BOOST_TEST((read_text<time_of_day>(c.text, oids::time).to_duration() == c.value));
            BOOST_TEST(write_hex(time_of_day{c.value}) == c.hex);
        }
    }
    BOOST_TEST((read_text<time_of_day>("24:00:00", oids::time).hours() == 24h));
}

BOOST_AUTO_TEST_CASE(a_time_outside_a_day_is_refused) {
    BOOST_CHECK_THROW(read_binary<time_of_day>("ffffffffffffffff", oids::time), decode_error);
    BOOST_CHECK_THROW(read_binary<time_of_day>("000000141dd76001", oids::time), decode_error);
    BOOST_CHECK_THROW(read_binary<time_of_day>("7fffffffffffffff", oids::time), decode_error);
    BOOST_CHECK_THROW(read_binary<time_of_day>("00000014", oids::time), decode_error);
    for (const char* const wrong : {"", "24:00:00.000001", "25:00:00", "12:60:00", "12:00:60", "12:00", "1:00:00",
                                    "12:00:00.", "12:00:00.1234567", "12:00:00+01", "-01:00:00"}) {
        BOOST_CHECK_EXCEPTION(read_text<time_of_day>(wrong, oids::time), decode_error, says("not a time"));
    }
    BOOST_CHECK_EXCEPTION(write(time_of_day{-1us}), usage_error, says("negative"));
    BOOST_CHECK_EXCEPTION(write(time_of_day{24h + 1us}), usage_error, says("24:00"));
}

BOOST_AUTO_TEST_CASE(a_timestamp_reads_and_goes_out_as_the_server_has_it) {
    for (const timestamp_case& c : timestamps) {
        BOOST_TEST_CONTEXT(c.text) {
            const auto local = as_local(c.value);
            BOOST_TEST((read_binary<local_time<microseconds>>(c.hex, oids::timestamp) == local));
            BOOST_TEST((read_text<local_time<microseconds>>(c.text, oids::timestamp) == local));
            BOOST_TEST(write_hex(local) == c.hex);
            BOOST_TEST((read_binary<sys_time<microseconds>>(c.hex, oids::timestamptz) == c.value));
            BOOST_TEST(write_hex(c.value) == c.hex);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_timestamptz_reads_from_text_of_any_zone) {
    const auto now = moment<microseconds>(ymd(2026, 1, 2), 3h + 4min + 5s + 678901us);
    const auto in_1800 = moment(ymd(1800, 1, 1), 0us);
    const auto in_44_bc = moment<microseconds>(ymd(-43, 3, 15), 12h);
    const std::pair<const char*, sys_time<microseconds>> golden[] = {
        {"2026-01-02 03:04:05.678901+00", now},
        {"2026-01-02 08:34:05.678901+05:30", now},
        {"2026-01-01 22:04:05.678901-05", now},
        {"1800-01-01 05:53:28+05:53:28", in_1800},
        {"1799-12-31 19:03:58-04:56:02", in_1800},
        {"0044-03-15 12:00:00+00 BC", in_44_bc},
        {"0044-03-15 17:53:28+05:53:28 BC", in_44_bc},
        {"0044-03-15 07:03:58-04:56:02 BC", in_44_bc},
        {"4714-11-23 19:03:58-04:56:02 BC", moment(ymd(-4713, 11, 24), 0us)},
    };
    for (const auto& [text, value] : golden) {
        BOOST_TEST_CONTEXT(text) BOOST_TEST((read_text<sys_time<microseconds>>(text, oids::timestamptz) == value));
    }
}

BOOST_AUTO_TEST_CASE(with_and_without_zone_do_not_mix) {
    BOOST_CHECK_THROW(read_binary<sys_time<microseconds>>("0000000000000000", oids::timestamp), decode_error);
    BOOST_CHECK_THROW(read_binary<local_time<microseconds>>("0000000000000000", oids::timestamptz), decode_error);
    BOOST_CHECK_THROW(read_text<sys_time<microseconds>>("2026-01-02 03:04:05", oids::timestamptz), decode_error);
    BOOST_CHECK_THROW(read_text<local_time<microseconds>>("2026-01-02 03:04:05+00", oids::timestamp), decode_error);
    BOOST_CHECK_THROW(read_text<sys_time<seconds>>("2026-01-02", oids::date), decode_error);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_timestamp_is_refused) {
    for (const char* const wrong : {"", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04", "2026-02-30 00:00:00",
                                    "2026-01-02 25:00:00", "2026-01-02 03:04:05 ", "Fri Jan 02 03:04:05 2026",
                                    "2026-01-02 BC 03:04:05", "2026-01-02 03:04:05.1234567"}) {
        BOOST_CHECK_EXCEPTION(read_text<local_time<microseconds>>(wrong, oids::timestamp), decode_error,
                              says("DateStyle"));
    }
    for (const char* const wrong : {"2026-01-02 03:04:05+0", "2026-01-02 03:04:05+00:", "2026-01-02 03:04:05+00:0",
                                    "2026-01-02 03:04:05 UTC", "2026-01-02 03:04:05+00 AD"}) {
        BOOST_CHECK_THROW(read_text<sys_time<microseconds>>(wrong, oids::timestamptz), decode_error);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_infinities_are_the_ends_of_each_time_point, D,
                              decltype(std::tuple<nanoseconds, microseconds, milliseconds, seconds, minutes>{})) {
    using sys = sys_time<D>;
    using local = local_time<D>;
    BOOST_TEST((read_binary<sys>("7fffffffffffffff", oids::timestamptz) == sys::max()));
    BOOST_TEST((read_binary<sys>("8000000000000000", oids::timestamptz) == sys::min()));
    BOOST_TEST((read_text<local>("infinity", oids::timestamp) == local::max()));
    BOOST_TEST((read_text<local>("-infinity", oids::timestamp) == local::min()));
    BOOST_TEST(write_hex(sys::max()) == "7fffffffffffffff");
    BOOST_TEST(write_hex(local::min()) == "8000000000000000");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_time_point_is_never_read_as_a_moment) {
    BOOST_CHECK_EXCEPTION(read_binary<sys_time<microseconds>>("7ffca2fec4c81fff", oids::timestamptz), decode_error,
                          says("out of range"));
    BOOST_CHECK_EXCEPTION(read_binary<sys_time<microseconds>>("7ffca2fec4c82000", oids::timestamptz), decode_error,
                          says("out of range"));
    BOOST_CHECK_EXCEPTION(read_text<local_time<microseconds>>("294276-12-31 23:59:59.999999", oids::timestamp),
                          decode_error, says("out of range"));
    // Seconds reach that far.
    BOOST_TEST((read_text<local_time<seconds>>("294276-12-31 23:59:59", oids::timestamp).time_since_epoch() ==
                9224318015999s));
    BOOST_CHECK_EXCEPTION(read_text<local_time<seconds>>("5874897-12-31 00:00:00", oids::timestamp), decode_error,
                          says("out of range"));
}

BOOST_AUTO_TEST_CASE(a_value_finer_than_the_duration_is_refused) {
    const char* const with_micros = "0002ea5dbb1f6f35";
    BOOST_CHECK_EXCEPTION(read_binary<sys_time<milliseconds>>(with_micros, oids::timestamptz), decode_error,
                          says("would lose precision"));
    BOOST_CHECK_EXCEPTION(read_binary<sys_time<seconds>>(with_micros, oids::timestamptz), decode_error,
                          says("would lose precision"));
    BOOST_CHECK_EXCEPTION(read_text<local_time<minutes>>("2026-01-02 03:04:05", oids::timestamp), decode_error,
                          says("would lose precision"));
    BOOST_TEST((read_binary<sys_time<milliseconds>>("0002b58cd35c1ee0", oids::timestamptz) ==
                moment<milliseconds>(ymd(2024, 2, 29), 24h - 500ms)));
    BOOST_TEST((read_text<local_time<hours>>("0044-03-15 12:00:00 BC", oids::timestamp) ==
                as_local(moment<hours>(ymd(-43, 3, 15), 12h))));
    BOOST_TEST((read_binary<sys_time<nanoseconds>>(with_micros, oids::timestamptz) ==
                moment<nanoseconds>(ymd(2026, 1, 2), 3h + 4min + 5s + 678901us)));
}

BOOST_AUTO_TEST_CASE(nanoseconds_reach_from_1677_to_2262) {
    const sys_time<nanoseconds> first{-9223372036854775us};
    BOOST_TEST(write_hex(first) == "ffdbde631ee4cc09");
    BOOST_TEST((read_binary<sys_time<nanoseconds>>("ffdbde631ee4cc09", oids::timestamptz) == first));
    BOOST_TEST((read_text<sys_time<nanoseconds>>("1677-09-21 00:12:43.145225+00", oids::timestamptz) == first));
    BOOST_CHECK_EXCEPTION(read_text<sys_time<nanoseconds>>("1677-09-21 00:12:43.145224+00", oids::timestamptz),
                          decode_error, says("out of range"));
    BOOST_TEST((read_binary<sys_time<nanoseconds>>("001d679a6aab73f7", oids::timestamptz).time_since_epoch() ==
                9223372036854775us));
    BOOST_CHECK_EXCEPTION(read_binary<sys_time<nanoseconds>>("001d679a6aab73f8", oids::timestamptz), decode_error,
                          says("out of range"));
    BOOST_CHECK_EXCEPTION(read_text<local_time<nanoseconds>>("0044-03-15 12:00:00 BC", oids::timestamp), decode_error,
                          says("out of range"));
}

BOOST_AUTO_TEST_CASE(coarse_and_fine_time_points_go_out_in_microseconds) {
    const auto day = sys_days{ymd(2026, 1, 2)};
    BOOST_TEST(write_hex(sys_time<milliseconds>{day} + 3h + 4min + 5s + 678ms) == "0002ea5dbb1f6bb0");
    BOOST_TEST(write_hex(sys_time<minutes>{day} + 3h + 4min) ==
               write_hex(moment<microseconds>(ymd(2026, 1, 2), 3h + 4min)));
    BOOST_TEST(write_hex(sys_time<nanoseconds>{day} + 3h + 4min + 5s + 678901us + 999ns) == "0002ea5dbb1f6f35");
    BOOST_TEST(write_hex(sys_time<nanoseconds>{-1ns}) == "fffca2fec4c81fff");
    BOOST_TEST(write_hex(sys_time<nanoseconds>{-1us}) == "fffca2fec4c81fff");
}

BOOST_AUTO_TEST_CASE(a_moment_that_timestamp_does_not_have_is_not_sent) {
    BOOST_CHECK_EXCEPTION(write(sys_time<microseconds>::min() + 1us), usage_error, says("range of timestamp"));
    BOOST_CHECK_EXCEPTION(write(moment<microseconds>(ymd(-4713, 11, 24), -1us)), usage_error,
                          says("range of timestamp"));
    BOOST_CHECK_EXCEPTION(write(sys_time<seconds>::max() - 1s), usage_error, says("range of timestamp"));
    BOOST_CHECK_EXCEPTION(write(local_time<seconds>{9224318016000s}), usage_error, says("range of timestamp"));
    BOOST_TEST(write_hex(local_time<seconds>{9224318015999s}) == "7fffff5bb3a35dc0");
}

BOOST_AUTO_TEST_CASE(hostile_times_are_read_or_refused) {
    attack_both<sys_days>("00002519", "2026-01-01 BC", oids::date);
    attack_both<year_month_day>("00002519", "5874897-12-31", oids::date);
    attack_both<time_of_day>("0000000a8be62614", "12:34:56.789012", oids::time);
    attack_both<sys_time<microseconds>>("0002ea5dbb1f6f35", "1799-12-31 19:03:58.25-04:56:02 BC", oids::timestamptz);
    attack_both<sys_time<nanoseconds>>("0002ea5dbb1f6f35", "2026-01-02 03:04:05.678901+00", oids::timestamptz);
    attack_both<local_time<seconds>>("0002ea5dbb1f6f35", "294276-12-31 23:59:59", oids::timestamp);
}

BOOST_AUTO_TEST_SUITE_END()
