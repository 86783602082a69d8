// inet and cidr become Asio's addresses and networks, whose family and prefix have to fit.
#include <coropg/types/network.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using namespace boost::asio::ip;
using coropg::decode_error;
using coropg::inet;
using coropg::usage_error;
namespace oids = coropg::oids;

struct {
    oid type;
    std::string_view hex;
    const char* text;
    inet value;
} const golden[] = {
    {oids::inet, "020800040a010203", "10.1.2.3/8", {make_address("10.1.2.3"), 8}},
    {oids::inet, "022000040a010203", "10.1.2.3", make_address("10.1.2.3")},
    {oids::cidr, "020801040a000000", "10.0.0.0/8", {make_address("10.0.0.0"), 8}},
    {oids::cidr, "022001040a000001", "10.0.0.1/32", make_address("10.0.0.1")},
    {oids::inet, "0380001000000000000000000000000000000001", "::1", make_address("::1")},
    {oids::cidr, "030a0110fe800000000000000000000000000000", "fe80::/10", {make_address("fe80::"), 10}},
    {oids::inet, "0380001000000000000000000000ffff01020304", "::ffff:1.2.3.4", make_address("::ffff:1.2.3.4")},
};

template <class T>
T text(const char* value) {
    return read_text<T>(value, oids::inet);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_network)

BOOST_AUTO_TEST_CASE(an_inet_holds_address_and_prefix) {
    for (const auto& [type, hex, printed, value] : golden) {
        BOOST_TEST_CONTEXT(printed) {
            BOOST_TEST((read_binary<inet>(hex, type) == value));
            BOOST_TEST((read_text<inet>(printed, type) == value));
            if (type == oids::inet) BOOST_TEST(write_hex(value) == hex);
            if (type == oids::inet) BOOST_TEST(value.to_string() == printed);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_address_is_a_single_host) {
    BOOST_TEST((text<address>("10.1.2.3") == make_address("10.1.2.3")));
    BOOST_TEST((text<address_v4>("10.1.2.3") == make_address_v4("10.1.2.3")));
    BOOST_TEST((text<address_v6>("::1") == make_address_v6("::1")));
    BOOST_TEST((text<address>("10.1.2.3/32") == make_address("10.1.2.3")));
    BOOST_TEST(write_hex(make_address_v4("10.1.2.3")) == "022000040a010203");
    BOOST_TEST(write_hex(make_address_v6("::1")) == "0380001000000000000000000000000000000001");
    BOOST_TEST(write_hex(make_address("::1")) == "0380001000000000000000000000000000000001");
    BOOST_CHECK_EXCEPTION(text<address>("10.1.2.3/8"), decode_error, says("coropg::inet"));
    BOOST_CHECK_EXCEPTION(text<address_v6>("::1/127"), decode_error, says("coropg::inet"));
    BOOST_CHECK_EXCEPTION(text<address_v4>("::1"), decode_error, says("an IPv6 address"));
    BOOST_CHECK_EXCEPTION(text<address_v6>("10.1.2.3"), decode_error, says("an IPv4 address"));
}

BOOST_AUTO_TEST_CASE(a_network_is_a_cidr) {
    BOOST_TEST((text<network_v4>("10.1.2.3/8") == network_v4{make_address_v4("10.1.2.3"), 8}));
    BOOST_TEST((text<network_v6>("fe80::/10") == network_v6{make_address_v6("fe80::"), 10}));
    BOOST_TEST(write_hex(network_v4{make_address_v4("10.0.0.0"), 8}) == "020801040a000000");
    BOOST_TEST(write_hex(network_v6{make_address_v6("fe80::"), 10}) == "030a0110fe800000000000000000000000000000");
    BOOST_CHECK_EXCEPTION(write(network_v4{make_address_v4("10.1.2.3"), 8}), usage_error, says("host in a network"));
    BOOST_CHECK_EXCEPTION(text<network_v4>("::/0"), decode_error, says("an IPv6 address"));
    BOOST_CHECK_EXCEPTION(text<network_v6>("0.0.0.0/0"), decode_error, says("an IPv4 address"));
}

BOOST_AUTO_TEST_CASE(what_inet_cannot_hold_is_not_sent) {
    BOOST_CHECK_EXCEPTION(write(inet{make_address("10.1.2.3"), 33}), usage_error, says("longer"));
    BOOST_CHECK_EXCEPTION(write(make_address_v6("fe80::1%7")), usage_error, says("scope"));
}

BOOST_AUTO_TEST_CASE(a_malformed_address_is_refused) {
    for (const char* hex : {"", "020800", "020800040a0102", "020800040a01020304", "020800030a0102", "030800040a010203",
                            "040800040a010203", "022100040a010203", "0281001000000000000000000000000000000001",
                            "0381001000000000000000000000000000000001"})
        BOOST_TEST_CONTEXT(hex) BOOST_CHECK_THROW(read_binary<inet>(hex, oids::inet), decode_error);
    for (const char* bad : {"", "/", "10.1.2", "10.1.2.3/", "10.1.2.3/33", "10.1.2.3/-1", "10.1.2.3/8/8", "::1/129",
                            "fe80::1%7", "10.1.2.3/256", "10.1.2.3 "})
        BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(text<inet>(bad), decode_error);
}

BOOST_AUTO_TEST_CASE(hostile_addresses_are_read_or_refused) {
    attack_both<inet>("020800040a010203", "10.1.2.3/8", oids::inet);
    attack_both<inet>("0380001000000000000000000000000000000001", "fe80::1:2/64", oids::inet);
    attack_both<network_v6>("030a0110fe800000000000000000000000000000", "fe80::/10", oids::cidr);
}

BOOST_AUTO_TEST_SUITE_END()
