// json and jsonb as Boost's and nlohmann's values and as aggregates: both formats, what cannot be held, hostile input.
#include <coropg/types/boost_json.hpp>
#include <coropg/types/json_struct.hpp>
#include <coropg/types/nlohmann_json.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <boost/json/src.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct line {
    std::string item;
    int count = 0;
    std::optional<double> price;
    bool operator==(const line&) const = default;
};

struct order {
    std::int64_t id = 0;
    bool paid = false;
    std::vector<line> lines;
    std::map<std::string, std::vector<bool>> flags;
    std::optional<line> gift;
    boost::json::value extra;
    bool operator==(const order&) const = default;
};

struct numbers {
    std::uint8_t small = 0;
    std::uint64_t large = 0;
    double real = 0;
    bool operator==(const numbers&) const = default;
};

}  // namespace

template <>
inline constexpr bool coropg::stored_as_json<line> = true;
template <>
inline constexpr bool coropg::stored_as_json<order> = true;
template <>
inline constexpr bool coropg::stored_as_json<numbers> = true;

namespace {

using namespace types_test;
using boost::json::value;
using coropg::codec;
using coropg::decode_error;
using coropg::usage_error;
using coropg::detail::json_depth;
using nlohmann::json;
using nlohmann::ordered_json;
using std::optional;
using std::vector;
namespace oids = coropg::oids;

constexpr oid jsonb_array = 3807;

// '{"a": [1, 2.50, "\ud83d\ude00 \u00fc", null, true]}'::jsonb
constexpr std::string_view document_hex =
    "017b2261223a205b312c20322e35302c2022f09f988020c3bc222c206e756c6c2c20747275655d7d";
constexpr std::string_view document_text = R"({"a": [1, 2.50, "\ud83d\ude00 \u00fc", null, true]})";

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

order the_order() {
    return {7,
            true,
            {{"a \"b\"", 2, 1.5}, {"", -1, std::nullopt}},
            {{"x", {true, false}}, {"", {}}},
            line{"\xf0\x9f\x98\x80", 0, 0.1},
            {1, nullptr}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_json)

BOOST_AUTO_TEST_CASE(boost_values_read_from_both_formats) {
    const value expected{{"a", {1, 2.5, "\xf0\x9f\x98\x80 \xc3\xbc", nullptr, true}}};
    BOOST_TEST((read_binary<value>(document_hex, oids::jsonb) == expected));
    BOOST_TEST((read_text<value>(document_text, oids::jsonb) == expected));
    BOOST_TEST((read_text<value>(document_text, oids::json) == expected));
    BOOST_TEST((read<value>(document_text, oids::json, format::binary) == expected));
    BOOST_TEST((read_text<value>(R"({"a":1,"a":2})", oids::json) == value{{"a", 2}}));
    BOOST_CHECK_EXCEPTION(read_text<value>("{}", oids::text), decode_error, says("no codec"));
}

BOOST_AUTO_TEST_CASE(nlohmann_values_read_from_both_formats) {
    const json expected{{"a", {1, 2.5, "\xf0\x9f\x98\x80 \xc3\xbc", nullptr, true}}};
    BOOST_TEST((read_binary<json>(document_hex, oids::jsonb) == expected));
    BOOST_TEST((read_text<json>(document_text, oids::jsonb) == expected));
    BOOST_TEST((read<json>(document_text, oids::json, format::binary) == expected));
    BOOST_TEST((read_text<json>(R"({"a":1,"a":2})", oids::json) == json{{"a", 2}}));
    BOOST_TEST((read_text<ordered_json>(R"({"b":1,"a":2})", oids::json).dump() == R"({"b":1,"a":2})"));
}

BOOST_AUTO_TEST_CASE(documents_go_out_as_jsonb) {
    BOOST_TEST(codec<value>::type.oid == oids::jsonb);
    BOOST_TEST(codec<vector<json>>::type.oid == jsonb_array);
    BOOST_TEST(write(value{{"a", {1, 0.1, "\"\n"}}}) == "\1{\"a\":[1,1E-1,\"\\\"\\n\"]}");
    BOOST_TEST(write(json{{"a", {1, 0.1, "\"\n"}}}) == "\1{\"a\":[1,0.1,\"\\\"\\n\"]}");
    BOOST_TEST(write(value(nullptr)) == "\1null");
    BOOST_TEST(write(json(nullptr)) == "\1null");
}

BOOST_AUTO_TEST_CASE(elements_of_arrays_are_documents_not_arrays_of_them) {
    constexpr std::string_view text = R"({"{\"a\": 1}",NULL,null,"[2]"})";
    const auto boosts = read_text<vector<optional<value>>>(text, jsonb_array);
    BOOST_TEST((*boosts[0] == value{{"a", 1}} && !boosts[1] && !boosts[2] && *boosts[3] == boost::json::array{2}));
    const auto others = read_text<vector<optional<json>>>(text, jsonb_array);
    BOOST_TEST((*others[0] == json{{"a", 1}} && !others[1] && !others[2] && others[3]->is_array()));
}

BOOST_AUTO_TEST_CASE(the_limits_of_numbers) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    BOOST_TEST(read_text<value>(std::to_string(least), oids::jsonb).as_int64() == least);
    BOOST_TEST(read_text<value>(std::to_string(most), oids::jsonb).as_uint64() == most);
    BOOST_TEST(read_text<value>("18446744073709551616", oids::jsonb).as_double() == 0x1p64);
    BOOST_CHECK_THROW(read_text<value>("1e400", oids::jsonb), decode_error);
    BOOST_CHECK_THROW(read_text<value>("[-1" + std::string(400, '0') + "]", oids::jsonb), decode_error);
    BOOST_TEST(read_text<json>(std::to_string(least), oids::jsonb).get<std::int64_t>() == least);
    BOOST_TEST(read_text<json>(std::to_string(most), oids::jsonb).get<std::uint64_t>() == most);
    BOOST_TEST(read_text<json>("18446744073709551616", oids::jsonb).get<double>() == 0x1p64);
    BOOST_CHECK_THROW(read_text<json>("1e400", oids::jsonb), decode_error);
}

BOOST_AUTO_TEST_CASE(what_jsonb_cannot_hold_is_refused) {
    const std::string nul{"a\0b", 3};
    BOOST_CHECK_EXCEPTION(write(value{{"k", {nul}}}), usage_error, says("NUL"));
    BOOST_CHECK_EXCEPTION(write(value{{nul, 1}}), usage_error, says("NUL"));
    BOOST_CHECK_EXCEPTION(write(value{std::nan("")}), usage_error, says("NaN"));
    BOOST_CHECK_EXCEPTION(write(json{{"k", {nul}}}), usage_error, says("NUL"));
    BOOST_CHECK_EXCEPTION(write(json{{nul, 1}}), usage_error, says("NUL"));
    BOOST_CHECK_EXCEPTION(write(json{{"k", INFINITY}}), usage_error, says("infinite"));
    BOOST_CHECK_EXCEPTION(write(json("\xff")), usage_error, says("UTF-8"));
    BOOST_CHECK_EXCEPTION(write(json::binary({1})), usage_error, says("not JSON"));
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
    BOOST_TEST(json_depth("") == 0U);
    BOOST_TEST(json_depth(R"({"a": [1, {"b": []}]})") == 4U);
    BOOST_TEST(json_depth(R"(["[[[\"[[["])") == 1U);
    BOOST_TEST(json_depth("]]][") == 1U);
    BOOST_TEST(read_text<value>(nested(500), oids::json).is_array());
    BOOST_TEST(read_text<json>(nested(500), oids::json).is_array());
    for (const std::size_t depth : {501U, 1000000U}) {
        BOOST_CHECK_EXCEPTION(read_text<value>(nested(depth), oids::json), decode_error, says("too deep"));
        BOOST_CHECK_EXCEPTION(read_text<json>(nested(depth), oids::json), decode_error, says("too deep"));
    }
}

BOOST_AUTO_TEST_CASE(an_aggregate_is_an_object) {
    const order all = the_order();
    constexpr std::string_view printed =
        "\1{\"id\":7,\"paid\":true,\"lines\":[{\"item\":\"a \\\"b\\\"\",\"count\":2,\"price\":1.5E0},"
        "{\"item\":\"\",\"count\":-1,\"price\":null}],\"flags\":{\"\":[],\"x\":[true,false]},"
        "\"gift\":{\"item\":\"\xf0\x9f\x98\x80\",\"count\":0,\"price\":1E-1},\"extra\":[1,null]}";
    BOOST_TEST(write(all) == printed);
    BOOST_TEST((read<order>(printed, oids::jsonb, format::binary) == all));
    BOOST_TEST((read<order>(printed.substr(1), oids::json, format::text) == all));
    BOOST_TEST(codec<vector<order>>::type.oid == jsonb_array);
}

BOOST_AUTO_TEST_CASE(absent_members_are_empty_optionals_and_others_are_ignored) {
    const line expected{"a", 1, std::nullopt};
    BOOST_TEST((read_text<line>(R"({"count": 1, "item": "a", "colour": "red"})", oids::jsonb) == expected));
    BOOST_TEST((read_text<line>(R"({"count": 1, "item": "a", "price": null})", oids::jsonb) == expected));
}

BOOST_AUTO_TEST_CASE(errors_name_the_member_by_its_path) {
    const auto fails = [](const char* text, const char* reason) {
        BOOST_CHECK_EXCEPTION(read_text<order>(text, oids::jsonb), decode_error, says(reason));
    };
    fails("[]", "$: no object");
    fails("{}", "$.id: missing");
    fails(R"({"id": "7"})", "$.id: no number");
    fails(R"({"id": null})", "$.id: no number");
    fails(R"({"id": 7, "paid": 1})", "$.paid: no boolean");
    fails(R"({"id": 7, "paid": true, "lines": {}})", "$.lines: no array");
    fails(R"({"id": 7, "paid": true, "lines": [{"item": "a", "count": 1}, {"item": 5}]})",
          "$.lines[1].item: no string");
    fails(R"({"id": 7, "paid": true, "lines": [], "flags": {"x": [true, 0]}})", "$.flags.x[1]: no boolean");
    fails(R"({"id": 7, "paid": true, "lines": [], "flags": {}, "gift": {}})", "$.gift.item: missing");
    fails("{", "not a JSON document");
}

BOOST_AUTO_TEST_CASE(numbers_of_members_are_exact) {
    const auto make = [](const char* small, const char* large, const char* real) {
        return std::string{R"({"small": )"} + small + R"(, "large": )" + large + R"(, "real": )" + real + "}";
    };
    const numbers limits{255, std::numeric_limits<std::uint64_t>::max(), -0.1};
    BOOST_TEST((read_text<numbers>(make("255", "18446744073709551615", "-0.1"), oids::jsonb) == limits));
    BOOST_TEST((read<numbers>(write(limits), oids::jsonb, format::binary) == limits));
    BOOST_TEST(read_text<numbers>(make("2.0", "0", "9007199254740992"), oids::jsonb).real == 0x1p53);
    BOOST_CHECK_EXCEPTION(read_text<numbers>(make("256", "0", "0"), oids::jsonb), decode_error,
                          says("$.small: no number of type unsigned char"));
    BOOST_CHECK_THROW(read_text<numbers>(make("2.5", "0", "0"), oids::jsonb), decode_error);
    BOOST_CHECK_THROW(read_text<numbers>(make("-1", "0", "0"), oids::jsonb), decode_error);
    BOOST_CHECK_THROW(read_text<numbers>(make("0", "18446744073709551616", "0"), oids::jsonb), decode_error);
    for (const char* const inexact : {"9007199254740993", "9223372036854775807", "18446744073709551615"}) {
        BOOST_CHECK_EXCEPTION(read_text<numbers>(make("0", "0", inexact), oids::jsonb), decode_error,
                              says("$.real: the conversion would lose precision"));
    }
}

BOOST_AUTO_TEST_CASE(hostile_documents_are_read_or_refused) {
    attack_both<value>(document_hex, document_text, oids::jsonb);
    attack_both<json>(document_hex, document_text, oids::jsonb);
    attack_both<order>(to_hex(write(the_order())), write(the_order()).substr(1), oids::jsonb);
    BOOST_CHECK_EXCEPTION(read_binary<value>("027b7d", oids::jsonb), decode_error, says("version"));
    BOOST_CHECK_EXCEPTION(read_binary<json>("", oids::jsonb), decode_error, says("version"));
}

BOOST_AUTO_TEST_SUITE_END()
