// bytea in and out, as owned bytes and as a view.
#include <coropg/types/bytea.hpp>

#include "types_support.hpp"

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace {

using namespace types_test;
using coropg::codec;
using coropg::decode_error;
using bytes = std::vector<std::byte>;
using view = std::span<const std::byte>;
namespace oids = coropg::oids;

bytes make(std::initializer_list<int> values) {
    bytes all;
    for (const int value : values) all.push_back(static_cast<std::byte>(value));
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_bytea)

BOOST_AUTO_TEST_CASE(bytes_read_from_both_formats) {
    BOOST_TEST((read_binary<bytes>("00ff10", oids::bytea) == make({0, 0xff, 0x10})));
    BOOST_TEST((read_text<bytes>("\\x00ff10", oids::bytea) == make({0, 0xff, 0x10})));
    BOOST_TEST((read_text<bytes>("\\x00FF10", oids::bytea) == make({0, 0xff, 0x10})));
    BOOST_TEST((read_binary<bytes>("", oids::bytea).empty()));
    BOOST_TEST((read_text<bytes>("\\x", oids::bytea).empty()));
}

BOOST_AUTO_TEST_CASE(a_view_looks_into_the_bytes_of_the_field) {
    const std::string raw = from_hex("00ff10");
    const view seen = codec<view>::decode(make_field(raw, oids::bytea, format::binary));
    BOOST_TEST(static_cast<const void*>(seen.data()) == static_cast<const void*>(raw.data()));
    BOOST_TEST(seen.size() == 3U);
}

BOOST_AUTO_TEST_CASE(text_cannot_be_viewed) {
    BOOST_CHECK_EXCEPTION(codec<view>::decode(make_field("\\x00", oids::bytea, format::text)), decode_error,
                          says("read a std::vector<std::byte>"));
}

BOOST_AUTO_TEST_CASE(text_that_is_not_hex_is_refused) {
    BOOST_CHECK_EXCEPTION(read_text<bytes>("abc", oids::bytea), decode_error, says("bytea_output"));
    BOOST_CHECK_EXCEPTION(read_text<bytes>("", oids::bytea), decode_error, says("bytea_output"));
    BOOST_CHECK_EXCEPTION(read_text<bytes>("\\x0", oids::bytea), decode_error, says("odd number"));
    BOOST_CHECK_EXCEPTION(read_text<bytes>("\\x0g", oids::bytea), decode_error, says("hex digit"));
}

BOOST_AUTO_TEST_CASE(bytes_go_out_as_they_are) {
    const bytes value = make({0, 0xff, 0x10});
    BOOST_TEST(write_hex(value) == "00ff10");
    BOOST_TEST(write_hex(view{value}) == "00ff10");
    BOOST_TEST(write(bytes{}).empty());
    BOOST_TEST(codec<bytes>::type.oid == 17U);
    BOOST_TEST(codec<view>::type.array_oid == 1001U);
    BOOST_TEST((coropg::detail::wire_format<bytes>() == format::binary));
}

BOOST_AUTO_TEST_CASE(text_is_no_bytea) { BOOST_CHECK_THROW(read_binary<bytes>("61", oids::text), decode_error); }

BOOST_AUTO_TEST_CASE(hostile_bytea_is_read_or_refused) {
    attack_both<bytes>("00ff10", "\\x00ff10", oids::bytea);
    attack_both<view>("00ff10", "\\x00ff10", oids::bytea);
}

BOOST_AUTO_TEST_SUITE_END()
