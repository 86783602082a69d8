// Ranges and multiranges, C++ -> server -> C++ in both formats.
#include <coropg/types/range.hpp>

#include "../support/round_trip.hpp"

#include <chrono>
#include <limits>
#include <optional>

template <>
inline constexpr coropg::range_types coropg::range_types_of<double>{{"floatrange"}, {"floatmultirange"}};

using namespace coropg::test;
using namespace std::chrono;
using coropg::multirange;
using coropg::numeric;
using coropg::range;
using std::nullopt;

BOOST_AUTO_TEST_SUITE(types_range)

namespace {

template <class T, class Face, class Connection>
void every_kind_goes_round(Face& face, Connection& conn, std::string_view type, const T& low, const T& high) {
    for (const range<T>& value : {range<T>::empty(), range<T>::unbounded(), range<T>::closed_open(low, high),
                                  range<T>::closed_open(low, nullopt), range<T>::closed_open(nullopt, high)}) {
        goes_round(face, conn, type, value);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(ranges_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    every_kind_goes_round<int>(face, conn, "int4range", std::numeric_limits<int>::min(),
                               std::numeric_limits<int>::max());
    every_kind_goes_round<std::int64_t>(face, conn, "int8range", std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max());
    every_kind_goes_round<sys_days>(face, conn, "daterange", sys_days{1y / 1 / 1}, sys_days::max());
    every_kind_goes_round<local_time<microseconds>>(face, conn, "tsrange", local_days{2026y / 1 / 1} + 1us,
                                                    local_time<microseconds>::max());
    every_kind_goes_round<sys_time<microseconds>>(face, conn, "tstzrange", sys_time<microseconds>::min(),
                                                  sys_days{2026y / 1 / 1} + 1us);
    every_kind_goes_round<numeric>(face, conn, "numrange", numeric::parse("-1.50"), numeric::infinity());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bounds_of_a_continuous_range_stay_as_they_are, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const sys_time<microseconds> low = sys_days{2026y / 1 / 1};
    for (const auto which :
         {coropg::bounds::closed_open, coropg::bounds::closed, coropg::bounds::open, coropg::bounds::open_closed}) {
        goes_round(face, conn, "tstzrange", range<sys_time<microseconds>>{low, low + 1us, which});
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_brings_a_discrete_range_into_its_form, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    using ints = range<int>;
    BOOST_TEST((AWAIT(conn.template fetch_one<ints>("SELECT $1", ints::closed(1, 4))) == ints::closed_open(1, 5)));
    BOOST_TEST((AWAIT(conn.template fetch_one<ints>("SELECT $1", ints::open(1, 2))) == ints::empty()));
    ERROR_OF(coropg::server_error, conn.template fetch_one<ints>("SELECT $1", ints::closed(2, 1)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(multiranges_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    using ints = range<int>;
    goes_round(face, conn, "int4multirange", multirange<int>{});
    goes_round(face, conn, "int4multirange", multirange<int>{{ints::unbounded()}});
    goes_round(
        face, conn, "int4multirange",
        multirange<int>{{ints::closed_open(nullopt, 1), ints::closed_open(3, 5), ints::closed_open(7, nullopt)}});
    goes_round(face, conn, "int8multirange", multirange<std::int64_t>{{{-5'000'000'000, 1}, {3, nullopt}}});
    goes_round(face, conn, "nummultirange", multirange<numeric>{{range<numeric>::closed(numeric{1}, numeric{2})}});
    const sys_days day = 2026y / 1 / 1;
    const local_time<microseconds> morning = local_days{2026y / 1 / 1} + 6h;
    goes_round(face, conn, "datemultirange", multirange<sys_days>{{{day, day + days{31}}}});
    goes_round(face, conn, "tsmultirange", multirange<local_time<microseconds>>{{{morning, morning + 1us}}});
    goes_round(face, conn, "tstzmultirange", multirange<sys_time<microseconds>>{{{day, day + 1us}}});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_range_type_of_ones_own_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute(
        "CREATE TYPE pg_temp.floatrange AS RANGE (subtype = float8, multirange_type_name = pg_temp.floatmultirange)"));
    goes_round(face, conn, "floatrange", range<double>::open_closed(-0.5, 1e300));
    goes_round(face, conn, "floatrange", range<double>::empty());
    goes_round(face, conn, "floatmultirange", multirange<double>{{range<double>::closed(1.5, 2.5)}});
}

BOOST_AUTO_TEST_SUITE_END()
