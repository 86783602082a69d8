#include "../../src/values/unknown_types.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace coropg;
using namespace coropg::detail;

namespace {

constexpr oid pair_type = 20000;
constexpr oid pairs_type = 20001;
constexpr oid domain_type = 20002;
constexpr oid stranger_type = 20003;
constexpr oid int4_type = 23;
constexpr oid record_type = 2249;

type_catalog catalog_of_pairs() {
    type_catalog types;
    type_catalog::known_type pair{pair_type, "public", "pair", 'c', 'C', 0, 0, {}};
    pair.attributes = {{"a", int4_type}, {"b", int4_type}};
    types.add(pair);
    types.add({pairs_type, "public", "_pair", 'b', 'A', pair_type, 0, {}});
    types.add({domain_type, "public", "domain", 'd', 'C', 0, pair_type, {}});
    return types;
}

std::string number_of_wire(std::int32_t value) {
    std::vector<char> bytes;
    encoder{bytes}.number(value);
    return {bytes.begin(), bytes.end()};
}

std::string part_of(oid type, const std::string& bytes) {
    return number_of_wire(static_cast<std::int32_t>(type)) + number_of_wire(static_cast<std::int32_t>(bytes.size())) +
           bytes;
}

std::string record_of(std::initializer_list<std::string> parts) {
    std::string all = number_of_wire(static_cast<std::int32_t>(parts.size()));
    for (const std::string& part : parts) all += part;
    return all;
}

std::vector<oid> unknown_in(oid type, const std::string& bytes, const type_catalog& types = catalog_of_pairs()) {
    pq::result r{PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK)};
    char name[] = "c";
    PGresAttDesc description{name, 0, 0, 1, type, -1, -1};
    PQsetResultAttrs(r.get(), 1, &description);
    std::string copy = bytes;
    PQsetvalue(r.get(), 0, 0, copy.data(), static_cast<int>(copy.size()));
    std::vector<oid> unknown;
    find_unknown_types(result{std::move(r)}, 0, types, unknown);
    return unknown;
}

const std::string one = part_of(int4_type, number_of_wire(1));

}  // namespace

BOOST_AUTO_TEST_SUITE(unknown_types)

BOOST_AUTO_TEST_CASE(a_header_that_contradicts_makes_its_type_unknown) {
    BOOST_TEST(unknown_in(pair_type, record_of({one, one})).empty());
    BOOST_TEST(unknown_in(domain_type, record_of({one, one})).empty());
    BOOST_TEST((unknown_in(pair_type, record_of({one})) == std::vector{pair_type}));
    BOOST_TEST((unknown_in(domain_type, record_of({one, one, one})) == std::vector{pair_type}));
    BOOST_TEST((unknown_in(pair_type, record_of({one, part_of(25, "x")})) == std::vector{pair_type}));
    BOOST_TEST((unknown_in(stranger_type, "") == std::vector{stranger_type}));
}

BOOST_AUTO_TEST_CASE(so_does_one_deep_in_a_record_or_an_array) {
    const auto array_of_pairs = [](const std::string& element) {
        return number_of_wire(1) + number_of_wire(0) + number_of_wire(pair_type) + number_of_wire(2) +
               number_of_wire(1) + number_of_wire(-1) + number_of_wire(static_cast<std::int32_t>(element.size())) +
               element;
    };
    const std::string good = array_of_pairs(record_of({one, one}));
    const std::string bad = array_of_pairs(record_of({one}));
    BOOST_TEST(unknown_in(pairs_type, good).empty());
    BOOST_TEST((unknown_in(pairs_type, bad) == std::vector{pair_type}));
    BOOST_TEST(unknown_in(record_type, record_of({one, part_of(pairs_type, good)})).empty());
    BOOST_TEST((unknown_in(record_type, record_of({one, part_of(pairs_type, bad), part_of(stranger_type, "")})) ==
                std::vector{pair_type, stranger_type}));
}

BOOST_AUTO_TEST_CASE(a_type_that_is_doubted_is_unknown) {
    const type_catalog types = catalog_of_pairs();
    const type_catalog copy = types;
    types.find(pair_type)->doubt();
    const std::string value = record_of({one, one});
    BOOST_TEST((unknown_in(pair_type, value, copy) == std::vector{pair_type}));
    BOOST_TEST((unknown_in(domain_type, value, copy) == std::vector{domain_type}));
    BOOST_TEST((unknown_in(record_type, record_of({part_of(pair_type, value)}), copy) == std::vector{pair_type}));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_cut_short_or_nested_without_end_are_left_to_the_reader) {
    const std::string value = record_of({one, part_of(pair_type, record_of({one, one}))});
    for (std::size_t size = 0; size < value.size(); ++size)
        BOOST_TEST(unknown_in(record_type, value.substr(0, size)).empty());
    for (std::size_t i = 0; i < value.size(); ++i)
        for (const char c : {'\x00', '\x7f', '\xff'}) {
            std::string bad = value;
            bad[i] = c;
            static_cast<void>(unknown_in(record_type, bad));
        }
    std::string deep = record_of({});
    for (int i = 0; i < 2000; ++i) deep = record_of({part_of(record_type, deep)});
    BOOST_TEST(unknown_in(record_type, deep).empty());
}

BOOST_AUTO_TEST_SUITE_END()
