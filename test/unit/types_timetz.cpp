// timetz is a time and the distance of its zone, which the wire counts westwards.
#include <coropg/types/chrono.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using namespace std::chrono_literals;
using coropg::decode_error;
using coropg::timetz;
using coropg::usage_error;
namespace oids = coropg::oids;

}  // namespace

BOOST_AUTO_TEST_SUITE(types_timetz)

BOOST_AUTO_TEST_CASE(a_timetz_reads_and_writes) {
    const struct {
        std::string_view hex;
        std::string_view text;
        timetz value;
    } golden[] = {
        {"0000000a8be62608ffffb2a8", "12:34:56.789+05:30", {12h + 34min + 56s + 789ms, 5h + 30min}},
        {"000000141dd760000000e0ff", "24:00:00-15:59:59", {24h, -(15h + 59min + 59s)}},
        {"000000000000000000000000", "00:00:00+00", {}},
    };
    for (const auto& [hex, text, value] : golden) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST((read_binary<timetz>(hex, oids::timetz) == value));
            BOOST_TEST((read_text<timetz>(text, oids::timetz) == value));
            BOOST_TEST(write_hex(value) == hex);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_timetz_is_refused) {
    for (const char* hex : {"", "0000000a8be62608ffffb2", "ffffffffffffffff00000000", "000000141dd7600100000000",
                            "00000000000000000000e100", "0000000000000000ffff1f00", "000000000000000080000000"})
        BOOST_TEST_CONTEXT(hex) BOOST_CHECK_THROW(read_binary<timetz>(hex, oids::timetz), decode_error);
    for (const char* text : {"", "12:00:00", "12:00:00+", "12:00:00+16", "12:00:00+05:", "24:00:01+00", "12:00:00+00x"})
        BOOST_TEST_CONTEXT(text) BOOST_CHECK_THROW(read_text<timetz>(text, oids::timetz), decode_error);
}

BOOST_AUTO_TEST_CASE(what_timetz_cannot_hold_is_not_sent) {
    BOOST_CHECK_THROW(write(timetz{-1us, 0s}), usage_error);
    BOOST_CHECK_THROW(write(timetz{24h + 1us, 0s}), usage_error);
    BOOST_CHECK_THROW(write(timetz{0s, 16h}), usage_error);
    BOOST_CHECK_THROW(write(timetz{0s, -16h}), usage_error);
    BOOST_CHECK_THROW(write(timetz{0s, std::chrono::seconds::min()}), usage_error);
}

BOOST_AUTO_TEST_CASE(hostile_timetz_are_read_or_refused) {
    attack_both<timetz>("0000000a8be62608ffffb2a8", "12:34:56.789+05:30", oids::timetz);
}

BOOST_AUTO_TEST_SUITE_END()
