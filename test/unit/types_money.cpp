// money in binary is a count of the smallest unit; in text, the same count among what a locale writes around it.
#include <coropg/types/money.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using coropg::decode_error;
using coropg::money;
namespace oids = coropg::oids;

std::int64_t units(std::string_view text) { return read_text<money>(text, oids::money).units; }

}  // namespace

BOOST_AUTO_TEST_SUITE(types_money)

BOOST_AUTO_TEST_CASE(money_in_binary_is_its_units) {
    BOOST_TEST(read_binary<money>("0000000000003039", oids::money).units == 12345);
    BOOST_TEST(write_hex(money{12345}) == "0000000000003039");
    BOOST_TEST(write_hex(money{-1}) == "ffffffffffffffff");
    BOOST_CHECK_THROW(read_binary<money>("00003039", oids::money), decode_error);
}

BOOST_AUTO_TEST_CASE(money_in_text_is_read_in_any_locale) {
    BOOST_TEST(units("$1,234,567.89") == 123456789);
    BOOST_TEST(units("$0.05") == 5);
    BOOST_TEST(units("-$0.05") == -5);
    BOOST_TEST(units("($1.00)") == -100);
    BOOST_TEST(units("1.234,56 \xE2\x82\xAC") == 123456);
    BOOST_TEST(units("-1.234,56 \xE2\x82\xAC") == -123456);
    BOOST_TEST(units("\xE2\x88\x92"
                     "1,50 kr") == -150);
    BOOST_TEST(units("\xEF\xBF\xA5"
                     "1,234") == 1234);
    BOOST_TEST(units("-$92,233,720,368,547,758.08") == std::numeric_limits<std::int64_t>::min());
    BOOST_TEST(units("$92,233,720,368,547,758.07") == std::numeric_limits<std::int64_t>::max());
}

BOOST_AUTO_TEST_CASE(what_is_no_money_is_refused) {
    BOOST_CHECK_EXCEPTION(units(""), decode_error, says("not an amount"));
    BOOST_CHECK_EXCEPTION(units("-$"), decode_error, says("not an amount"));
    BOOST_CHECK_EXCEPTION(units("$92,233,720,368,547,758.08"), decode_error, says("out of range"));
    BOOST_CHECK_EXCEPTION(units("-$92,233,720,368,547,758.09"), decode_error, says("out of range"));
}

BOOST_AUTO_TEST_CASE(hostile_money_is_read_or_refused) {
    attack_both<money>("0000000000003039", "-$1,234.56", oids::money);
}

BOOST_AUTO_TEST_SUITE_END()
