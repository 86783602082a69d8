// Counts and lengths that come from the wire, of every type that has one: none is believed before it is compared with the
// bytes that are there, and none multiplied in a word that is too small for the product.
#include <coropg/types/hstore.hpp>
#include <coropg/types/pgvector.hpp>
#include <coropg/types/postgis.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <boost/dynamic_bitset.hpp>

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

using namespace types_test;
using namespace coropg;

constexpr oid some_type = 16400;

using bg_point = boost::geometry::model::d2::point_xy<double>;
using linestring = geometry<boost::geometry::model::linestring<bg_point>>;
using polygons = geometry<boost::geometry::model::multi_polygon<boost::geometry::model::polygon<bg_point>>>;

// Reads `good_hex` with the count at `offset` made larger by each power of two, so that a product with the size of an
// element, were it cut off at 32 bits, would be that of the good one.
template <class T>
void refuses_counts(std::string_view good_hex, oid type, std::size_t offset, std::size_t size = 4) {
    const std::string good = from_hex(good_hex);
    BOOST_REQUIRE_NO_THROW(read<T>(good, type, format::binary));
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
        std::string bad = good;
        std::size_t carry = std::size_t{1} << bit % 8;
        for (std::size_t at = offset + size - 1 - bit / 8; carry != 0 && at >= offset && at < bad.size(); --at) {
            carry += static_cast<unsigned char>(bad[at]);
            bad[at] = static_cast<char>(carry & 0xFFU);
            carry >>= 8U;
        }
        BOOST_TEST_CONTEXT(to_hex(bad))
        BOOST_CHECK_THROW(read<T>(bad, type, format::binary), decode_error);
    }
}

constexpr std::string_view zero8 = "0000000000000000";

std::string with(std::initializer_list<std::string_view> parts) {
    std::string all;
    for (const std::string_view part : parts) all += part;
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_counts)

BOOST_AUTO_TEST_CASE(of_arrays_and_vectors_of_the_catalogs) {
    constexpr std::string_view two = "000000010000000000000017000000020000000100000004000000010000000400000002";
    refuses_counts<std::vector<int>>(two, 1007, 0);
    refuses_counts<std::vector<int>>(two, 1007, 12);
    refuses_counts<std::vector<int>>(two, 1007, 20);
    refuses_counts<array<int>>(two, 1007, 12);
    // 65536 times 65536, and 2 to the 64, of no elements
    for (const std::string_view dimension : {"0001000000000001", "4000000000000001"}) {
        std::string all = "000000060000000000000017";
        for (int i = 0; i < 6; ++i) all += dimension;
        BOOST_CHECK_THROW(read_binary<array<int>>(all, 1007), decode_error);
    }
    constexpr std::string_view catalogs = "00000001000000000000001500000002000000000000000200010000000200020000";
    refuses_counts<int2vector>(catalogs.substr(0, catalogs.size() - 4), oids::int2vector, 12);
}

BOOST_AUTO_TEST_CASE(of_composites) {
    constexpr std::string_view two = "0000000200000017000000040000000100000017ffffffff";
    using record = std::tuple<int, std::optional<int>>;
    refuses_counts<record>(two, 2249, 0);
    refuses_counts<record>(two, 2249, 8);
}

BOOST_AUTO_TEST_CASE(of_ranges_and_multiranges) {
    constexpr std::string_view one = "02000000040000000100000004000000050";
    refuses_counts<range<int>>(one.substr(0, 34), 3904, 1);
    refuses_counts<range<int>>(one.substr(0, 34), 3904, 9);
    const std::string two = with({"00000002", "00000011", one.substr(0, 34), "0000000101"});
    refuses_counts<multirange<int>>(two, 4451, 0);
    refuses_counts<multirange<int>>(two, 4451, 4);
}

BOOST_AUTO_TEST_CASE(of_hstores) {
    constexpr std::string_view two = "00000002000000016100000001310000000162ffffffff";
    refuses_counts<hstore>(two, some_type, 0);
    refuses_counts<hstore>(two, some_type, 4);
    refuses_counts<hstore>(two, some_type, 9);
}

BOOST_AUTO_TEST_CASE(of_text_search) {
    refuses_counts<tsvector>("0000000261000001000362000000", oids::tsvector, 0);
    refuses_counts<tsvector>("0000000261000001000362000000", oids::tsvector, 6, 2);
    refuses_counts<tsquery>("000000010100006100", oids::tsquery, 0);
}

BOOST_AUTO_TEST_CASE(of_geometric_types) {
    const std::string points = with({"00000002", zero8, zero8, zero8, zero8});
    refuses_counts<polygon>(points, oids::polygon, 0);
    refuses_counts<path>("01" + points, oids::path, 1);
}

BOOST_AUTO_TEST_CASE(of_bit_strings) {
    refuses_counts<boost::dynamic_bitset<>>("00000008a5", oids::varbit, 0);
    BOOST_CHECK_THROW(read_binary<boost::dynamic_bitset<>>("00000000a5", oids::varbit), decode_error);
}

BOOST_AUTO_TEST_CASE(of_numerics) {
    refuses_counts<numeric>("0002000040000004007b1194", oids::numeric, 0, 2);
    refuses_counts<std::string>("0002000040000004007b1194", oids::numeric, 0, 2);
}

BOOST_AUTO_TEST_CASE(of_pgvector) {
    refuses_counts<vector>("000200003f800000c0200000", some_type, 0, 2);
    refuses_counts<halfvec>("000200003c00c100", some_type, 0, 2);
    refuses_counts<sparsevec>("00000005000000020000000000000000000000023fc00000c0000000", some_type, 4);
    refuses_counts<sparsevec>("000000050000000000000000", some_type, 4);
}

BOOST_AUTO_TEST_CASE(of_postgis) {
    refuses_counts<linestring>(with({"0000000002", "00000001", zero8, zero8}), some_type, 5);
    refuses_counts<polygons>(with({"0000000006", "00000001", "0000000003", "00000001", "00000001", zero8, zero8}),
                             some_type, 5);
    refuses_counts<polygons>(with({"0000000006", "00000001", "0000000003", "00000001", "00000001", zero8, zero8}),
                             some_type, 14);
    refuses_counts<polygons>(with({"0000000006", "00000001", "0000000003", "00000001", "00000001", zero8, zero8}),
                             some_type, 18);
}

BOOST_AUTO_TEST_SUITE_END()
