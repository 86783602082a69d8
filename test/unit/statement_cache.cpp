#include <coropg/detail/session/statement_cache.hpp>
#include <coropg/types/types.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace coropg;
using namespace coropg::detail;

namespace {

using way = statement_cache::plan::way;

/// A unit of one statement, as the verbs make it.
template <class... Args>
unit one(std::string sql, const Args&... args) {
    unit u{{}, std::source_location::current()};
    const unchecked_sql text{std::move(sql)};
    u.add(sql_view{text}, sizeof...(Args));
    (u.parameters.add(args), ...);
    return u;
}

statement_cache::plan next(statement_cache& cache, const unit& u) {
    const command& c = u.commands[0];
    return cache.next(u, c, u.parameters.types(c.first_parameter, c.parameter_count));
}

way use(statement_cache& cache, unit& u, prepare mode = prepare::automatic) {
    u.preparing = mode;
    return next(cache, u).how;
}

way use(statement_cache& cache, unit&& u, prepare mode = prepare::automatic) { return use(cache, u, mode); }

void parsed(statement_cache& cache, const unit& u, bool succeeded = true) { cache.parsed(u, u.commands[0], succeeded); }

}  // namespace

BOOST_AUTO_TEST_SUITE(statement_cache_)

BOOST_AUTO_TEST_CASE(the_second_use_prepares_and_later_ones_run) {
    statement_cache cache;
    unit u = one("SELECT $1", 1);
    BOOST_TEST((use(cache, u) == way::unnamed));
    BOOST_TEST((use(cache, u) == way::parse_and_run));
    BOOST_TEST((use(cache, one("SELECT $1", 2)) == way::unnamed));  // its Parse is not answered yet
    BOOST_TEST((use(cache, u) == way::run));                        // it stands or falls with it
    parsed(cache, u);
    BOOST_TEST((use(cache, u) == way::run));
}

BOOST_AUTO_TEST_CASE(a_failed_parse_is_tried_again) {
    statement_cache cache;
    unit u = one("SELECT $1", 1);
    use(cache, u);
    use(cache, u);
    parsed(cache, u, false);
    BOOST_TEST((use(cache, u) == way::parse_and_run));
}

BOOST_AUTO_TEST_CASE(modes_override_the_count) {
    statement_cache cache;
    unit u = one("SELECT 1");
    BOOST_TEST((use(cache, u, prepare::never) == way::unnamed));
    BOOST_TEST(cache.size() == 0U);
    BOOST_TEST((use(cache, u, prepare::always) == way::parse_and_run));
    parsed(cache, u);
    BOOST_TEST((use(cache, u, prepare::never) == way::unnamed));
    BOOST_TEST((use(cache, u) == way::run));
}

BOOST_AUTO_TEST_CASE(names_depend_on_text_and_types_alone) {
    statement_cache first;
    statement_cache second;
    unit ints = one("SELECT $1", 1);
    unit doubles = one("SELECT $1", 1.0);
    const auto name = [](statement_cache& cache, auto&& u) {
        u.preparing = prepare::always;
        return std::string{next(cache, u).name};
    };
    const std::string a = name(first, ints);
    BOOST_TEST(a == name(second, ints));
    BOOST_TEST(a != name(first, doubles));
    BOOST_TEST(a != name(first, one("SELECT $1 ", 1)));
    BOOST_TEST(a.size() < 64U);
}

// A pooler that keeps statements itself would end the connection.
BOOST_AUTO_TEST_CASE(no_name_is_parsed_twice) {
    statement_cache cache{1};
    unit a = one("SELECT $1", 1);
    unit b = one("SELECT $1", 1.0);
    std::set<std::string> names;
    const auto parse = [&](unit& u, bool succeeds = true) {
        u.preparing = prepare::always;
        const statement_cache::plan found = next(cache, u);
        BOOST_TEST((found.how == way::parse_and_run));
        BOOST_TEST(names.insert(found.name).second);
        BOOST_TEST(names.rbegin()->size() < 64U);
        parsed(cache, u, succeeds);
    };
    parse(a, false);  // skipped by the server, or refused
    parse(a);
    cache.forget(a, a.commands[0]);  // healed
    parse(a);
    parse(b);  // for which a had to go
    parse(a);
    cache.forget_ready();  // DISCARD ALL by its user
    parse(a);
    cache.clear();  // a reset
    parse(a);
}

BOOST_AUTO_TEST_CASE(the_least_recently_used_statement_is_evicted) {
    statement_cache cache{2};
    unit a = one("a");
    unit b = one("b");
    unit c = one("c");
    for (unit* u : {&a, &b}) {
        use(cache, *u, prepare::always);
        parsed(cache, *u);
    }
    BOOST_TEST((use(cache, a) == way::run));
    use(cache, c);
    BOOST_TEST(cache.size() == 2U);
    const auto evicted = cache.take_evicted();
    BOOST_TEST_REQUIRE(evicted.size() == 1U);
    BOOST_TEST(cache.take_evicted().empty());
    BOOST_TEST((use(cache, a) == way::run));
    BOOST_TEST((use(cache, b) == way::unnamed));  // seen for the first time again
}

BOOST_AUTO_TEST_CASE(no_more_are_prepared_while_many_wait_to_be_deallocated) {
    statement_cache cache{2};
    std::size_t prepared = 0;
    for (int i = 0; i < 4000; ++i) {
        unit u = one("SELECT " + std::to_string(i));
        if (use(cache, u, prepare::always) != way::parse_and_run) continue;
        parsed(cache, u);
        ++prepared;
    }
    BOOST_TEST(prepared <= 2U + 256U);
    cache.take_evicted();
    unit next_one = one("SELECT 'next'");
    BOOST_TEST((use(cache, next_one, prepare::always) == way::parse_and_run));
}

BOOST_AUTO_TEST_CASE(statements_that_are_being_parsed_are_not_evicted) {
    statement_cache cache{1};
    unit a = one("a");
    use(cache, a, prepare::always);
    BOOST_TEST((use(cache, one("b"), prepare::always) == way::unnamed));
    parsed(cache, a);
    BOOST_TEST((use(cache, a) == way::run));
}

BOOST_AUTO_TEST_CASE(what_is_parsed_behind_the_servers_forgetting_stays) {
    statement_cache cache;
    unit before = one("SELECT 1");
    unit behind = one("SELECT 2");
    use(cache, before, prepare::always);
    parsed(cache, before);
    use(cache, behind, prepare::always);
    cache.forget_ready();
    parsed(cache, behind);
    BOOST_TEST((use(cache, before) == way::unnamed));
    BOOST_TEST((use(cache, behind) == way::run));
}

BOOST_AUTO_TEST_CASE(clear_forgets_without_deallocating_and_forget_deallocates) {
    statement_cache cache;
    unit u = one("SELECT 1");
    use(cache, u, prepare::always);
    parsed(cache, u);
    cache.forget(u, u.commands[0]);
    BOOST_TEST(cache.take_evicted().size() == 1U);
    use(cache, u, prepare::always);
    cache.clear();
    parsed(cache, u);  // the answer of a Parse from before
    BOOST_TEST(cache.size() == 0U);
    BOOST_TEST(cache.take_evicted().empty());
}

BOOST_AUTO_TEST_CASE(a_statement_that_has_failed_in_binary_comes_in_text) {
    statement_cache cache;
    unit u = one("SELECT seg FROM segs WHERE id = $1", 1);
    BOOST_TEST(!next(cache, u).in_text);
    cache.ask_for_text(u.text_of(u.commands[0]));
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(next(cache, u).in_text);
        parsed(cache, u);
    }
    BOOST_TEST(next(cache, one("SELECT seg FROM segs WHERE id = $1", std::int64_t{1})).in_text);
    BOOST_TEST(!next(cache, one("SELECT seg FROM segs", 1)).in_text);
    u.preparing = prepare::never;
    BOOST_TEST(next(cache, u).in_text);
    // it is known by its text, not as long as it is prepared
    cache.clear();
    BOOST_TEST(next(cache, u).in_text);
    u.preparing = prepare::automatic;
    BOOST_TEST(next(cache, u).in_text);
}

BOOST_AUTO_TEST_CASE(so_many_texts_are_remembered_as_those_of_statements_in_text) {
    statement_cache cache{4};
    const auto text = [](int i) { return "SELECT seg" + std::to_string(i); };
    for (int i = 0; i < 300; ++i) {
        const unit u = one(text(i));
        cache.ask_for_text(u.text_of(u.commands[0]));
        cache.ask_for_text(u.text_of(u.commands[0]));
    }
    BOOST_TEST(!next(cache, one(text(43))).in_text);
    for (int i = 44; i < 300; ++i) BOOST_TEST(next(cache, one(text(i))).in_text);
}

BOOST_AUTO_TEST_CASE(what_shows_privileges_comes_in_text_from_the_start) {
    const auto is_in_text = [](const char* sql, prepare how) {
        statement_cache cache;
        unit u = one(sql);
        u.preparing = how;
        return next(cache, u).in_text;
    };
    for (const prepare how : {prepare::automatic, prepare::always, prepare::never}) {
        for (const char* sql :
             {"SELECT * FROM pg_class", "select c.* from pg_catalog.pg_class c", "SELECT RELACL FROM PG_CLASS",
              "TABLE pg_proc", "SELECT datacl FROM \"pg_database\"", "SELECT initprivs FROM pg_init_privs",
              "WITH a AS (SELECT relacl FROM pg_class) SELECT * FROM a", "SELECT spcacl,1 FROM(pg_tablespace)"})
            BOOST_TEST(is_in_text(sql, how), sql);
        for (const char* sql : {"SELECT * FROM users", "SELECT relname FROM pg_class", "SELECT * FROM pg_stat_activity",
                                "SELECT pg_sleep(1) * 2", "SELECT count(*) FROM pg_class", "SELECT * FROM pg_classes",
                                "SELECT * FROM my_pg_class", "SELECT relacl FROM users", "SELECT", ""})
            BOOST_TEST(!is_in_text(sql, how), sql);
    }
}

BOOST_AUTO_TEST_SUITE_END()
