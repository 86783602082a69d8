// hstore in and out: both formats and hostile input.
#include <coropg/types/hstore.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace {

using namespace types_test;
using coropg::codec;
using coropg::decode_error;
using coropg::hstore;

constexpr oid hstore_type = 16400, some_array = 16405;

// hstore(array['a','b "\','','NULL'], array['1',null,'x => y, ü','NULL']); the server sorts keys by length.
constexpr std::string_view sent =
    "00000004000000000000000a78203d3e20792c20c3bc00000001610000000131000000044e554c4c000000044e554c4c000000046220225cff"
    "ffffff";
constexpr std::string_view printed = R"(""=>"x => y, )"
                                     "\xc3\xbc"
                                     R"(", "a"=>"1", "NULL"=>"NULL", "b \"\\"=>NULL)";

hstore the_pairs() { return {{"a", "1"}, {"b \"\\", std::nullopt}, {"", "x => y, \xc3\xbc"}, {"NULL", "NULL"}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(types_hstore)

BOOST_AUTO_TEST_CASE(pairs_read_from_both_formats) {
    BOOST_TEST((read_binary<hstore>(sent, hstore_type) == the_pairs()));
    BOOST_TEST((read_text<hstore>(printed, hstore_type) == the_pairs()));
    BOOST_TEST(read_binary<hstore>("00000000", hstore_type).empty());
    BOOST_TEST(read_text<hstore>("", hstore_type).empty());
    BOOST_TEST((read_text<std::vector<std::optional<hstore>>>(R"({"\"a\"=>\"1\"",NULL})", some_array) ==
                std::vector<std::optional<hstore>>{hstore{{"a", "1"}}, std::nullopt}));
    BOOST_CHECK_EXCEPTION(read_text<hstore>("", coropg::oids::text), decode_error, says("no codec"));
}

BOOST_AUTO_TEST_CASE(pairs_go_out_in_the_order_of_the_map) {
    BOOST_TEST(codec<hstore>::type.name == "hstore");
    BOOST_TEST(codec<std::vector<hstore>>::type.name == "hstore[]");
    BOOST_TEST(write_hex(hstore{{"b", std::nullopt}, {"a", "12"}}) ==
               "0000000200000001610000000231320000000162ffffffff");
    BOOST_TEST(write_hex(hstore{}) == "00000000");
    BOOST_CHECK_THROW(write(hstore{{std::string{"\0", 1}, "1"}}), coropg::usage_error);
    BOOST_CHECK_THROW(write(hstore{{"a", std::string{"\0", 1}}}), coropg::usage_error);
}

BOOST_AUTO_TEST_CASE(malformed_pairs_are_refused) {
    for (const std::string_view hex :
         {"", "000000", "ffffffff", "00000001", "7fffffff", "00000001ffffffff", "000000010000000161",
          "0000000100000001610000000531", "000000010000000161fffffffe", "0000000000"}) {
        BOOST_TEST_CONTEXT(hex)
        BOOST_CHECK_THROW(read_binary<hstore>(hex, hstore_type), decode_error);
    }
    for (const char* const text : {"a", "\"a", "\"a\"", "\"a\"=>", "\"a\"=>\"", "\"a\"=>\"\\", "\"a\"=>1",
                                   "\"a\"=>NULL,", "\"a\"=>NULL\"b\"=>NULL", ", \"a\"=>NULL", "\"a\"=>NULL, "}) {
        BOOST_TEST_CONTEXT(text)
        BOOST_CHECK_THROW(read_text<hstore>(text, hstore_type), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(hostile_pairs_are_read_or_refused) { attack_both<hstore>(sent, printed, hstore_type); }

BOOST_AUTO_TEST_SUITE_END()
