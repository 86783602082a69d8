// macaddr and macaddr8 are their bytes.
#include <coropg/types/macaddr.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using coropg::decode_error;
using coropg::macaddr;
using coropg::macaddr8;
namespace oids = coropg::oids;

constexpr macaddr six{{0x08, 0x00, 0x2b, 0x01, 0x02, 0xff}};
constexpr macaddr8 eight{{0x08, 0x00, 0x2b, 0x01, 0x02, 0x03, 0x04, 0x05}};

}  // namespace

BOOST_AUTO_TEST_SUITE(types_macaddr)

BOOST_AUTO_TEST_CASE(mac_addresses_read_and_write) {
    BOOST_TEST((read_binary<macaddr>("08002b0102ff", oids::macaddr) == six));
    BOOST_TEST((read_text<macaddr>("08:00:2b:01:02:ff", oids::macaddr) == six));
    BOOST_TEST(write_hex(six) == "08002b0102ff");
    BOOST_TEST((read_binary<macaddr8>("08002b0102030405", oids::macaddr8) == eight));
    BOOST_TEST((read_text<macaddr8>("08:00:2b:01:02:03:04:05", oids::macaddr8) == eight));
    BOOST_TEST(write_hex(eight) == "08002b0102030405");
}

BOOST_AUTO_TEST_CASE(what_is_no_mac_address_is_refused) {
    BOOST_CHECK_THROW(read_binary<macaddr>("08002b01020304", oids::macaddr), decode_error);
    BOOST_CHECK_THROW(read_binary<macaddr8>("08002b010203", oids::macaddr8), decode_error);
    for (const char* bad : {"", "08:00:2b:01:02", "08:00:2b:01:02:f", "08:00:2b:01:02:fg", "08-00-2b-01-02-ff",
                            "08:00:2b:01:02:ff:", "08002b:0102:ff0:0"})
        BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(read_text<macaddr>(bad, oids::macaddr), decode_error);
    BOOST_TEST(!coropg::codec<macaddr>::reads(oids::macaddr8));
}

BOOST_AUTO_TEST_CASE(hostile_mac_addresses_are_read_or_refused) {
    attack_both<macaddr>("08002b0102ff", "08:00:2b:01:02:ff", oids::macaddr);
    attack_both<macaddr8>("08002b0102030405", "08:00:2b:01:02:03:04:05", oids::macaddr8);
}

BOOST_AUTO_TEST_SUITE_END()
