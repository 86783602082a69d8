// Compiled with -ffast-math, under which a compiler takes every number for finite.
#include <coropg/detail/values/params.hpp>
#include <coropg/types/boost_json.hpp>
#include <coropg/types/nlohmann_json.hpp>

#include <boost/json/src.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstring>

using namespace coropg;

namespace {

/// From its bits, which no compiler looks at.
double number_of(std::uint64_t bits) {
    volatile std::uint64_t hidden = bits;
    bits = hidden;
    double number;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

double infinity() { return number_of(0x7ff0'0000'0000'0000); }
double nan() { return number_of(0x7ff8'0000'0000'0000); }

}  // namespace

BOOST_AUTO_TEST_SUITE(fast_math_json)

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_refused) {
    detail::params params;
    for (const double number : {infinity(), nan(), -infinity()}) {
        BOOST_CHECK_THROW(params.add(nlohmann::json(number)), usage_error);
        BOOST_CHECK_THROW(params.add(boost::json::value(number)), usage_error);
    }
    BOOST_CHECK_NO_THROW(params.add(nlohmann::json(1.5)));
    BOOST_CHECK_NO_THROW(params.add(boost::json::value(1.5)));
    BOOST_CHECK_THROW(detail::decode<boost::json::value>({"1e400", oids::json, format::text, {}}), decode_error);
}

BOOST_AUTO_TEST_SUITE_END()
