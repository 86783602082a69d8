#include <coropg/detail/mapping.hpp>
#include <coropg/types/types.hpp>

#include <boost/test/unit_test.hpp>

using namespace coropg;
using namespace coropg::detail;

namespace outer::inner {

template <class T>
struct boxed {
    T content;
    std::vector<std::string> tags_2;
};

}  // namespace outer::inner

namespace {

struct plain {
    int id;
    std::string name;
    std::optional<std::chrono::sys_days> born;
    double größe;
};

struct in_unnamed_namespace {
    bool yes;
};

struct with_view {
    int id;
    std::string_view name;
};

static_assert(member_names<plain>[0] == "id");
static_assert(member_names<plain>[1] == "name");
static_assert(member_names<plain>[2] == "born");
static_assert(member_names<plain>[3].size() >= 5);  // compilers differ in how they spell it
static_assert(member_names<outer::inner::boxed<plain>>[0] == "content");
static_assert(member_names<outer::inner::boxed<std::string>>[1] == "tags_2");
static_assert(member_names<in_unnamed_namespace>[0] == "yes");

static_assert(scalar<int> && scalar<std::optional<std::string>> && scalar<std::vector<int>>);
static_assert(!described<std::string> && !described<interval> && described<plain>);
static_assert(owns_its_memory<plain>() && owns_its_memory<std::tuple<int, std::optional<std::string>>>());
static_assert(!owns_its_memory<with_view>() && !owns_its_memory<std::optional<std::string_view>>());

static_assert(parameter_count<int>() == 1);
static_assert(parameter_count<std::tuple<int, std::string>>() == 2);
static_assert(parameter_count<plain>() == 4);
static_assert(parameter_count<interval>() == 1);

/// A result as the server would send it, without a server.
pq::result table(std::vector<std::pair<const char*, oid>> columns) {
    pq::result r{PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK)};
    std::vector<PGresAttDesc> descriptions;
    for (const auto& [name, type] : columns) descriptions.push_back({const_cast<char*>(name), 0, 0, 1, type, -1, -1});
    PQsetResultAttrs(r.get(), static_cast<int>(descriptions.size()), descriptions.data());
    return r;
}

void put(const pq::result& r, int row, int column, std::string bytes) {
    PQsetvalue(r.get(), row, column, bytes.data(), static_cast<int>(bytes.size()));
}

struct pair_of_names {
    int a;
    std::string b;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mapping)

BOOST_AUTO_TEST_CASE(members_find_their_columns_in_any_order) {
    const pq::result r = table({{"b", oids::text}, {"a", oids::int4}});
    put(r, 0, 0, "text");
    put(r, 0, 1, std::string("\0\0\0\5", 4));
    const auto value = row_reader<pair_of_names>{r.get()}.read(0);
    BOOST_TEST(value.a == 5);
    BOOST_TEST(value.b == "text");
    const auto by_position = row_reader<std::pair<std::string, int>>{r.get()}.read(0);
    BOOST_TEST(by_position.second == 5);
}

BOOST_AUTO_TEST_CASE(a_shape_is_checked_before_any_row_is_read) {
    BOOST_CHECK_THROW(row_reader<pair_of_names>{table({{"a", oids::int4}}).get()}, decode_error);
    BOOST_CHECK_THROW(
        (row_reader<pair_of_names>{table({{"a", oids::int4}, {"b", oids::text}, {"c", oids::text}}).get()}),
        decode_error);
    BOOST_CHECK_THROW((row_reader<pair_of_names>{table({{"a", oids::text}, {"b", oids::text}}).get()}), decode_error);
    BOOST_CHECK_THROW((row_reader<int>{table({{"a", oids::int4}, {"b", oids::int4}}).get()}), decode_error);
    BOOST_CHECK_THROW((row_reader<std::tuple<int, int>>{table({{"a", oids::int4}}).get()}), decode_error);
}

BOOST_AUTO_TEST_SUITE_END()
