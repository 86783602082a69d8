// hstore, C++ -> server -> C++ in both formats.
#include <coropg/types/hstore.hpp>

#include "../support/extension.hpp"
#include "../support/round_trip.hpp"

#include <string>

using namespace coropg::test;
using coropg::hstore;

BOOST_AUTO_TEST_SUITE(types_hstore)

BOOST_AUTO_TEST_CASE_TEMPLATE(pairs_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "hstore")) return;
    goes_round(face, conn, "hstore", hstore{});
    goes_round(face, conn, "hstore", hstore{{"a", "1"}});
    goes_round(face, conn, "hstore",
               hstore{{"", ""}, {"k", std::nullopt}, {"NULL", "NULL"}, {"q\"\\=>", "\xc3\xbc, \"\\ "}});
    hstore large;
    for (int i = 0; i < 1000; ++i) large[std::to_string(i)] = std::string(100, 'x');
    goes_round(face, conn, "hstore", large);
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1 -> 'a'", hstore{{"a", "1"}})) == "1");
}

BOOST_AUTO_TEST_SUITE_END()
