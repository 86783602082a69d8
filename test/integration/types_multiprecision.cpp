// numeric as Boost.Multiprecision's numbers, C++ -> server -> C++ in both formats.
#include <coropg/types/multiprecision.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace boost::multiprecision;

BOOST_AUTO_TEST_SUITE(types_multiprecision)

BOOST_AUTO_TEST_CASE_TEMPLATE(decimal_floats_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* text :
         {"0", "-0.000123", "1e-16383", "1e131071", "0.12345678901234567890123456789012345678901234567891"})
        goes_round(face, conn, "numeric", cpp_dec_float_50{text});
    for (const int sign : {1, -1})
        goes_round(face, conn, "numeric", cpp_dec_float_50{sign * std::numeric_limits<cpp_dec_float_50>::infinity()});
    BOOST_TEST(isnan(reads<cpp_dec_float_100>(face, conn, "'NaN'::numeric")));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(integers_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round(face, conn, "numeric", cpp_int{0});
    goes_round(face, conn, "numeric", cpp_int{-pow(cpp_int{7}, 5000)});
    goes_round(face, conn, "numeric", std::numeric_limits<uint128_t>::max());
    goes_round(face, conn, "numeric", std::numeric_limits<int256_t>::min());
    ERROR_OF(decode_error, conn.template fetch_one<cpp_int>("SELECT 1.5"));
}

BOOST_AUTO_TEST_SUITE_END()
