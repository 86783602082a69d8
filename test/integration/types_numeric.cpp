// numeric as coropg::numeric, C++ -> server -> C++ in both formats.
#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_numeric)

BOOST_AUTO_TEST_CASE_TEMPLATE(numerics_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* text : {"0", "0.000", "1.50", "-0.00012300", "123456789012345678901234567890.5", "1e20",
                             "-99990000", "10000", "NaN", "Infinity", "-Infinity", "1e-16383", "1e131071"})
        goes_round(face, conn, "numeric", numeric::parse(text));
    goes_round(face, conn, "numeric(12,4)", numeric::parse("12345678.9"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_longest_numeric_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round_alone(face, conn, "numeric", numeric::parse(std::string(131072, '9') + "." + std::string(16383, '9')));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_prints_a_numeric_as_we_do, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* text : {"0.000", "1.50", "-1e10", "1e-20", "12345.678900", "NaN", "-Infinity"}) {
        const numeric value = numeric::parse(text);
        BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", value)) == value.to_string());
        BOOST_TEST((AWAIT(conn.template fetch_one<bool>("SELECT $1 = $2::text::numeric", value, text))));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_orders_numerics_as_we_do, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    std::vector<numeric> values;
    for (const char* text : {"NaN", "1", "-Infinity", "1.0001", "-10000", "0", "Infinity", "-0.5", "10000", "-10000.1"})
        values.push_back(numeric::parse(text));
    const auto sorted = AWAIT(
        conn.template fetch_one<std::vector<numeric>>("SELECT array_agg(v ORDER BY v) FROM unnest($1) v", values));
    std::ranges::sort(values);
    BOOST_TEST((sorted == values));
}

BOOST_AUTO_TEST_SUITE_END()
