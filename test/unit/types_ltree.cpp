// ltree, lquery and ltxtquery in and out.
#include <coropg/types/ltree.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using coropg::codec;
using coropg::decode_error;
using coropg::lquery;
using coropg::ltree;
using coropg::ltxtquery;

constexpr oid ltree_type = 16400;

}  // namespace

BOOST_AUTO_TEST_SUITE(types_ltree)

BOOST_AUTO_TEST_CASE(paths_and_patterns_read_and_write) {
    const auto both_ways = []<class T>(std::string_view hex, const T& value) {
        BOOST_TEST((read_binary<T>(hex, ltree_type) == value));
        BOOST_TEST((read_text<T>(value.text, ltree_type) == value));
        BOOST_TEST(write_hex(value) == hex);
    };
    both_ways("01546f702e536369656e6365", ltree{"Top.Science"});
    both_ways("01", ltree{});
    both_ways("01546f702e2a7b312c327d2e7840", lquery{"Top.*{1,2}.x@"});
    both_ways("014575726f706520262021527573736961", ltxtquery{"Europe & !Russia"});
    BOOST_TEST(codec<ltree>::type.name == "ltree");
    BOOST_TEST(codec<lquery>::type.name == "lquery");
    BOOST_TEST(codec<std::vector<ltxtquery>>::type.name == "ltxtquery[]");
}

BOOST_AUTO_TEST_CASE(what_is_none_is_refused) {
    BOOST_CHECK_EXCEPTION(read_binary<ltree>("", ltree_type), decode_error, says("unknown version"));
    BOOST_CHECK_EXCEPTION(read_binary<lquery>("0261", ltree_type), decode_error, says("unknown version"));
    BOOST_CHECK_EXCEPTION(read_text<ltree>("a", coropg::oids::text), decode_error, says("no codec"));
    BOOST_CHECK_THROW(write(ltree{std::string{"a\0b", 3}}), coropg::usage_error);
    attack_both<ltree>("01546f702e536369656e6365", "Top.Science", ltree_type, 100);
}

BOOST_AUTO_TEST_SUITE_END()
