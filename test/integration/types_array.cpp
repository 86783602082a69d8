// Arrays of several dimensions and with bounds, C++ -> server -> C++ in both formats.
#include "../support/round_trip.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

using namespace coropg::test;
using coropg::decode_error;
using coropg::usage_error;
using std::optional;
using std::vector;

BOOST_AUTO_TEST_SUITE(types_array)

BOOST_AUTO_TEST_CASE_TEMPLATE(nested_arrays_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round_alone(face, conn, "int4[]", vector<vector<int>>{{1, 2, 3}, {4, 5, 6}});
    goes_round_alone(face, conn, "int4[]", vector<vector<int>>{});
    goes_round_alone(face, conn, "int4[]", vector<vector<int>>(1000, vector<int>(7, -1)));
    goes_round_alone(face, conn, "text[]",
                     vector<vector<optional<std::string>>>{{"a,\"b\\ {}", std::nullopt}, {"", "NULL"}});
    goes_round_alone(face, conn, "bool[]", vector<vector<bool>>{{true, false}, {false, true}});
    goes_round_alone(face, conn, "float8[]", std::array<std::array<double, 2>, 2>{{{1, 2}, {3, 4}}});
    goes_round_alone(face, conn, "int8[]", vector<std::array<std::int64_t, 2>>{{1, 2}, {3, 4}, {5, 6}});
    goes_round_alone(face, conn, "int2[]",
                     vector<vector<vector<vector<vector<vector<std::int16_t>>>>>>{{{{{{1}, {2}}}}}, {{{{{3}, {4}}}}}});
    BOOST_TEST(
        (reads<vector<vector<int>>>(face, conn, "'[7:8][0:0]={{1},{2}}'::int[]") == vector<vector<int>>{{1}, {2}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bounds_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round_alone(face, conn, "int4[]", coropg::array<int>{});
    goes_round_alone(face, conn, "int4[]", coropg::array<int>{{1, 2, 3}});
    goes_round_alone(face, conn, "int4[]", coropg::array<int>{{1, 2, 3}, -1});
    goes_round_alone(face, conn, "int4[]", coropg::array<int>{{1}, 2147483646});
    goes_round_alone(face, conn, "int4[]", coropg::array<int>{{1}, -2147483648});
    const coropg::array<optional<std::string>> a{{"a", std::nullopt, "c", "d", "e", "f"}, {{1, 1}, {3, -1}, {2, 1}}};
    goes_round_alone(face, conn, "text[]", a);
    BOOST_TEST(*a.at({1, 1, 2}) == "f");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT ($1::text[])[1][1][2]", a)) == "f");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_does_not_fit_is_refused, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const auto e = ERROR_OF(decode_error, conn.template fetch_one<vector<int>>("SELECT ARRAY[[1], [2]] AS grid"));
    BOOST_TEST(contains(e.what(), "\"grid\""));
    BOOST_TEST(contains(e.what(), "2 dimensions instead of 1"));
    ERROR_OF(decode_error, conn.template fetch_one<vector<vector<int>>>("SELECT ARRAY[1, 2]"));
    ERROR_OF(usage_error, conn.execute("SELECT $1::int[]", vector<vector<int>>{{1}, {2, 3}}));
}

BOOST_AUTO_TEST_SUITE_END()
