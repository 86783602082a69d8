// inet and cidr, C++ -> server -> C++ in both formats.
#include <coropg/types/network.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace boost::asio::ip;

BOOST_AUTO_TEST_SUITE(types_network)

BOOST_AUTO_TEST_CASE_TEMPLATE(addresses_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "::1", "::ffff:1.2.3.4", "::1.2.3.4",
                             "1:0:0:2::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})
        goes_round(face, conn, "inet", make_address(text));
    goes_round(face, conn, "inet", make_address_v4("192.168.0.7"));
    goes_round(face, conn, "inet", make_address_v6("2001:db8::7"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(networks_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const std::uint8_t prefix : std::initializer_list<std::uint8_t>{0, 7, 32}) {
        const inet value{make_address("192.168.0.7"), prefix};
        goes_round(face, conn, "inet", value);
        BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1::inet::text", value)) ==
                   (prefix == 32 ? value.to_string() + "/32" : value.to_string()));
    }
    goes_round(face, conn, "inet", inet{make_address("2001:db8::7"), 64});
    for (const char* type : {"inet", "cidr"}) {
        goes_round(face, conn, type, make_network_v4("10.0.0.0/8"));
        goes_round(face, conn, type, make_network_v6("2001:db8::/32"));
    }
    BOOST_TEST((reads<inet>(face, conn, "'10.1.0.0/16'::cidr") == inet{make_address("10.1.0.0"), 16}));
    ERROR_OF(decode_error, conn.template fetch_one<address>("SELECT '10.0.0.0/8'::cidr"));
}

BOOST_AUTO_TEST_SUITE_END()
