// Ranges and multiranges in and out: bounds of every kind, both formats, and hostile input.
#include <coropg/types/range.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A type whose parameters are text, with a range type of its own.
struct spelling {
    std::string letters;
    bool operator==(const spelling&) const = default;
};

template <>
struct coropg::codec<spelling> : coropg::detail::untyped_text {
    static bool reads(oid from) { return from == oids::text; }
    static spelling decode(const field& f) { return {codec<std::string>::decode(f)}; }
    static void encode(const spelling& value, encoder& out) { out.text(value.letters); }
};

template <>
inline constexpr coropg::range_types coropg::range_types_of<spelling>{{"wordrange"}, {"wordmultirange"}};

namespace {

using namespace types_test;
using namespace std::chrono;
using coropg::codec;
using coropg::decode_error;
using coropg::multirange;
using coropg::range;
using coropg::detail::decodable;
using coropg::detail::encodable;
using std::nullopt;
using std::vector;
using ints = range<int>;

constexpr oid int4range = 3904, daterange = 3912, tsrange = 3908, tstzrange = 3910, int8range = 3926,
              int4range_array = 3905, int4multirange = 4451, wordrange = 16390, wordmultirange = 16391;

constexpr std::string_view one_to_five = "0200000004000000010000000400000005";
constexpr std::string_view two_parts = "0000000200000011020000000400000001000000040000000500000009120000000400000007";

}  // namespace

BOOST_AUTO_TEST_SUITE(types_range)

BOOST_AUTO_TEST_CASE(a_range_knows_its_bounds) {
    const auto r = ints::closed_open(1, 5);
    BOOST_TEST(!r.is_empty());
    BOOST_TEST(r.includes_lower());
    BOOST_TEST(!r.includes_upper());
    BOOST_TEST((r.lower() == 1 && r.upper() == 5));
    BOOST_TEST((r.contains(1) && r.contains(4) && !r.contains(5) && !r.contains(0)));
    BOOST_TEST((ints::open_closed(1, 5).contains(5) && !ints::open_closed(1, 5).contains(1)));
    BOOST_TEST((ints::closed(1, 5).contains(1) && ints::closed(1, 5).contains(5)));
    BOOST_TEST((!ints::open(1, 5).contains(1) && !ints::open(1, 5).contains(5)));
    BOOST_TEST((ints::unbounded().contains(-7) && !ints::empty().contains(0)));
    BOOST_TEST((ints::closed(nullopt, 5).contains(-7) && !ints::closed(nullopt, 5).contains(6)));
    BOOST_TEST((ints::empty() == ints{} && ints::empty().is_empty()));
    BOOST_TEST((ints::closed_open(1, 5) != ints::closed(1, 5)));
    BOOST_TEST((multirange<int>{{ints::closed(1, 2), ints::closed(5, 6)}}.contains(5)));
    BOOST_TEST((!multirange<int>{{ints::closed(1, 2), ints::closed(5, 6)}}.contains(3)));
}

BOOST_AUTO_TEST_CASE(an_infinite_bound_is_never_included) {
    BOOST_TEST((ints::closed(nullopt, nullopt) == ints::unbounded()));
    BOOST_TEST(!ints::closed(1, nullopt).includes_upper());
}

BOOST_AUTO_TEST_CASE(ranges_read_and_write_in_binary) {
    const auto both_ways = [](std::string_view hex, const ints& value) {
        BOOST_TEST((read_binary<ints>(hex, int4range) == value));
        BOOST_TEST(write_hex(value) == hex);
    };
    both_ways(one_to_five, ints::closed_open(1, 5));
    both_ways("01", ints::empty());
    both_ways("18", ints::unbounded());
    both_ways("120000000400000003", ints::closed_open(3, nullopt));
    both_ways("080000000400000004", ints::closed_open(nullopt, 4));
    BOOST_TEST(write_hex(ints::open_closed(1, 5)) == "0400000004000000010000000400000005");
    BOOST_TEST(write_hex(ints::closed(1, 5)) == "0600000004000000010000000400000005");
    BOOST_TEST(write_hex(ints::open(1, 5)) == "0000000004000000010000000400000005");
}

BOOST_AUTO_TEST_CASE(ranges_read_from_text) {
    BOOST_TEST((read_text<ints>("[1,5)", int4range) == ints::closed_open(1, 5)));
    BOOST_TEST((read_text<ints>("empty", int4range) == ints::empty()));
    BOOST_TEST((read_text<ints>("(,)", int4range) == ints::unbounded()));
    BOOST_TEST((read_text<ints>("[-3,)", int4range) == ints::closed_open(-3, nullopt)));
    BOOST_TEST((read_text<ints>("(,4)", int4range) == ints::closed_open(nullopt, 4)));
    BOOST_TEST((read_text<ints>("(1,5]", int4range) == ints::open_closed(1, 5)));
}

BOOST_AUTO_TEST_CASE(ranges_of_dates_and_times) {
    const range<sys_days> days{sys_days{2026y / 1 / 1}, sys_days{2026y / 2 / 1}};
    BOOST_TEST((read_binary<range<sys_days>>("0200000004000025190000000400002538", daterange) == days));
    BOOST_TEST((read_text<range<sys_days>>("[2026-01-01,2026-02-01)", daterange) == days));
    BOOST_TEST(write_hex(days) == "0200000004000025190000000400002538");
    // The day 'infinity' is a bound like any other.
    const auto to_infinity = range<sys_days>::closed(nullopt, sys_days::max());
    BOOST_TEST((read_binary<range<sys_days>>("0c000000047fffffff", daterange) == to_infinity));
    BOOST_TEST((read_text<range<sys_days>>("(,infinity]", daterange) == to_infinity));

    using local = local_time<microseconds>;
    constexpr std::string_view hex = "02000000080002ea47e8d0d8c0000000080002ecb6a7fd0000";
    const range<local> times{local_days{2026y / 1 / 1} + 1h + 2min + 3s, local_days{2026y / 2 / 1}};
    BOOST_TEST((read_binary<range<local>>(hex, tsrange) == times));
    BOOST_TEST((read_text<range<local>>(R"(["2026-01-01 01:02:03","2026-02-01 00:00:00"))", tsrange) == times));
    BOOST_TEST(write_hex(times) == hex);
    using zoned = sys_time<microseconds>;
    const range<zoned> moments{sys_days{2026y / 1 / 1} + 1h + 2min + 3s, sys_days{2026y / 2 / 1}};
    BOOST_TEST((read_binary<range<zoned>>(hex, tstzrange) == moments));
    BOOST_TEST(
        (read_text<range<zoned>>(R"(["2026-01-01 01:02:03+00","2026-02-01 00:00:00+00"))", tstzrange) == moments));
}

BOOST_AUTO_TEST_CASE(each_integer_of_32_or_64_bits_has_its_range) {
    BOOST_TEST((codec<range<int>>::type.oid == int4range));
    BOOST_TEST((codec<range<long long>>::type.oid == int8range));
    BOOST_TEST((codec<range<long>>::type.oid == (sizeof(long) == 4 ? int4range : int8range)));
    BOOST_TEST((!decodable<range<unsigned>> && !decodable<range<short>> && !decodable<range<wchar_t>>));
}

BOOST_AUTO_TEST_CASE(multiranges_read_and_write) {
    const multirange<int> value{{ints::closed_open(1, 5), ints::closed_open(7, nullopt)}};
    BOOST_TEST((read_binary<multirange<int>>(two_parts, int4multirange) == value));
    BOOST_TEST((read_text<multirange<int>>("{[1,5),[7,)}", int4multirange) == value));
    BOOST_TEST(write_hex(value) == two_parts);
    BOOST_TEST(read_binary<multirange<int>>("00000000", int4multirange).ranges.empty());
    BOOST_TEST(read_text<multirange<int>>("{}", int4multirange).ranges.empty());
    BOOST_TEST(write_hex(multirange<int>{}) == "00000000");
}

BOOST_AUTO_TEST_CASE(ranges_are_elements_of_arrays) {
    constexpr std::string_view hex =
        "000000010000000000000f40000000020000000100000011020000000400000001000000040000000200000011020000000400000003000000"
        "0400000004";
    const vector<ints> value{{1, 2}, {3, 4}};
    BOOST_TEST((read_binary<vector<ints>>(hex, int4range_array) == value));
    BOOST_TEST((read_text<vector<ints>>(R"_({"[1,2)","[3,4)"})_", int4range_array) == value));
    BOOST_TEST(write_hex(value) == hex);
    BOOST_TEST(codec<vector<multirange<int>>>::type.oid == 6150U);
}

BOOST_AUTO_TEST_CASE(a_wider_element_reads_a_narrower_range) {
    BOOST_TEST((read_binary<range<std::int64_t>>(one_to_five, int4range) == range<std::int64_t>{1, 5}));
    BOOST_TEST((read_text<range<int>>("[1,5)", int8range) == ints{1, 5}));
    BOOST_CHECK_EXCEPTION(read_text<range<int>>("[1,5000000000)", int8range), decode_error, says("out of range"));
}

BOOST_AUTO_TEST_CASE(a_range_of_another_type_is_refused) {
    BOOST_CHECK_EXCEPTION(read_binary<ints>(one_to_five, daterange), decode_error, says("no codec"));
    BOOST_CHECK_EXCEPTION(read_binary<ints>(one_to_five, int4multirange), decode_error, says("no codec"));
    BOOST_CHECK_EXCEPTION(read_binary<multirange<int>>(two_parts, int4range), decode_error, says("no codec"));
    BOOST_CHECK_EXCEPTION(read_binary<ints>(one_to_five, wordrange), decode_error, says("no codec"));
    static_assert(!decodable<range<std::string>> && !encodable<range<std::string>>);
    static_assert(!decodable<range<ints>>);
}

BOOST_AUTO_TEST_CASE(your_own_range_type_goes_by_its_name) {
    using words = range<spelling>;
    BOOST_TEST(codec<words>::type.name == "wordrange");
    BOOST_TEST(codec<vector<words>>::type.name == "wordrange[]");
    BOOST_TEST(codec<multirange<spelling>>::type.name == "wordmultirange");
    const words quotes = words::closed(spelling{""}, spelling{"\"q\\ ()[]"});
    constexpr std::string_view hex = "06000000000000000822715c2028295b5d";
    constexpr std::string_view text = R"(["","""q\\ ()[]"])";
    BOOST_TEST((read_binary<words>(hex, wordrange) == quotes));
    BOOST_TEST((read_text<words>(text, wordrange) == quotes));
    BOOST_TEST((read_text<words>("[NULL,null]", wordrange) == words::closed(spelling{"NULL"}, spelling{"null"})));
    BOOST_TEST((read_text<multirange<spelling>>(R"({[a,"b,""}{]")})", wordmultirange) ==
                multirange<spelling>{{words{spelling{"a"}, spelling{"b,\"}{]"}}}}));
    // Where the element goes out as text, so does the range.
    BOOST_TEST(write(quotes) == R"(["","\"q\\ ()[]"])");
    BOOST_TEST(write(words::open(nullopt, spelling{"b"})) == R"((,"b"))");
    BOOST_TEST(write(words::empty()) == "empty");
    BOOST_TEST(write(multirange<spelling>{}) == "{}");
    BOOST_TEST(write(multirange<spelling>{{words::unbounded(), words::empty()}}) == "{(,),empty}");
}

BOOST_AUTO_TEST_CASE(a_malformed_range_in_binary_is_refused) {
    for (const std::string_view hex :
         {"", "02", "0200000004000000010000000400000005ff", "02000000040000000100000004000000",
          "0200000004000000010000", "02ffffffff0000000400000005", "027fffffff0000000400000005", "1800", "0100", "20",
          "80", "0200000003000001000000040000", "020000000300000100000004000000ff"}) {
        BOOST_TEST_CONTEXT(hex)
        BOOST_CHECK_THROW(read_binary<ints>(hex, int4range), decode_error);
    }
    for (const std::string_view hex : {"", "000000", "00000001", "ffffffff18", "0000000200000001180000", "0000000000",
                                       "000000010000000018", "00000001ffffffff18", "00000001000000021800"}) {
        BOOST_TEST_CONTEXT(hex)
        BOOST_CHECK_THROW(read_binary<multirange<int>>(hex, int4multirange), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(a_malformed_range_in_text_is_refused) {
    for (const char* const text : {"", "[", "[1", "[1,", "[1,2", "1,2)", "[1)", "[1,2,3)", "[1,2)x", "{1,2}", "emptyx",
                                   "[\"1,2)", "[\"1\"2,3)", "[\"1\\\"\",2)", "[1\",2)", "[[1,2)", "[x,2)", "[1,2}"}) {
        BOOST_TEST_CONTEXT(text)
        BOOST_CHECK_THROW(read_text<ints>(text, int4range), decode_error);
    }
    for (const char* const text : {"", "{", "}", "{[1,2)", "{[1,2),", "{[1,2),}", "{,}", "{,[1,2)}", "{[1,2)[3,4)}",
                                   "{}x", "[1,2)", "{[1,2)}}", "{x}"}) {
        BOOST_TEST_CONTEXT(text)
        BOOST_CHECK_THROW(read_text<multirange<int>>(text, int4multirange), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(a_count_that_lies_reserves_nothing) {
    const std::string raw = from_hex("7fffffff0000000118");
    coropg::detail::multirange_reader in{make_field(raw, int4multirange, format::binary)};
    BOOST_TEST(in.announced() == 0U);
}

BOOST_AUTO_TEST_CASE(hostile_ranges_are_read_or_refused) {
    attack_both<ints>(one_to_five, "[1,5)", int4range);
    attack_both<range<sys_days>>("0200000004000025190000000400002538", "[2026-01-01,infinity]", daterange);
    attack_both<range<spelling>>("06000000000000000822715c2028295b5d", R"(["","""q\\ ()[]"])", wordrange);
    attack_both<multirange<int>>(two_parts, "{[1,5),[7,)}", int4multirange);
    attack_both<vector<ints>>(one_to_five, R"_({"[1,2)","[3,4)"})_", int4range_array);
}

BOOST_AUTO_TEST_SUITE_END()
