// interval in and out, as its three numbers and as a duration.
#include <coropg/types/interval.hpp>

#include "types_support.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

namespace {

using namespace types_test;
using namespace std::chrono;
using coropg::codec;
using coropg::decode_error;
using coropg::interval;
using coropg::usage_error;
namespace oids = coropg::oids;

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();

struct golden_case {
    std::string_view hex;
    std::string_view text;
    interval value;
};

constexpr golden_case golden[] = {
    {"00000000000000000000000000000000", "00:00:00", {}},
    {"000000036c97ca88000000030000000e", "1 year 2 mons 3 days 04:05:06.789", {14, 3, 4h + 5min + 6s + 789ms}},
    {"fffffffc93743f7f00000003fffffff2",
     "-1 years -2 mons +3 days -04:05:06.000001",
     {-14, 3, -(4h + 5min + 6s + 1us)}},
    {"0000000000000000ffffffff00000001", "1 mon -1 days", {1, -1, 0us}},
    {"00000001b7e1dd00ffffffff00000000", "-1 days +02:03:00", {0, -1, 2h + 3min}},
    {"000000000000000000000000ffffffff", "-1 mons", {-1, 0, 0us}},
    {"7fffffffffffffff0000000000000000", "2562047788:00:54.775807", {0, 0, microseconds::max()}},
    {"80000000000000000000000000000000", "-2562047788:00:54.775808", {0, 0, microseconds::min()}},
    {"00000000000000000000000080000000", "-178956970 years -8 mons", {least, 0, 0us}},
    {"0000000000000000000000007fffffff", "178956970 years 7 mons", {most, 0, 0us}},
    {"00000000000000007fffffff00000000", "2147483647 days", {0, most, 0us}},
    {"00000000000000008000000000000000", "-2147483648 days", {0, least, 0us}},
    {"fffffffffff85ee00000000000000000", "-00:00:00.5", {0, 0, -500ms}},
    {"00000000000000000000000100000000", "1 day", {0, 1, 0us}},
    {"000000000000000000000000fffffff4", "-1 years", {-12, 0, 0us}},
    {"00000053d1ac10000000000000000000", "100:00:00", {0, 0, 100h}},
    {"0000000000000000000000000000000b", "11 mons", {11, 0, 0us}},
    {"fffffffffff0bdc00000000100000000", "1 day -00:00:01", {0, 1, -1s}},
    {"000000000000000000000028fffffffb", "-5 mons +40 days", {-5, 40, 0us}},
};

template <class D>
D read_both(std::string_view hex, std::string_view text) {
    const D value = read_binary<D>(hex, oids::interval);
    BOOST_TEST((read_text<D>(text, oids::interval) == value));
    return value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_interval)

BOOST_AUTO_TEST_CASE(an_interval_reads_and_goes_out_as_the_server_has_it) {
    for (const golden_case& c : golden) {
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST((read_binary<interval>(c.hex, oids::interval) == c.value));
            BOOST_TEST((read_text<interval>(c.text, oids::interval) == c.value));
            BOOST_TEST(write_hex(c.value) == c.hex);
        }
    }
    BOOST_TEST(codec<interval>::type.oid == 1186U);
    BOOST_TEST(codec<seconds>::type.array_oid == 1187U);
}

BOOST_AUTO_TEST_CASE(the_infinities_of_newer_servers_are_the_ends_of_all_three_numbers) {
    BOOST_TEST((read_text<interval>("infinity", oids::interval) == interval{most, most, microseconds::max()}));
    BOOST_TEST((read_text<interval>("-infinity", oids::interval) == interval{least, least, microseconds::min()}));
    BOOST_TEST((read_binary<interval>("7fffffffffffffff7fffffff7fffffff", oids::interval) ==
                interval{most, most, microseconds::max()}));
    BOOST_CHECK_THROW(read_text<seconds>("infinity", oids::interval), decode_error);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_interval_is_refused) {
    for (const char* const wrong : {"",
                                    " ",
                                    "1",
                                    "1 ",
                                    "1 week",
                                    "1 day ",
                                    "1 day 1 mon",
                                    "1 mon 1 year",
                                    "1 year 1 year",
                                    "04:05",
                                    "1:2:3",
                                    "00:60:00",
                                    "00:00:00 1 day",
                                    "00:00:00x",
                                    "--1 day",
                                    "+-1 day",
                                    "P1Y2M",
                                    "@ 1 day ago",
                                    "1 days1",
                                    "178956970 years 8 mons",
                                    "-178956970 years -9 mons",
                                    "2147483648 days",
                                    "-2147483649 days",
                                    "2562047788:00:54.775808",
                                    "-2562047788:00:54.775809",
                                    "9999999999:00:00",
                                    "99999999999 days"}) {
        BOOST_TEST_CONTEXT(wrong)
        BOOST_CHECK_EXCEPTION(read_text<interval>(wrong, oids::interval), decode_error, says("IntervalStyle"));
    }
    BOOST_CHECK_EXCEPTION(read_binary<interval>("00", oids::interval), decode_error, says("unexpected length"));
}

BOOST_AUTO_TEST_CASE(an_interval_without_months_and_days_reads_as_a_duration) {
    const char* const hex = "00000053d1ac10000000000000000000";
    BOOST_TEST((read_both<microseconds>(hex, "100:00:00") == 100h));
    BOOST_TEST((read_both<nanoseconds>(hex, "100:00:00") == 100h));
    BOOST_TEST((read_both<seconds>(hex, "100:00:00") == 100h));
    BOOST_TEST((read_both<hours>(hex, "100:00:00") == 100h));
    BOOST_TEST((read_both<duration<int, std::ratio<1, 50>>>(hex, "100:00:00") == 100h));
    BOOST_TEST((read_both<duration<std::uint32_t>>(hex, "100:00:00") == 100h));
    BOOST_TEST((read_both<days>("000000141dd760000000000000000000", "24:00:00") == days{1}));
}

BOOST_AUTO_TEST_CASE(a_time_reads_as_a_duration) {
    BOOST_TEST((read_binary<minutes>("00000000d693a400", oids::time) == 1h));
    BOOST_TEST((read_text<milliseconds>("01:02:03.5", oids::time) == 1h + 2min + 3s + 500ms));
    BOOST_CHECK_THROW(read_text<milliseconds>("25:00:00", oids::time), decode_error);
    BOOST_CHECK_THROW(read_text<interval>("01:00:00", oids::time), decode_error);
}

BOOST_AUTO_TEST_CASE(an_interval_with_months_or_days_is_no_duration) {
    BOOST_CHECK_EXCEPTION(read_text<seconds>("1 day", oids::interval), decode_error, says("coropg::interval"));
    BOOST_CHECK_EXCEPTION(read_text<days>("1 day", oids::interval), decode_error, says("coropg::interval"));
    BOOST_CHECK_EXCEPTION(read_binary<seconds>("000000000000000000000000ffffffff", oids::interval), decode_error,
                          says("coropg::interval"));
}

BOOST_AUTO_TEST_CASE(a_duration_that_cannot_hold_the_interval_is_refused) {
    BOOST_CHECK_EXCEPTION(read_text<milliseconds>("00:00:00.000001", oids::interval), decode_error,
                          says("would lose precision"));
    BOOST_CHECK_EXCEPTION(read_text<hours>("00:30:00", oids::interval), decode_error, says("would lose precision"));
    BOOST_CHECK_EXCEPTION(read_text<nanoseconds>("2562048:00:00", oids::interval), decode_error, says("out of range"));
    BOOST_CHECK_EXCEPTION((read_text<duration<std::uint32_t>>("-00:00:01", oids::interval)), decode_error,
                          says("out of range"));
    BOOST_CHECK_EXCEPTION((read_text<duration<std::int16_t>>("10:00:00", oids::interval)), decode_error,
                          says("out of range"));
}

BOOST_AUTO_TEST_CASE(a_duration_goes_out_as_microseconds) {
    BOOST_TEST(write_hex(100h) == "00000053d1ac10000000000000000000");
    BOOST_TEST(write_hex(-500ms) == "fffffffffff85ee00000000000000000");
    BOOST_TEST(write_hex(days{1}) == "000000141dd760000000000000000000");
    BOOST_TEST(write_hex(1000ns) == "00000000000000010000000000000000");
    BOOST_TEST(write_hex(microseconds::min()) == "80000000000000000000000000000000");
}

BOOST_AUTO_TEST_CASE(a_duration_that_interval_cannot_hold_is_a_usage_error) {
    BOOST_CHECK_EXCEPTION(write(1ns), usage_error, says("finer than a microsecond"));
    BOOST_CHECK_EXCEPTION(write(-1ns), usage_error, says("finer than a microsecond"));
    BOOST_CHECK_EXCEPTION(write(seconds::max()), usage_error, says("range of interval"));
    BOOST_CHECK_EXCEPTION(write(hours::min()), usage_error, says("range of interval"));
    BOOST_CHECK_EXCEPTION((write(duration<std::uint64_t, std::micro>{~std::uint64_t{}})), usage_error,
                          says("range of interval"));
}

BOOST_AUTO_TEST_CASE(a_duration_of_floating_point_has_no_codec) {
    static_assert(!coropg::detail::encodable<duration<double>>);
    static_assert(!coropg::detail::decodable<duration<float>>);
}

BOOST_AUTO_TEST_CASE(hostile_intervals_are_read_or_refused) {
    for (const golden_case& c : golden) {
        attack_both<interval>(c.hex, c.text, oids::interval, 50);
        attack_both<nanoseconds>(c.hex, c.text, oids::interval, 50);
    }
    attack_both<hours>("00000000d693a400", "01:02:03.5", oids::time);
}

BOOST_AUTO_TEST_SUITE_END()
