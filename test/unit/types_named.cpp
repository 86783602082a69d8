// Enum classes of any underlying type, and what records and ranges do not let a view see.
#include <coropg/types/array.hpp>
#include <coropg/types/composite.hpp>
#include <coropg/types/enum.hpp>
#include <coropg/types/range.hpp>
#include <coropg/types/strong.hpp>
#include <coropg/types/text.hpp>
#include <coropg/types/variant.hpp>

#include "types_support.hpp"

#include <boost/mpl/list.hpp>

#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace {

using namespace types_test;
using coropg::decode_error;

constexpr oid named_type = 16400;

enum class of_char : char { low, high = 'h' };
enum class of_int { low, high };
enum class of_bool : bool { low, high };
enum class of_wchar : wchar_t { low, high = 100 };
enum class of_char32 : char32_t { low, high = 100 };
enum class of_uint8 : std::uint8_t { low, high = 127 };
enum class of_int64 : std::int64_t { low = -7, high };

template <class Enum>
std::string_view label_of(Enum value) {
    return coropg::codec<Enum>::label_of(value);
}

struct strong_view {
    std::string_view text;
    bool operator==(const strong_view&) const = default;
};
using views = boost::mpl::list<std::string_view, strong_view, std::variant<std::monostate, std::string_view>>;

using enums = boost::mpl::list<of_int, of_char, of_bool, of_wchar, of_char32, of_uint8, of_int64>;
using large_enums = boost::mpl::list<of_int, of_char, of_wchar, of_char32, of_uint8, of_int64>;

}  // namespace

namespace coropg {

template <>
struct codec<of_int> : enum_codec<of_int, "level"> {};
template <>
struct codec<of_char> : enum_codec<of_char, "level"> {};
template <>
struct codec<of_bool> : enum_codec<of_bool, "level"> {};
template <>
struct codec<of_wchar> : enum_codec<of_wchar, "level"> {};
template <>
struct codec<of_char32> : enum_codec<of_char32, "level"> {};
template <>
struct codec<of_uint8> : enum_codec<of_uint8, "level"> {};
template <>
struct codec<of_int64> : enum_codec<of_int64, "level"> {};

template <>
struct codec<strong_view> : strong_codec<strong_view> {};

template <>
inline constexpr range_types range_types_of<std::string_view>{{"textrange"}, {"textmultirange"}};

}  // namespace coropg

BOOST_AUTO_TEST_SUITE(types_named)

BOOST_AUTO_TEST_CASE_TEMPLATE(an_enum_may_have_any_underlying_type, Enum, enums) {
    for (const auto& [value, label] : {std::pair{Enum::low, "low"}, std::pair{Enum::high, "high"}}) {
        BOOST_TEST(label_of(value) == label);
        BOOST_TEST((read_text<Enum>(label, named_type) == value));
    }
    BOOST_CHECK_THROW(read_text<Enum>("lower", named_type), decode_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_value_without_an_enumerator_has_no_label, Enum, large_enums) {
    for (const int value : {3, 99, 126}) BOOST_CHECK_THROW(label_of(static_cast<Enum>(value)), coropg::usage_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_record_in_text_is_not_viewed, View, views) {
    using record = std::tuple<int, View>;
    const std::string binary = from_hex("0000000200000017000000040000000700000019000000026162");
    BOOST_TEST((coropg::detail::decode<record>(make_field(binary, 2249, format::binary)) == record{7, View{"ab"}}));
    BOOST_CHECK_EXCEPTION(coropg::detail::decode<record>(make_field("(7,ab)", 2249, format::text)), decode_error,
                          says("cannot be viewed"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_element_with_escapes_is_not_viewed, View, views) {
    BOOST_CHECK_EXCEPTION(coropg::detail::decode<std::vector<View>>(make_field(R"({"a \\ b"})", 1009, format::text)),
                          decode_error, says("cannot be viewed"));
}

BOOST_AUTO_TEST_CASE(a_bound_in_quotes_is_not_viewed) {
    using texts = coropg::range<std::string_view>;
    BOOST_TEST(
        (coropg::detail::decode<texts>(make_field("[a,b)", named_type, format::text)) == texts::closed_open("a", "b")));
    for (const char* const text : {"[\"a\",b)", "[a,\"\")", "[,\"a b\"]"})
        BOOST_CHECK_EXCEPTION(coropg::detail::decode<texts>(make_field(text, named_type, format::text)), decode_error,
                              says("cannot be viewed"));
}

BOOST_AUTO_TEST_SUITE_END()
