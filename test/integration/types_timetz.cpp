// timetz, C++ -> server -> C++ in both formats.
#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(types_timetz)

BOOST_AUTO_TEST_CASE_TEMPLATE(timetz_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const timetz& v : {timetz{}, timetz{24h, -(15h + 59min + 59s)}, timetz{1us, 15h + 59min + 59s},
                            timetz{12h + 34min + 56s + 789us, 5h + 30min}})
        goes_round(face, conn, "timetz", v);
    BOOST_TEST((reads<timetz>(face, conn, "'12:00+01'::timetz") == timetz{12h, 1h}));
}

BOOST_AUTO_TEST_SUITE_END()
