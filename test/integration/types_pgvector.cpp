// The types of pgvector, C++ -> server -> C++ in both formats, where the server has the extension.
#include <coropg/types/pgvector.hpp>

#include "../support/extension.hpp"
#include "../support/round_trip.hpp"

#include <limits>
#include <vector>

using namespace coropg::test;
using coropg::halfvec;
using coropg::sparsevec;

BOOST_AUTO_TEST_SUITE(types_pgvector)

BOOST_AUTO_TEST_CASE_TEMPLATE(vectors_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "vector")) return;
    goes_round(face, conn, "vector", coropg::vector{{1, -2.5F, 0}});
    goes_round(face, conn, "vector",
               coropg::vector{{std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::lowest()}});
    goes_round(face, conn, "vector", coropg::vector{std::vector<float>(16000, 0.1F)});
    goes_round(face, conn, "halfvec", halfvec{{1, -2.5F, 0, 65504, 0x1p-24F}});
    goes_round(face, conn, "sparsevec", sparsevec{5, {{0, 1.5F}, {2, -2}}});
    goes_round(face, conn, "sparsevec", sparsevec{1'000'000'000, {{999'999'999, 1e-20F}}});
    goes_round(face, conn, "sparsevec", sparsevec{1, {}});
    BOOST_TEST(AWAIT(conn.template fetch_one<double>("SELECT $1 <-> $2", coropg::vector{{0, 3}},
                                                     coropg::vector{{4, 0}})) == 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(halves_are_rounded_as_the_server_does, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "vector")) return;
    std::vector<float> numbers{65519, 65504, 0.1F, 6.1e-05F, 5.96e-08F, 1e-30F, 0x1.002p0F, 0x1.006p0F, 0x1p-25F};
    for (float x = 1e-9F; x < 65000; x *= 1.01F) numbers.push_back(-x);
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT $1 = $2::halfvec", halfvec{numbers}, numbers)));
}

BOOST_AUTO_TEST_SUITE_END()
