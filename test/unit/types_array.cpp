// Arrays in and out: both formats, NULL elements, bounds, dimensions, and counts that lie.
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// A type whose parameters are text that is not its binary form, and one that only a server knows the number of.
struct price {
    std::string digits;
    bool operator==(const price&) const = default;
};

enum class mood { happy, sad };

template <>
struct coropg::codec<price> {
    static constexpr pg_type type{"numeric", 1700, 1231};
    static constexpr format wire = format::text;
    static bool reads(oid from) { return from == 1700; }
    static price decode(const field& f) { return {codec<std::string>::decode(f)}; }
    static void encode(const price& value, encoder& out) { out.text(value.digits); }
};

template <>
struct coropg::codec<mood> {
    static constexpr pg_type type{"mood"};
    static constexpr format wire = format::text;
    static bool reads(oid from) { return from >= 16384; }
    static mood decode(const field& f) { return f.bytes() == "sad" ? mood::sad : mood::happy; }
    static void encode(mood value, encoder& out) { out.text(value == mood::sad ? "sad" : "happy"); }
};

namespace {

using namespace types_test;
using coropg::codec;
using coropg::decode_error;
using coropg::null_error;
using coropg::detail::decodable;
using coropg::detail::encodable;
using std::optional;
using std::vector;
using bytes = vector<std::byte>;
using grid = vector<vector<int>>;
namespace oids = coropg::oids;

constexpr oid bool_array = 1000, bytea_array = 1001, int2_array = 1005, int4_array = 1007, text_array = 1009,
              varchar_array = 1015, float8_array = 1022, timestamp_array = 1115, date_array = 1182,
              interval_array = 1187, numeric_array = 1231, uuid_array = 2951, jsonb_array = 3807;

constexpr std::string_view three_ints =
    "0000000100000000000000170000000300000001000000040000000100000004fffffffe0000000400000003";
constexpr std::string_view with_null =
    "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003";
constexpr std::string_view two_by_three =
    "000000020000000000000017000000020000000100000003000000010000000400000001000000040000000200000004000000030000000400"
    "0000040000000400000005000000"
    "0400000006";
constexpr std::string_view empty = "000000000000000000000017";
constexpr std::string_view texts =
    "0000000100000001000000190000000e00000001000000016100000000000000044e554c4cffffffff000000046e756c6c00000003612c6200"
    "0000037b787d0000000371227100000003625c7300000004207370200000000474616209000000036e6c0a00000002c3a900000003612062";
constexpr std::string_view texts_as_text =
    "{a,\"\",\"NULL\",NULL,\"null\",\"a,b\",\"{x}\","
    "\"q\\\"q\",\"b\\\\s\",\" sp \",\"tab\t\",\"nl\n\",\xc3\xa9,\"a b\"}";

vector<optional<std::string>> the_texts() {
    return {"a",    "",     "NULL", std::nullopt, "null", "a,b",      "{x}",
            "q\"q", "b\\s", " sp ", "tab\t",      "nl\n", "\xc3\xa9", "a b"};
}

/// The header of an int4[] that announces `size` elements.
std::string header(std::uint32_t dimensions, std::uint32_t flags, oid element, std::uint32_t size) {
    vector<char> raw;
    coropg::encoder out{raw};
    for (const std::uint32_t number : {dimensions, flags, element, size, 1U}) out.number(number);
    return {raw.begin(), raw.end()};
}

template <class T>
T read_raw(const std::string& raw, oid type) {
    return read<T>(raw, type, format::binary);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_array)

BOOST_AUTO_TEST_CASE(an_array_names_the_array_type_of_its_elements) {
    BOOST_TEST(codec<vector<int>>::type.name == "int4[]");
    BOOST_TEST(codec<vector<int>>::type.oid == 1007U);
    BOOST_TEST(codec<vector<std::string>>::type.name == "text[]");
    BOOST_TEST(codec<vector<std::string>>::type.oid == 1009U);
    BOOST_TEST((codec<std::array<optional<bool>, 2>>::type.oid == 1000U));
    BOOST_TEST((coropg::detail::wire_format<vector<std::string>>() == format::binary));
}

BOOST_AUTO_TEST_CASE(numbers_read_from_both_formats) {
    const vector<int> expected{1, -2, 3};
    BOOST_TEST(read_binary<vector<int>>(three_ints, int4_array) == expected);
    BOOST_TEST(read_text<vector<int>>("{1,-2,3}", int4_array) == expected);
    BOOST_TEST((read_binary<vector<std::int64_t>>(three_ints, int4_array) == vector<std::int64_t>{1, -2, 3}));
    BOOST_TEST((read_binary<vector<int>>("0000000100000000000000150000000200000001000000020001000000020002",
                                         int2_array) == vector<int>{1, 2}));
    BOOST_TEST((read_text<vector<double>>("{1.5,-2.25}", float8_array) == vector<double>{1.5, -2.25}));
}

BOOST_AUTO_TEST_CASE(an_array_goes_out_as_the_server_sends_it) {
    const vector<int> value{1, -2, 3};
    BOOST_TEST(write_hex(value) == three_ints);
    BOOST_TEST(write_hex(std::array{1, -2, 3}) == three_ints);
    BOOST_TEST(write_hex(std::span<const int>{value}) == three_ints);
    BOOST_TEST((write_hex(vector<optional<int>>{1, std::nullopt, 3}) == with_null));
    BOOST_TEST(write_hex(vector<int>{}) == empty);
    BOOST_TEST(write_hex(the_texts()) == texts);
    BOOST_TEST((write_hex(vector<optional<bool>>{true, false, std::nullopt}) ==
                "000000010000000100000010000000030000000100000001010000000100ffffffff"));
}

BOOST_AUTO_TEST_CASE(no_nulls_among_optionals_is_said_in_the_header) {
    BOOST_TEST((write_hex(vector<optional<int>>{1, -2, 3}) == three_ints));
}

BOOST_AUTO_TEST_CASE(a_null_element_needs_an_optional) {
    const vector<optional<int>> expected{1, std::nullopt, 3};
    BOOST_TEST((read_binary<vector<optional<int>>>(with_null, int4_array) == expected));
    BOOST_TEST((read_text<vector<optional<int>>>("{1,NULL,3}", int4_array) == expected));
    BOOST_CHECK_EXCEPTION(read_binary<vector<int>>(with_null, int4_array), null_error, says("std::optional<int>"));
    BOOST_CHECK_EXCEPTION(read_text<vector<int>>("{1,NULL,3}", int4_array), null_error, says("std::optional<int>"));
}

BOOST_AUTO_TEST_CASE(texts_read_from_both_formats_whatever_they_hold) {
    BOOST_TEST((read_binary<vector<optional<std::string>>>(texts, text_array) == the_texts()));
    BOOST_TEST((read_text<vector<optional<std::string>>>(texts_as_text, text_array) == the_texts()));
    BOOST_TEST((read_text<vector<std::string>>("{ab}", varchar_array) == vector<std::string>{"ab"}));
}

BOOST_AUTO_TEST_CASE(views_of_elements_look_into_the_bytes_of_the_field) {
    const std::string raw = from_hex(texts);
    const auto in_binary =
        coropg::detail::decode<vector<optional<std::string_view>>>(make_field(raw, text_array, format::binary));
    BOOST_TEST(in_binary.size() == 14U);
    BOOST_TEST(static_cast<const void*>(in_binary[0]->data()) == static_cast<const void*>(raw.data() + 24));

    const std::string text = "{a,\"b c\"}";
    const auto in_text =
        coropg::detail::decode<std::array<std::string_view, 2>>(make_field(text, text_array, format::text));
    BOOST_TEST(static_cast<const void*>(in_text[1].data()) == static_cast<const void*>(text.data() + 4));
    BOOST_TEST(in_text[1] == "b c");
    const std::string escaped = "{\"q\\\"q\"}";
    BOOST_CHECK_EXCEPTION(
        coropg::detail::decode<vector<std::string_view>>(make_field(escaped, text_array, format::text)), decode_error,
        says("std::string"));
}

BOOST_AUTO_TEST_CASE(an_empty_array_has_no_dimensions) {
    BOOST_TEST(read_binary<vector<int>>(empty, int4_array).empty());
    BOOST_TEST(read_text<vector<int>>("{}", int4_array).empty());
    BOOST_TEST(read_text<vector<int>>(" { } ", int4_array).empty());
    BOOST_TEST((read_binary<std::array<int, 0>>(empty, int4_array).empty()));
}

BOOST_AUTO_TEST_CASE(lower_bounds_are_dropped) {
    const vector<int> expected{7, 8};
    BOOST_TEST(read_binary<vector<int>>("000000010000000000000017000000020000000500000004000000070000000400000008",
                                        int4_array) == expected);
    BOOST_TEST(read_binary<vector<int>>("00000001000000000000001700000002ffffffff00000004000000070000000400000008",
                                        int4_array) == expected);
    BOOST_TEST(read_text<vector<int>>("[5:6]={7,8}", int4_array) == expected);
    BOOST_TEST(read_text<vector<int>>("[-1:0]={7,8}", int4_array) == expected);
    BOOST_TEST(read_text<vector<int>>(" [5:6] = { 7 , 8 } ", int4_array) == expected);
}

BOOST_AUTO_TEST_CASE(nested_vectors_are_arrays_of_several_dimensions) {
    const grid expected{{1, 2, 3}, {4, 5, 6}};
    BOOST_TEST((codec<grid>::type.name == "int4[]" && codec<grid>::type.oid == int4_array));
    BOOST_TEST((read_binary<grid>(two_by_three, int4_array) == expected));
    BOOST_TEST((read_text<grid>("{{1,2,3},{4,5,6}}", int4_array) == expected));
    BOOST_TEST((read_text<grid>(" [0:1][5:7] = { {1 , 2,3} , {4,5,6} } ", int4_array) == expected));
    BOOST_TEST(write_hex(expected) == two_by_three);
    const std::array<std::array<int, 3>, 2> fixed{{{1, 2, 3}, {4, 5, 6}}};
    BOOST_TEST((read_binary<std::array<std::array<int, 3>, 2>>(two_by_three, int4_array) == fixed));
    BOOST_TEST(write_hex(fixed) == two_by_three);
    BOOST_TEST(write_hex(std::span<const vector<int>>{expected}) == two_by_three);
    BOOST_TEST((read_text<vector<std::array<optional<int>, 2>>>("{{1,NULL}}", int4_array) ==
                vector<std::array<optional<int>, 2>>{{1, std::nullopt}}));
    BOOST_TEST((read_text<vector<vector<bool>>>("{{t,f}}", bool_array) == vector<vector<bool>>{{true, false}}));
    BOOST_TEST(
        (read_text<vector<vector<bytes>>>(R"({{"\\x01"}})", bytea_array) == vector<vector<bytes>>{{{std::byte{1}}}}));
}

BOOST_AUTO_TEST_CASE(arrays_have_up_to_six_dimensions) {
    using six = vector<vector<vector<vector<vector<vector<int>>>>>>;
    const six value{{{{{{1}, {2}}}}}};
    BOOST_TEST((read_text<six>("{{{{{{1},{2}}}}}}", int4_array) == value));
    BOOST_TEST((read_raw<six>(write(value), int4_array) == value));
    static_assert(!decodable<vector<six>> && !encodable<vector<six>>);
    BOOST_CHECK_EXCEPTION(read_text<six>("{{{{{{{1}}}}}}}", int4_array), decode_error, says("more than 6 dimensions"));
}

BOOST_AUTO_TEST_CASE(another_number_of_dimensions_is_refused) {
    BOOST_CHECK_EXCEPTION(read_binary<vector<int>>(two_by_three, int4_array), decode_error,
                          says("2 dimensions instead of 1"));
    BOOST_CHECK_EXCEPTION(read_binary<grid>(three_ints, int4_array), decode_error, says("1 dimensions instead of 2"));
    for (const char* const text : {"{{1,2},{3,4}}", "[1:2][1:2]={{1,2},{3,4}}", "{ {1}}"}) {
        BOOST_CHECK_EXCEPTION(read_text<vector<int>>(text, int4_array), decode_error,
                              says("2 dimensions instead of 1"));
    }
    using fixed = std::array<std::array<int, 2>, 2>;
    BOOST_CHECK_EXCEPTION(read_text<fixed>("{{1,2,3},{4,5,6}}", int4_array), decode_error,
                          says("3 elements instead of 2"));
    BOOST_CHECK_EXCEPTION(read_text<fixed>("{}", int4_array), decode_error, says("0 elements instead of 2"));
}

BOOST_AUTO_TEST_CASE(an_empty_array_reads_as_an_empty_vector_of_any_nesting) {
    BOOST_TEST(read_binary<grid>(empty, int4_array).empty());
    BOOST_TEST(read_text<grid>("{}", int4_array).empty());
    BOOST_TEST(write_hex(grid{}) == empty);
    BOOST_TEST((read_binary<coropg::array<int>>(empty, int4_array) == coropg::array<int>{}));
    BOOST_TEST(write_hex(coropg::array<int>{}) == empty);
    BOOST_TEST((write_hex(coropg::array<int>{vector<int>{}}) == empty));
}

BOOST_AUTO_TEST_CASE(a_ragged_parameter_is_refused) {
    BOOST_CHECK_EXCEPTION(write(grid{{1, 2}, {3}}), coropg::usage_error, says("ragged"));
    BOOST_CHECK_EXCEPTION(write(grid{{}, {3}}), coropg::usage_error, says("ragged"));
    BOOST_CHECK_EXCEPTION(write(vector<grid>{{{1}, {2}}, {{3}}}), coropg::usage_error, says("ragged"));
    BOOST_CHECK_EXCEPTION(write(grid{{}, {}}), coropg::usage_error, says("empty dimension"));
}

BOOST_AUTO_TEST_CASE(an_array_with_dimensions_keeps_its_bounds) {
    // '[2:3][-1:0]={{1,NULL},{3,4}}'
    constexpr std::string_view hex =
        "000000020000000100000017000000020000000200000002ffffffff0000000400000001ffffffff000000040000000300000004000000"
        "04";
    const coropg::array<optional<int>> expected{{1, std::nullopt, 3, 4}, {{2, 2}, {2, -1}}};
    BOOST_TEST((read_binary<coropg::array<optional<int>>>(hex, int4_array) == expected));
    BOOST_TEST((read_text<coropg::array<optional<int>>>("[2:3][-1:0]={{1,NULL},{3,4}}", int4_array) == expected));
    BOOST_TEST(write_hex(expected) == hex);
    BOOST_TEST((read_text<coropg::array<int>>("{1,-2,3}", int4_array) == coropg::array<int>{{1, -2, 3}}));
    BOOST_TEST(write_hex(coropg::array<int>{{1, -2, 3}}) == three_ints);
    BOOST_CHECK_THROW(read_binary<coropg::array<int>>(hex, int4_array), null_error);
}

BOOST_AUTO_TEST_CASE(elements_are_found_by_their_indices) {
    coropg::array<int> a{{1, 2, 3, 4, 5, 6}, {{2, 2}, {3, -1}}};
    BOOST_TEST(a.at({2, -1}) == 1);
    BOOST_TEST(a.at({2, 1}) == 3);
    BOOST_TEST(a.at({3, -1}) == 4);
    a.at({3, 1}) = 60;
    BOOST_TEST(a.elements.back() == 60);
    BOOST_TEST((coropg::array<bool>{{true, false}, 5}.at({6}) == false));
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.at({1, -1})), coropg::usage_error, says("no index 1 in dimension 1"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.at({2, 2})), coropg::usage_error, says("no index 2 in dimension 2"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.at({2})), coropg::usage_error,
                          says("1 indices for an array of 2 dimensions"));
    BOOST_CHECK_THROW(static_cast<void>(coropg::array<int>{}.at({1})), coropg::usage_error);
    BOOST_CHECK_THROW(static_cast<void>(coropg::array<int>{}.at({})), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(dimensions_that_postgresql_does_not_have_are_refused) {
    const auto refuses = [](vector<coropg::array_dimension> dimensions, const char* reason) {
        BOOST_CHECK_EXCEPTION((coropg::array<int>{{1, 2}, dimensions}), coropg::usage_error, says(reason));
        coropg::array<int> later{{1, 2}};
        later.dimensions = dimensions;
        BOOST_CHECK_EXCEPTION(write(later), coropg::usage_error, says(reason));
    };
    refuses({}, "another number of elements");
    refuses({{3, 1}}, "another number of elements");
    refuses({{65536, 1}, {65536, 1}, {65536, 1}, {65536, 1}}, "another number of elements");
    refuses({{2, 1}, {0, 1}}, "empty dimension");
    refuses({{-2, 1}, {-1, 1}}, "empty dimension");
    refuses({{2, 2147483646}}, "exceed 32 bits");
    refuses({{2, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, "at most 6");
}

BOOST_AUTO_TEST_CASE(every_codec_serves_as_an_element) {
    using namespace std::chrono;
    BOOST_TEST((read_binary<vector<bytes>>("00000001000000000000001100000002000000010000000201ff00000000",
                                           bytea_array) == vector<bytes>{{std::byte{1}, std::byte{0xff}}, {}}));
    BOOST_TEST((read_text<vector<bytes>>("{\"\\\\x01ff\",\"\\\\x\"}", bytea_array) ==
                vector<bytes>{{std::byte{1}, std::byte{0xff}}, {}}));
    const vector<sys_days> dates{sys_days{year{2026} / 1 / 1}, sys_days::max()};
    BOOST_TEST((read_binary<vector<sys_days>>(
                    "00000001000000000000043a00000002000000010000000400002519000000047fffffff", date_array) == dates));
    BOOST_TEST((read_text<vector<sys_days>>("{2026-01-01,infinity}", date_array) == dates));
    BOOST_TEST(write_hex(dates) == "00000001000000000000043a00000002000000010000000400002519000000047fffffff");
    BOOST_TEST((read_text<vector<local_time<seconds>>>(R"({"2026-01-02 03:04:05","0044-03-15 12:00:00 BC"})",
                                                       timestamp_array)[0] ==
                local_days{year{2026} / 1 / 2} + 3h + 4min + 5s));
    const vector<coropg::interval> intervals{{0, 1, 2h + 3min + 4s}, {-1, 0, 0us}};
    BOOST_TEST((read_text<vector<coropg::interval>>(R"({"1 day 02:03:04","-1 mons"})", interval_array) == intervals));
    BOOST_TEST(
        write_hex(intervals) ==
        "0000000100000000000004a200000002000000010000001000000001b81ee6000000000100000000000000100000000000000000000"
        "00000ffffffff");
    BOOST_TEST((read_binary<vector<std::string>>(
                    "0000000100000000000006a400000002000000010000000c0002000000000002000113880000000800000000c0000000",
                    numeric_array) == vector<std::string>{"1.50", "NaN"}));
    BOOST_TEST((read_binary<vector<std::string>>(
                    "000000010000000000000eda00000002000000010000000e017b2261223a205b312c20325d7d00000005016e756c6c",
                    jsonb_array) == vector<std::string>{R"({"a": [1, 2]})", "null"}));
    BOOST_TEST((read_text<vector<std::string>>(R"({"{\"a\": [1, 2]}","null"})", jsonb_array) ==
                vector<std::string>{R"({"a": [1, 2]})", "null"}));
    BOOST_TEST(read_text<vector<boost::uuids::uuid>>("{00112233-4455-6677-8899-aabbccddeeff}", uuid_array).size() ==
               1U);
}

BOOST_AUTO_TEST_CASE(a_vector_of_bool_works) {
    const vector<bool> expected{true, false};
    constexpr std::string_view hex = "000000010000000000000010000000020000000100000001010000000100";
    BOOST_TEST((read_binary<vector<bool>>(hex, bool_array) == expected));
    BOOST_TEST((read_text<vector<bool>>("{t,f}", bool_array) == expected));
    BOOST_TEST(write_hex(expected) == hex);
}

BOOST_AUTO_TEST_CASE(pointers_and_views_are_sent_as_text_array) {
    const vector<const char*> pointers{"a", "b"};
    const vector<std::string_view> views{"a", "b"};
    const vector<std::string> strings{"a", "b"};
    BOOST_TEST(write_hex(pointers) == "000000010000000000000019000000020000000100000001610000000162");
    BOOST_TEST(write_hex(views) == write_hex(pointers));
    BOOST_TEST(write_hex(strings) == write_hex(pointers));
    BOOST_CHECK_THROW(write(vector<std::string>{std::string{"a\0b", 3}}), coropg::usage_error);
}

BOOST_AUTO_TEST_CASE(a_std_array_holds_exactly_its_size) {
    BOOST_TEST((read_binary<std::array<int, 3>>(three_ints, int4_array) == std::array{1, -2, 3}));
    BOOST_CHECK_EXCEPTION((read_binary<std::array<int, 2>>(three_ints, int4_array)), decode_error,
                          says("3 elements instead of 2"));
    BOOST_CHECK_EXCEPTION((read_text<std::array<int, 4>>("{1,-2,3}", int4_array)), decode_error,
                          says("3 elements instead of 4"));
    BOOST_TEST((read_text<std::array<optional<int>, 2>>("{1,NULL}", int4_array)[1] == std::nullopt));
}

BOOST_AUTO_TEST_CASE(an_array_of_a_type_that_the_element_does_not_read_is_refused) {
    BOOST_CHECK_EXCEPTION(read_binary<vector<int>>(texts, text_array), decode_error, says("no codec"));
    BOOST_CHECK_EXCEPTION(read_text<vector<int>>("1", oids::int4), decode_error, says("no codec"));
    BOOST_CHECK_EXCEPTION(read_text<vector<int>>("1 2", oid{22}), decode_error, says("no codec"));
    // The header decides, whatever the column is said to be.
    BOOST_CHECK_EXCEPTION(read_binary<vector<int>>(texts, int4_array), decode_error, says("no codec"));
    BOOST_CHECK_EXCEPTION(read_binary<vector<double>>(three_ints, float8_array), decode_error, says("no codec"));
}

BOOST_AUTO_TEST_CASE(a_problem_in_an_element_is_told_of_the_element) {
    BOOST_CHECK_EXCEPTION(read_text<vector<std::int16_t>>("{1,70000}", int4_array), decode_error,
                          says("int4 cannot be read as short: value out of range; ask for std::int32_t"));
}

BOOST_AUTO_TEST_CASE(an_element_whose_text_is_not_its_binary_form_makes_an_array_in_text) {
    static_assert(coropg::detail::wire_format<vector<price>>() == format::text);
    BOOST_TEST(codec<vector<price>>::type.oid == numeric_array);
    BOOST_TEST(write(vector<price>{{"1.50"}, {"NaN"}}) == R"({"1.50","NaN"})");
    BOOST_TEST(write(vector<price>{}) == "{}");
    BOOST_TEST((write(vector<optional<price>>{price{"q\"\\"}, std::nullopt}) == R"({"q\"\\",NULL})"));
    BOOST_TEST(write(vector<vector<price>>{{{"1"}, {"2"}}, {{"3"}, {"4"}}}) == R"({{"1","2"},{"3","4"}})");
    BOOST_TEST(write(coropg::array<price>{{{"1"}, {"2"}}, {{1, 1}, {2, 0}}}) == R"([1:1][0:1]={{"1","2"}})");
    BOOST_TEST((read_text<vector<price>>("{1.50}", numeric_array) == vector<price>{{"1.50"}}));
}

BOOST_AUTO_TEST_CASE(arrays_of_types_that_are_not_built_in_are_known_by_their_header) {
    constexpr oid some_array = 16405;
    BOOST_TEST(codec<vector<mood>>::type.name == "mood[]");
    BOOST_TEST(codec<vector<mood>>::type.oid == 0U);
    BOOST_TEST((write(vector<mood>{mood::sad, mood::happy}) == R"({"sad","happy"})"));
    BOOST_TEST((read_text<vector<mood>>("{sad,happy}", some_array) == vector<mood>{mood::sad, mood::happy}));
    const std::string raw = header(1, 0, 16400, 1) + from_hex("00000003736164");
    BOOST_TEST((read_raw<vector<mood>>(raw, some_array) == vector<mood>{mood::sad}));
    BOOST_CHECK_THROW(read_raw<vector<mood>>(header(0, 0, oids::int4, 0).substr(0, 12), some_array), decode_error);
    BOOST_CHECK_THROW(read_raw<vector<int>>(raw, some_array), decode_error);
}

BOOST_AUTO_TEST_CASE(what_can_be_an_element_is_limited) {
    static_assert(!decodable<vector<char>> && !encodable<vector<char>>);
    static_assert(!decodable<vector<unsigned char>> && !encodable<vector<unsigned char>>);
    static_assert(!decodable<vector<optional<vector<int>>>> && !encodable<vector<optional<std::array<int, 2>>>>);
    static_assert(!decodable<vector<coropg::array<int>>> && !encodable<coropg::array<vector<int>>>);
    static_assert(coropg::detail::is_view<vector<vector<std::string_view>>> &&
                  !coropg::detail::is_view<vector<std::string>>);
    static_assert(!decodable<vector<price*>> && !encodable<vector<price*>>);
    static_assert(!decodable<std::span<const int>> && encodable<std::span<const int>>);
    static_assert(decodable<vector<signed char>> && encodable<vector<std::int8_t>>);
    static_assert(encodable<vector<const char*>> && !decodable<vector<const char*>>);
    static_assert(decodable<vector<optional<bytes>>> && encodable<vector<optional<bytes>>>);
}

BOOST_AUTO_TEST_CASE(a_count_that_lies_reserves_nothing) {
    for (const std::uint32_t count : {1U, 1000U, 0x1fffffffU, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        const std::string raw = header(1, 0, oids::int4, count);
        coropg::detail::array_reader in{make_field(raw, int4_array, format::binary)};
        BOOST_TEST(in.announced() == 0U);
        BOOST_CHECK_THROW(read_raw<vector<int>>(raw, int4_array), decode_error);
        BOOST_CHECK_THROW(read_raw<vector<optional<std::string>>>(raw + "1234", text_array), decode_error);
    }
    const std::string most = header(1, 0, oids::int4, 2) + std::string(8, '\xff');
    coropg::detail::array_reader in{make_field(most, int4_array, format::binary)};
    BOOST_TEST(in.announced() == 2U);
}

BOOST_AUTO_TEST_CASE(a_malformed_array_in_binary_is_refused) {
    const auto refuses = [](const std::string& raw, const char* reason) {
        BOOST_CHECK_EXCEPTION(read_raw<vector<int>>(raw, int4_array), decode_error, says(reason));
    };
    refuses("", "cut short");
    refuses(header(1, 0, oids::int4, 0).substr(0, 11), "cut short");
    refuses(header(1, 0, oids::int4, 0).substr(0, 19), "cut short");
    refuses(header(7, 0, oids::int4, 0), "malformed");
    refuses(header(0xffffffff, 0, oids::int4, 0), "malformed");
    refuses(header(1, 2, oids::int4, 0), "malformed");
    refuses(header(0, 0, oids::int4, 0), "malformed");
    refuses(header(1, 0, oids::int4, 1) + from_hex("fffffffe00000001"), "malformed");
    refuses(header(1, 0, oids::int4, 1) + from_hex("7fffffff00000001"), "cut short");
    refuses(header(1, 0, oids::int4, 1) + from_hex("0000000500000001"), "cut short");
    refuses(header(1, 0, oids::int4, 1) + from_hex("000000040000000100"), "malformed");
    refuses(header(1, 0, oids::int4, 1) + from_hex("00000003000001"), "unexpected length");
    refuses(header(1, 0, oids::int4, 0) + "x", "malformed");
    const auto refuses_grid = [](std::string_view dimensions, const char* reason) {
        const std::string raw = from_hex("000000020000000000000017") + from_hex(dimensions) + std::string(64, '\0');
        BOOST_CHECK_EXCEPTION(read_raw<grid>(raw, int4_array), decode_error, says(reason));
    };
    refuses_grid("7fffffff000000017fffffff00000001", "malformed");
    refuses_grid("00010000000000010001000000000001", "cut short");
    refuses_grid("7ffffffe000000017ffffffe00000001", "cut short");
    refuses_grid("ffffffff00000001ffffffff00000001", "malformed");
    refuses_grid("00000001000000010000000400000001", "unexpected length");
    refuses_grid("000000017fffffff0000000100000001", "malformed");
}

BOOST_AUTO_TEST_CASE(a_malformed_array_in_text_is_refused) {
    for (const char* const wrong : {"",
                                    "1",
                                    "{",
                                    "{a",
                                    "{a,",
                                    "{a,}",
                                    "{,a}",
                                    "{,}",
                                    "{a,,b}",
                                    "{a}b",
                                    "{a}}",
                                    "{\"a",
                                    "{\"a\"",
                                    "{\"a\\",
                                    "{\"a\"b}",
                                    "{a\"b\"}",
                                    "{a\\b}",
                                    "{a{b}",
                                    "[1:2]{a,b}",
                                    "[1:2={a}",
                                    "[]={a}",
                                    "[x]={a}",
                                    "[1:2]=",
                                    "=",
                                    "}",
                                    "{a} ,",
                                    "[1:2]={a}",
                                    "[2:1]={a}",
                                    "[1:2]={}",
                                    "[1:1][1:1]={a}",
                                    "[1:1]={{a}}",
                                    "[1:99999999999]={a}",
                                    "[-2147483648:2147483647]={a}",
                                    "[2147483647:2147483647]={a}",
                                    "{a,{b}}",
                                    "{{a},b}",
                                    "{{a,b},{c}}",
                                    "{{a}{b}}",
                                    "{{}}",
                                    "{{},{}}",
                                    "{{a}",
                                    "{{a},",
                                    "{{{{{{{"}) {
        BOOST_TEST_CONTEXT(wrong)
        BOOST_CHECK_THROW(read_text<vector<std::string>>(wrong, text_array), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(a_null_in_text_is_a_null_only_without_quotes) {
    BOOST_TEST((read_text<vector<optional<std::string>>>("{null,NuLl,\"NULL\",NULLS}", text_array) ==
                vector<optional<std::string>>{std::nullopt, std::nullopt, "NULL", "NULLS"}));
}

BOOST_AUTO_TEST_CASE(elements_of_box_arrays_are_separated_by_semicolons) {
    const std::string text = "{(3,4),(1,2);(7,8),(5,6)}";
    coropg::detail::array_reader in{make_field(text, 1020, format::text)};
    BOOST_TEST(in.next());
    BOOST_TEST(in.bytes() == "(3,4),(1,2)");
    BOOST_TEST(in.next());
    BOOST_TEST(in.bytes() == "(7,8),(5,6)");
    BOOST_TEST(!in.next());
    BOOST_TEST(!in.next());
    BOOST_TEST(in.problem() == nullptr);
}

BOOST_AUTO_TEST_CASE(hostile_arrays_are_read_or_refused) {
    attack_both<vector<int>>(three_ints, "[5:7]={1,-2,3}", int4_array);
    attack_both<vector<optional<int>>>(with_null, "{1,NULL,3}", int4_array);
    attack_both<vector<optional<std::string>>>(texts, texts_as_text, text_array);
    attack_both<vector<std::string_view>>(texts, texts_as_text, text_array);
    attack_both<std::array<optional<std::string_view>, 14>>(texts, texts_as_text, text_array);
    attack_both<grid>(two_by_three, "{{1,2,3},{4,5,6}}", int4_array);
    attack_both<coropg::array<int>>(two_by_three, "[0:1][5:7]={{1,2,3},{4,5,6}}", int4_array);
    attack_both<std::array<std::array<int, 3>, 2>>(two_by_three, "{{1,2,3},{4,5,6}}", int4_array);
    attack_both<vector<bool>>(three_ints, "{t,f}", bool_array);
    attack_both<vector<std::string>>(
        "0000000100000000000006a400000002000000010000000c0002000000000002000113880000000800000000c0000000",
        "{1.50,NaN}", numeric_array);
}

BOOST_AUTO_TEST_SUITE_END()
