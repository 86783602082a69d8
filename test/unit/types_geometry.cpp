// The geometric types are their numbers, in the order in which the server sends them.
#include <coropg/types/geometry.hpp>

#include "types_support.hpp"

#include <cmath>
#include <limits>

namespace {

using namespace types_test;
using namespace coropg;

template <class T>
void agrees(std::string_view hex, std::string_view text, const T& value) {
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST((read_binary<T>(hex, codec<T>::type.oid) == value));
        BOOST_TEST((read_text<T>(text, codec<T>::type.oid) == value));
        BOOST_TEST(write_hex(value) == hex);
        attack_both<T>(hex, text, codec<T>::type.oid, 300);
        for (const char* bad :
             {"", "(", "1,2", "(1,2", "(1;2)", "(1,2)x", "(x,2)", "[(1,2)", "((1,2)", "()", "[]", "(1, 2)"})
            BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(read_text<T>(bad, codec<T>::type.oid), decode_error);
        BOOST_CHECK_THROW(read_binary<T>(std::string{hex} + "00", codec<T>::type.oid), decode_error);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_geometry)

BOOST_AUTO_TEST_CASE(each_type_reads_and_writes) {
    agrees("3ff00000000000004004000000000000", "(1,2.5)", point{1, 2.5});
    agrees("3ff000000000000040000000000000004008000000000000", "{1,2,3}", line{1, 2, 3});
    agrees("3ff0000000000000400000000000000040080000000000004010000000000000", "[(1,2),(3,4)]", lseg{{1, 2}, {3, 4}});
    agrees("400800000000000040100000000000003ff00000000000004000000000000000", "(3,4),(1,2)", box{{3, 4}, {1, 2}});
    agrees("00000000023ff0000000000000400000000000000040080000000000004010000000000000", "[(1,2),(3,4)]",
           path{{{1, 2}, {3, 4}}});
    agrees("01000000023ff0000000000000400000000000000040080000000000004010000000000000", "((1,2),(3,4))",
           path{{{1, 2}, {3, 4}}, true});
    agrees("000000033ff000000000000040000000000000004008000000000000401000000000000040140000000000004018000000000000",
           "((1,2),(3,4),(5,6))", polygon{{{1, 2}, {3, 4}, {5, 6}}});
    agrees("3ff000000000000040000000000000004008000000000000", "<(1,2),3>", circle{{1, 2}, 3});
}

BOOST_AUTO_TEST_CASE(numbers_are_read_as_the_server_prints_them) {
    BOOST_TEST((read_text<point>("(1e+300,-1e-07)", oids::point) == point{1e300, -1e-7}));
    BOOST_TEST((read_text<point>("(-Infinity,Infinity)", oids::point).x == -std::numeric_limits<double>::infinity()));
    BOOST_TEST(std::isnan(read_text<point>("(NaN,0)", oids::point).x));
    BOOST_TEST(std::signbit(read_text<point>("(-0,0)", oids::point).x));
}

BOOST_AUTO_TEST_CASE(counts_of_points_are_checked_before_they_are_believed) {
    for (const char* hex : {"", "000000", "ffffffff", "7fffffff", "00000001", "000000013ff0000000000000",
                            "000000003ff00000000000004004000000000000"})
        BOOST_TEST_CONTEXT(hex) BOOST_CHECK_THROW(read_binary<polygon>(hex, oids::polygon), decode_error);
    BOOST_CHECK_THROW(read_binary<path>("017fffffff", oids::path), decode_error);
}

BOOST_AUTO_TEST_CASE(what_postgresql_cannot_hold_is_not_sent) {
    BOOST_CHECK_THROW(write(path{}), usage_error);
    BOOST_CHECK_THROW(write(polygon{}), usage_error);
    BOOST_CHECK_THROW(write(line{0, 0, 1}), usage_error);
    BOOST_CHECK_THROW(write(circle{{0, 0}, -1}), usage_error);
}

BOOST_AUTO_TEST_SUITE_END()
