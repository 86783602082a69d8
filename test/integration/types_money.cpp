// money, C++ -> server -> C++ in both formats.
#include <coropg/types/money.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_money)

BOOST_AUTO_TEST_CASE_TEMPLATE(money_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    using limits = std::numeric_limits<std::int64_t>;
    for (const std::int64_t units :
         {limits::min(), std::int64_t{-5}, std::int64_t{0}, std::int64_t{123456}, limits::max()})
        goes_round(face, conn, "money", money{units});
    BOOST_TEST(reads<money>(face, conn, "'12.34'::money").units == 1234);
}

BOOST_AUTO_TEST_SUITE_END()
