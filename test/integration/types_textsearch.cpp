// tsvector and tsquery, C++ -> server -> C++ in both formats.
#include <coropg/types/textsearch.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_textsearch)

BOOST_AUTO_TEST_CASE_TEMPLATE(tsvectors_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    std::vector<ts_position> many;
    for (std::uint16_t i = 1; i <= 254; ++i) many.push_back({i, static_cast<ts_weight>(i % 4)});
    many.push_back({16383});
    for (const tsvector& v :
         {tsvector{}, tsvector{{{"fat", {{2}, {4, ts_weight::a}}}, {"rat"}, {"b"}, {"aa"}, {"\xC3\xA9"}}},
          tsvector{{{"it's a\\b"}, {":x"}, {" "}}}, tsvector{{{std::string(2046, 'x'), many}}}}) {
        goes_round(face, conn, "tsvector", v);
        BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", v)) == v.to_string());
    }
    BOOST_TEST((reads<tsvector>(face, conn, "to_tsvector('simple', 'the fat the')") ==
                tsvector{{{"fat", {{2}}}, {"the", {{1}, {3}}}}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tsqueries_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const tsquery a = tsquery::word("a");
    const tsquery b = tsquery::prefix("it's\\", {ts_weight::a, ts_weight::d});
    for (const tsquery& v :
         {a, b, !a, a && b, a || b, !(a || b) && a, followed_by(a, b), followed_by(a, followed_by(b, !a), 16384),
          followed_by(a && b, a, 0), (a || b) && (b || a)}) {
        goes_round(face, conn, "tsquery", v);
        BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", v)) == v.to_string());
    }
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT to_tsvector('simple', 'a fat cat') @@ $1",
                                                   followed_by(tsquery::word("fat"), tsquery::prefix("c")))));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_tsquery_goes_out, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("SET client_min_messages = warning"));  // the server tells that it has no words
    BOOST_TEST((reads<tsquery>(face, conn, "''::tsquery") == tsquery{}));
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT $1 = ''::tsquery", tsquery{})));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT pg_typeof($1)::text", tsquery{})) == "tsquery");
    goes_round_alone(face, conn, "tsquery", tsquery{});
    // In an array only minor releases that take one in binary do: the server of this run says so.
    try {
        const std::vector<tsquery> one(1);
        BOOST_TEST((AWAIT(conn.template fetch_one<std::vector<tsquery>>("SELECT $1", one)) == one));
    } catch (const server_error& e) {
        BOOST_TEST_MESSAGE("the server refuses an empty tsquery in binary: " << e.message());
        BOOST_TEST((e.sqlstate().starts_with("22") || e.sqlstate() == sqlstate::internal_error), e.what());
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
