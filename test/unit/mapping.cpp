#include <coropg/detail/values/mapping.hpp>
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

/// A result as the server would send it, without a server; `values` row by row.
result table(std::vector<std::pair<const char*, oid>> columns, std::vector<std::string> values = {}) {
    pq::result r{PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK)};
    std::vector<PGresAttDesc> descriptions;
    for (const auto& [name, type] : columns) descriptions.push_back({const_cast<char*>(name), 0, 0, 1, type, -1, -1});
    PQsetResultAttrs(r.get(), static_cast<int>(descriptions.size()), descriptions.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool is_null = values[i] == "NULL";
        PQsetvalue(r.get(), static_cast<int>(i / columns.size()), static_cast<int>(i % columns.size()),
                   is_null ? nullptr : values[i].data(), is_null ? -1 : static_cast<int>(values[i].size()));
    }
    return result{std::move(r)};
}

std::string int4(int value) {
    std::vector<char> bytes;
    encoder{bytes}.number(value);
    return {bytes.begin(), bytes.end()};
}

struct pair_of_names {
    int a;
    std::string b;
};

struct lax_pair {
    int a;
    std::string b;
};

struct with_defaults {
    int id;
    int level = 7;
    std::string nickname = "nobody";
};

struct renamed_member {
    int id;
    std::string name;
};

struct order {
    int total;
    pair_of_names customer;
    std::optional<pair_of_names> maybe;
};

struct inner_of_names {
    int id;
    int b_c;
};

/// Its members may have the columns of one another.
struct names_that_meet {
    int author_id;
    inner_of_names author;
};

struct deep_names {
    inner_of_names a;  // a.b_c
    struct {
        int c;
        int id;
    } a_b;  // a_b.c
};

struct user_id {
    int value;
};

}  // namespace

template <>
struct coropg::columns<lax_pair> {
    static constexpr bool lax = true;
};
template <>
struct coropg::columns<with_defaults> {
#if defined(__clang__) && defined(__GLIBCXX__) && _GLIBCXX_RELEASE < 13
    static constexpr std::string_view optional[]{"nickname", "level"};  // beside a string its initialiser is not seen
#else
    static constexpr std::string_view optional[]{"nickname"};
#endif
};
template <>
struct coropg::columns<renamed_member> {
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"id", "user id"}};
};
template <>
struct coropg::codec<user_id> : coropg::strong_codec<user_id> {};

BOOST_AUTO_TEST_SUITE(mapping)

BOOST_AUTO_TEST_CASE(members_find_their_columns_in_any_order) {
    const result r = table({{"b", oids::text}, {"a", oids::int4}}, {"text", int4(5)});
    const auto value = row_reader<pair_of_names>{r}.read(0);
    BOOST_TEST(value.a == 5);
    BOOST_TEST(value.b == "text");
    const auto by_position = row_reader<std::pair<std::string, int>>{r}.read(0);
    BOOST_TEST(by_position.second == 5);
}

BOOST_AUTO_TEST_CASE(all_rows_are_read_in_their_order) {
    const result r =
        table({{"a", oids::int4}, {"b", oids::text}}, {int4(1), "", int4(2), "longer than a short string"});
    const auto rows = row_reader<pair_of_names>{r}.read_all();
    BOOST_TEST_REQUIRE(rows.size() == 2);
    BOOST_TEST((rows[0].a == 1 && rows[0].b.empty()));
    BOOST_TEST((rows[1].a == 2 && rows[1].b == "longer than a short string"));
    const auto tuples = row_reader<std::tuple<std::variant<int, bool>, std::string>>{r}.read_all();
    BOOST_TEST_REQUIRE(tuples.size() == 2);
    BOOST_TEST((std::get<0>(tuples[1]) == std::variant<int, bool>{2}));
    BOOST_TEST(row_reader<pair_of_names>{table({{"a", oids::int4}, {"b", oids::text}})}.read_all().empty());
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_read_is_named_with_its_row) {
    const auto message = [](const std::string& a, const std::string& b) -> std::string {
        const result r = table({{"a", oids::int4}, {"b", oids::text}}, {int4(1), "x", a, b});
        try {
            static_cast<void>(row_reader<pair_of_names>{r}.read_all());
        } catch (const error& e) {
            return e.what();
        }
        return "no error";
    };
    BOOST_TEST(message(int4(2), "y") == "no error");
    BOOST_TEST(
        message("123", "y").starts_with("column \"a\" (int4) cannot be read as int: unexpected length 3, row 2"));
    BOOST_TEST(
        message(int4(2), "NULL").starts_with("column \"b\" (text) cannot be read as std::string: the value is NULL"));
    BOOST_TEST(message("", "y").starts_with("column \"a\" (int4) cannot be read as int: unexpected length 0, row 2"));
}

BOOST_AUTO_TEST_CASE(a_shape_is_checked_before_any_row_is_read) {
    BOOST_CHECK_THROW(row_reader<pair_of_names>{table({{"a", oids::int4}})}, decode_error);
    BOOST_CHECK_THROW((row_reader<pair_of_names>{table({{"a", oids::int4}, {"b", oids::text}, {"c", oids::text}})}),
                      decode_error);
    BOOST_CHECK_THROW((row_reader<pair_of_names>{table({{"a", oids::text}, {"b", oids::text}})}), decode_error);
    BOOST_CHECK_THROW((row_reader<int>{table({{"a", oids::int4}, {"b", oids::int4}})}), decode_error);
    BOOST_CHECK_THROW((row_reader<std::tuple<int, int>>{table({{"a", oids::int4}})}), decode_error);
}

BOOST_AUTO_TEST_CASE(extra_columns_are_an_error_unless_asked_for) {
    const result r = table({{"a", oids::int4}, {"b", oids::text}, {"c", oids::text}}, {int4(1), "b", "c"});
    BOOST_CHECK_THROW(row_reader<pair_of_names>{r}, decode_error);
    BOOST_TEST((row_reader<pair_of_names>{r, true}.read(0).b == "b"));
    BOOST_TEST((row_reader<lax_pair>{r}.read(0).b == "b"));
}

BOOST_AUTO_TEST_CASE(a_member_with_a_default_may_lack_its_column) {
    const result r = table({{"id", oids::int4}}, {int4(1)});
    const auto value = row_reader<with_defaults>{r}.read(0);
    BOOST_TEST(value.id == 1);
    BOOST_TEST(value.level == 7);
    BOOST_TEST(value.nickname == "nobody");
    BOOST_CHECK_THROW(row_reader<with_defaults>{table({{"level", oids::int4}}, {int4(1)})}, decode_error);
    BOOST_CHECK_THROW(row_reader<pair_of_names>{table({{"b", oids::text}}, {"b"})}, decode_error);
    const result all =
        table({{"level", oids::int4}, {"nickname", oids::text}, {"id", oids::int4}}, {int4(3), "x", int4(2)});
    const auto full = row_reader<with_defaults>{all}.read(0);
    BOOST_TEST(full.level == 3);
    BOOST_TEST(full.nickname == "x");
}

BOOST_AUTO_TEST_CASE(a_member_can_have_another_column) {
    const result r = table({{"user id", oids::int4}, {"name", oids::text}}, {int4(9), "Ann"});
    BOOST_TEST(row_reader<renamed_member>{r}.read(0).id == 9);
    BOOST_CHECK_THROW(row_reader<renamed_member>{table({{"id", oids::int4}, {"name", oids::text}})}, decode_error);
}

BOOST_AUTO_TEST_CASE(an_aggregate_within_an_aggregate_takes_the_columns_with_its_name_before) {
    const result r = table({{"total", oids::int4},
                            {"customer_a", oids::int4},
                            {"customer_b", oids::text},
                            {"maybe.a", oids::int4},
                            {"maybe.b", oids::text}},
                           {int4(5), int4(1), "Ann", "NULL", "NULL"});
    const auto value = row_reader<order>{r}.read(0);
    BOOST_TEST(value.total == 5);
    BOOST_TEST(value.customer.a == 1);
    BOOST_TEST(value.customer.b == "Ann");
    BOOST_TEST(!value.maybe.has_value());
    const result joined = table({{"maybe_b", oids::text},
                                 {"maybe_a", oids::int4},
                                 {"customer_b", oids::text},
                                 {"customer_a", oids::int4},
                                 {"total", oids::int4}},
                                {"Bob", int4(2), "Ann", int4(1), int4(5)});
    const auto both = row_reader<order>{joined}.read(0);
    BOOST_REQUIRE(both.maybe.has_value());
    BOOST_TEST(both.maybe->b == "Bob");
    BOOST_TEST(both.customer.a == 1);
    try {
        row_reader<order>{table({{"total", oids::int4}, {"customer_a", oids::int4}})};
        BOOST_FAIL("columns are missing");
    } catch (const decode_error& e) {
        BOOST_TEST(std::string_view{e.what()}.find("no column for member \"customer_b\"") != std::string_view::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_column_feeds_one_member_and_the_exact_name_wins) {
    const auto read = [](std::vector<std::pair<const char*, oid>> columns, bool lax = false) {
        const auto value =
            row_reader<names_that_meet>{table(std::move(columns), {int4(1), int4(2), int4(3)}), lax}.read(0);
        return std::array{value.author_id, value.author.id, value.author.b_c};
    };
    const auto int_4 = oids::int4;
    BOOST_TEST((read({{"author_id", int_4}, {"author.id", int_4}, {"author_b_c", int_4}}) == std::array{1, 2, 3}));
    BOOST_TEST((read({{"author.id", int_4}, {"author_b_c", int_4}, {"author_id", int_4}}) == std::array{3, 1, 2}));
    BOOST_CHECK_THROW(read({{"author_id", int_4}, {"author_id", int_4}, {"author.b_c", int_4}}), decode_error);
    BOOST_CHECK_THROW(read({{"author_id", int_4}, {"author.b_c", int_4}, {"other", int_4}}, true), decode_error);
    BOOST_CHECK_THROW(read({{"author.id", int_4}, {"author.b_c", int_4}, {"other", int_4}}, true), decode_error);
    const result lax = table({{"customer_a", oids::int4},
                              {"total", oids::int4},
                              {"customer.a", oids::int4},
                              {"customer_b", oids::text},
                              {"maybe_a", oids::int4},
                              {"maybe_b", oids::text}},
                             {int4(1), int4(2), int4(3), "Ann", "NULL", "NULL"});
    BOOST_TEST((row_reader<order>{lax, true}.read(0).customer.a == 3));
    BOOST_CHECK_THROW(row_reader<order>{lax}, decode_error);
}

BOOST_AUTO_TEST_CASE(a_column_that_may_be_that_of_two_members_is_refused) {
    const auto named = [](const char* third) {
        return table({{"a_id", oids::int4}, {"a_b_id", oids::int4}, {"a_b_c", oids::int4}, {third, oids::int4}},
                     {int4(1), int4(2), int4(3), int4(4)});
    };
    const auto value = row_reader<deep_names>{named("a.b_c")}.read(0);
    BOOST_TEST((value.a.b_c == 4 && value.a_b.c == 3 && value.a.id == 1 && value.a_b.id == 2));
    try {
        row_reader<deep_names>{named("other"), true};
        BOOST_FAIL("a column has two members");
    } catch (const decode_error& e) {
        BOOST_TEST(std::string_view{e.what()}.find("call it \"a.b_c\" or \"a_b.c\"") != std::string_view::npos);
    }
}

BOOST_AUTO_TEST_CASE(an_initialiser_that_cannot_be_seen_is_told_how_to_be_named) {
    struct no_literal {
        std::shared_ptr<int> owner;
        int count = 5;
    };
    static_assert(!initialised_scalar<no_literal, 1>);
    const leaf leaves[]{{{"id"}, false}, {{"count"}, false}};
    column found[2];
    try {
        find_columns(table({{"id", oids::int4}}), leaves, found, false, "no_literal");
        BOOST_FAIL("a column is missing");
    } catch (const decode_error& e) {
        BOOST_TEST(std::string_view{e.what()}.find("coropg::columns<...>::optional") != std::string_view::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_variant_holds_what_the_column_is) {
    using any = std::variant<std::monostate, int, std::string>;
    const result r = table({{"n", oids::int4}, {"t", oids::text}, {"z", oids::int4}}, {int4(4), "four", "NULL"});
    const auto [n, t, z] = row_reader<std::tuple<any, any, any>>{r}.read(0);
    BOOST_TEST(std::get<int>(n) == 4);
    BOOST_TEST(std::get<std::string>(t) == "four");
    BOOST_TEST(std::holds_alternative<std::monostate>(z));
    BOOST_CHECK_THROW((row_reader<std::variant<bool, double>>{table({{"n", oids::int4}}, {int4(4)})}), decode_error);
}

BOOST_AUTO_TEST_CASE(a_strong_typedef_is_read_as_its_member) {
    const result r = table({{"id", oids::int4}}, {int4(4)});
    BOOST_TEST(row_reader<user_id>{r}.read(0).value == 4);
    BOOST_TEST(row_reader<std::optional<user_id>>{r}.read(0)->value == 4);
}

BOOST_AUTO_TEST_SUITE_END()
