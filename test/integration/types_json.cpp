// JSON documents, C++ -> server -> C++ in both formats.
#include <coropg/types/boost_json.hpp>
#include <coropg/types/json_struct.hpp>
#include <coropg/types/nlohmann_json.hpp>

#include "../support/round_trip.hpp"

#include <boost/json/src.hpp>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

struct address {
    std::string street;
    std::optional<int> number;
    bool operator==(const address&) const = default;
};

struct person {
    std::string name;
    std::vector<address> homes;
    double height = 0;
    bool operator==(const person&) const = default;
};

}  // namespace

template <>
inline constexpr bool coropg::stored_as_json<address> = true;
template <>
inline constexpr bool coropg::stored_as_json<person> = true;

using namespace coropg::test;
using boost::json::value;
using coropg::decode_error;
using nlohmann::json;

BOOST_AUTO_TEST_SUITE(types_json)

BOOST_AUTO_TEST_CASE_TEMPLATE(boost_values_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const value all{{"null", nullptr},
                    {"least", std::numeric_limits<std::int64_t>::min()},
                    {"most", std::numeric_limits<std::uint64_t>::max()},
                    {"real", {0.5, -1e300, 5e-324}},
                    {"text", "\"\\\b\x1f \xc3\xbc \xf0\x9f\x98\x80"},
                    {"", boost::json::array{}}};
    for (const char* const type : {"jsonb", "json"}) {
        goes_round(face, conn, type, all);
        goes_round(face, conn, type, value(nullptr));
        goes_round(face, conn, type, value("plain"));
        goes_round(face, conn, type, value(false));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nlohmann_values_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const json all = {{"null", nullptr},
                      {"least", std::numeric_limits<std::int64_t>::min()},
                      {"most", std::numeric_limits<std::uint64_t>::max()},
                      {"real", {0.1, -1e300, 5e-324}},
                      {"text", "\"\\\b\x1f \xc3\xbc \xf0\x9f\x98\x80"},
                      {"", json::array()}};
    for (const char* const type : {"jsonb", "json"}) {
        goes_round(face, conn, type, all);
        goes_round(face, conn, type, json("plain"));
        goes_round(face, conn, type, json(false));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(surrogates_and_duplicate_keys_are_the_servers, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST((reads<value>(face, conn, R"('"\ud83d\ude00"'::json)") == value("\xf0\x9f\x98\x80")));
    BOOST_TEST((reads<value>(face, conn, R"('{"a":1,"a":2}'::json)") == value{{"a", 2}}));
    BOOST_TEST((reads<value>(face, conn, R"('{"a":1,"a":2}'::jsonb)") == value{{"a", 2}}));
    BOOST_TEST((reads<json>(face, conn, R"('"\ud83d\ude00"'::json)") == json("\xf0\x9f\x98\x80")));
    ERROR_OF(decode_error, conn.template fetch_one<value>("SELECT repeat('[', 501)::text || repeat(']', 501)"));
    ERROR_OF(decode_error, conn.template fetch_one<value>("SELECT (repeat('[', 501) || repeat(']', 501))::jsonb"));
    ERROR_OF(decode_error, conn.template fetch_one<json>("SELECT (repeat('[', 501) || repeat(']', 501))::jsonb"));
    ERROR_OF(decode_error, conn.template fetch_one<value>("SELECT '1e400'::jsonb"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(aggregates_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const person someone{"J\xc3\xbcrgen \"J\"", {{"Main", 5}, {"Side", std::nullopt}}, 1.75};
    goes_round(face, conn, "jsonb", someone);
    goes_round(face, conn, "json", someone);
    goes_round(face, conn, "jsonb", person{});
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1 #>> '{homes,1,street}'", someone)) == "Side");
    const auto e =
        ERROR_OF(decode_error,
                 conn.template fetch_one<person>(R"(SELECT '{"name": "x", "homes": [{"street": 1}]}'::jsonb AS who)"));
    BOOST_TEST(contains(e.what(), "$.homes[0].street"));
    BOOST_TEST(contains(e.what(), "\"who\""));
}

BOOST_AUTO_TEST_SUITE_END()
