// macaddr and macaddr8, C++ -> server -> C++ in both formats.
#include <coropg/types/macaddr.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_macaddr)

BOOST_AUTO_TEST_CASE_TEMPLATE(mac_addresses_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round(face, conn, "macaddr", macaddr{{0x08, 0x00, 0x2b, 0x01, 0x02, 0xff}});
    goes_round(face, conn, "macaddr", macaddr{});
    goes_round(face, conn, "macaddr8", macaddr8{{0x08, 0x00, 0x2b, 0x01, 0x02, 0x03, 0x04, 0xff}});
}

BOOST_AUTO_TEST_SUITE_END()
