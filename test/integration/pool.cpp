#include "../support/pools.hpp"

#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(pools)

BOOST_AUTO_TEST_CASE_TEMPLATE(it_connects_when_asked_and_lends_again_what_came_back, Face, both_faces) {
    pool_of<Face> face;
    int pid = 0;
    {
        auto conn = AWAIT(face.pool.acquire());
        pid = conn->backend_pid();
        BOOST_TEST(AWAIT(conn->template fetch_one<int>("SELECT 1")) == 1);
        BOOST_TEST(face.pool.stats().lent == 1U);
    }
    auto conn = AWAIT(face.pool.acquire());
    BOOST_TEST(conn->backend_pid() == pid);
    BOOST_TEST(face.pool.stats().pool_size == 1U);
    BOOST_TEST(face.pool.stats().connections_num == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(it_is_ready_once_the_smallest_size_is_up, Face, both_faces) {
    pool_of<Face> face{{.min_size = 3}};
    AWAIT(face.pool.wait());
    BOOST_TEST(face.pool.stats().pool_available == 3U);
}

BOOST_AUTO_TEST_CASE(statements_need_no_connection_of_ones_own) {
    pool_of<async_face> face{{.max_size = 2}};
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT $1 + 1", 41)) == 42);
    std::vector<asio::awaitable<int>> work;
    for (int i = 0; i < 500; ++i) work.push_back(face.pool.fetch_one<int>("SELECT $1::int", i));
    const std::vector<int> answers = AWAIT(gather(std::move(work)));
    for (int i = 0; i < 500; ++i) BOOST_REQUIRE(answers[static_cast<std::size_t>(i)] == i);
    BOOST_TEST(face.pool.stats().pool_size <= 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_error_is_that_of_its_statement, Face, both_faces) {
    pool_of<Face> face;
    ERROR_OF(errors::division_by_zero, face.pool.execute("SELECT 1/0"));
    BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE(a_transaction_has_a_connection_of_its_own) {
    pool_of<async_face> face{{.max_size = 2}};
    auto work = [](coropg::transaction& tx) -> asio::awaitable<int> {
        co_await tx.execute("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 7 AS n");
        co_return co_await tx.fetch_one<int>("SELECT n FROM t");
    };
    BOOST_TEST(AWAIT(face.pool.transaction(work)) == 7);
    ERROR_OF(errors::read_only_sql_transaction, face.pool.transaction({.read_only = true}, work));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(scripts_many_rows_and_pipelines_run_on_it_too, Face, both_faces) {
    pool_of<Face> face;
    AWAIT(face.pool.execute_script("DROP TABLE IF EXISTS pool_rows; CREATE TABLE pool_rows (n int)"));
    const std::vector<int> rows{1, 2, 3};
    BOOST_TEST(AWAIT(face.pool.execute_many("INSERT INTO pool_rows VALUES ($1)", rows)) == 3U);
    auto p = face.pool.pipeline();
    auto count = p.template fetch_one<std::int64_t>("SELECT count(*) FROM pool_rows");
    AWAIT(p.run());
    BOOST_TEST(count.get() == 3);
    AWAIT(face.pool.execute("DROP TABLE pool_rows"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(who_waits_too_long_hears_who_holds_the_connections, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1, .acquire_timeout = 50ms, .name = "small"}};
    auto held = after_login([&] { return AWAIT(face.pool.acquire()); });
    const auto line = std::source_location::current().line() - 1;
    AWAIT(held->execute("SELECT 'held'"));
    const auto e = ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(e.snapshot().busy == 1U);
    BOOST_REQUIRE(e.snapshot().holders.size() == 1U);
    BOOST_TEST(e.snapshot().holders[0].where.line() == line);
    BOOST_TEST(e.snapshot().holders[0].sql == "SELECT 'held'");
    BOOST_TEST(std::string{e.what()}.find("the pool \"small\"") != std::string::npos, e.what());
    held.release();
    BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_user_did_to_the_session_is_gone_for_the_next, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    int pid = 0;
    {
        auto conn = AWAIT(face.pool.acquire());
        pid = conn->backend_pid();
        AWAIT(conn->execute("SET search_path = nowhere"));
        AWAIT(conn->execute("BEGIN"));
    }
    auto conn = AWAIT(face.pool.acquire());
    BOOST_TEST(conn->backend_pid() == pid);
    BOOST_TEST(AWAIT(conn->template fetch_one<std::string>("SHOW search_path")) != "nowhere");
    BOOST_TEST(AWAIT(conn->template fetch_one<bool>("SELECT pg_current_xact_id_if_assigned() IS NULL")));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_transaction_ends_when_its_connection_goes_back, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    for (const bool is_discarded : {false, true}) {
        auto conn = AWAIT(face.pool.acquire());
        auto tx = AWAIT(conn->begin());
        AWAIT(tx.execute("SELECT 1"));
        is_discarded ? conn.discard() : conn.release();
        ERROR_OF(usage_error, tx.execute("SELECT 2"));
        BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT 1")) == 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_that_was_cancelled_leaves_its_connection_to_the_next_user, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    int pid = AWAIT(face.pool.template fetch_one<int>("SELECT pg_backend_pid()"));
    for (int i = 0; i < 10; ++i) {
        {
            auto conn = AWAIT(face.pool.acquire());
            ERROR_OF(query_timeout, conn->with({.timeout = 10ms}).execute("SELECT pg_sleep(10)"));
        }
        const auto start = std::chrono::steady_clock::now();
        BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT pg_backend_pid()")) == pid);
        BOOST_TEST((std::chrono::steady_clock::now() - start < within(500ms)));
    }
    BOOST_TEST(face.pool.stats().returns_bad == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_free_is_had_without_waiting_however_long_it_was_unused, Face, both_faces) {
    for (const auto check_after_idle : {0ms, 10ms}) {
        pool_of<Face> face{{.min_size = 2, .max_size = 2, .check_after_idle = check_after_idle}};
        AWAIT(face.pool.wait());
        for (int i = 0; i < 3; ++i) {
            std::this_thread::sleep_for(20ms);  // unused for long
            auto first = AWAIT(face.pool.try_acquire());
            auto second = AWAIT(face.pool.try_acquire());
            BOOST_TEST((first && second));
            BOOST_TEST(!AWAIT(face.pool.try_acquire()));
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pool_is_moved_with_all_that_it_has, Face, both_faces) {
    pool_of<Face> face{{.name = "first"}};
    pool_of<Face> other{{.name = "second"}};
    std::swap(face.pool, other.pool);
    BOOST_TEST(AWAIT(other.pool.template fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(other.pool.stats().connections_num == 1U);
    BOOST_TEST(face.pool.stats().connections_num == 0U);
    std::swap(face.pool, other.pool);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(who_was_refused_for_good_may_ask_again, Face, both_faces) {
    pool_of<Face> face{{.min_size = 1}};
    std::string database = "no_such_database";
    const auto choose = [&database](conninfo& each) { each.dbname(database); };
    if constexpr (Face::is_async)
        face.pool.before_connect([&choose](conninfo& each) -> asio::awaitable<void> {
            choose(each);
            co_return;
        });
    else
        face.pool.before_connect(choose);
    VOID_ERROR_OF(connection_error, face.pool.wait());
    VOID_ERROR_OF(connection_error, face.pool.wait());
    database = conninfo{dsn()}.get("dbname");
    AWAIT(face.pool.wait());
    BOOST_TEST(face.pool.stats().pool_available == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_may_wait_for_ever, Face, both_faces) {
    pool_of<Face> face;
    AWAIT(face.pool.execute("SELECT 1"));
    AWAIT(face.pool.close(std::chrono::milliseconds::max()));
    BOOST_TEST(face.pool.stats().pool_size == 0U);
}

BOOST_AUTO_TEST_CASE(the_options_of_a_transaction_are_read_at_the_call) {
    pool_of<async_face> face;
    const auto show = [](coropg::transaction& tx) -> asio::awaitable<std::string> {
        co_return co_await tx.fetch_one<std::string>("SHOW application_name");
    };
    std::vector<asio::awaitable<std::string>> work;
    for (int i = 0; i < 3; ++i) {
        const std::string value(40, static_cast<char>('a' + i));
        const std::vector<setting> settings{{"application_name", value}};
        work.push_back(face.pool.transaction({.set_local = settings}, show));
    }
    const std::vector<std::string> seen = AWAIT(gather(std::move(work)));
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(seen[static_cast<std::size_t>(i)] == std::string(40, static_cast<char>('a' + i)));
    const std::vector<setting> unsafe{{"a; b", "c"}};
    BOOST_CHECK_THROW((void)face.pool.transaction({.set_local = unsafe}, show), usage_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_whose_time_is_up_while_it_waits_for_a_connection_says_so, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    auto held = AWAIT(face.pool.acquire());
    for (const bool is_plain : {true, false}) {
        const auto e =
            ERROR_OF(query_timeout,
                     face.pool.with({.timeout = 20ms}).execute(unchecked_sql{is_plain ? "SELECT 1" : "SET a.b = 1"}));
        BOOST_TEST((e.outcome() == outcome::not_sent));
        BOOST_TEST(contains(e.what(), "1 busy"), e.what());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(options_of_a_pool_limit_the_wait_for_a_transaction, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    auto held = AWAIT(face.pool.acquire());
    int runs = 0;
    const auto work = [&](typename pool_of<Face>::transaction& tx) {
        ++runs;
        return tx.template fetch_one<int>("SELECT 1");
    };
    const auto by_timeout = ERROR_OF(query_timeout, face.pool.with({.timeout = 20ms}).transaction(work));
    BOOST_TEST((by_timeout.outcome() == outcome::not_sent));
    BOOST_TEST(contains(by_timeout.what(), "1 busy"), by_timeout.what());
    BOOST_CHECK_THROW((void)AWAIT(face.pool.with({.deadline = 20ms}).transaction({.read_only = true}, work)),
                      query_timeout);
    BOOST_CHECK_THROW((void)AWAIT(face.pool.with({.timeout = 20ms}).acquire()), query_timeout);
    BOOST_CHECK_THROW((void)AWAIT(face.pool.with({.deadline = 20ms}).acquire()), query_timeout);
    BOOST_TEST(runs == 0);
    held.release();
    BOOST_TEST(AWAIT(face.pool.with({.timeout = 1min}).transaction(work)) == 1);
    BOOST_TEST(face.pool.stats().requests_waiting == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(who_waits_in_vain_sees_no_value_of_the_holders, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1, .acquire_timeout = 50ms}};
    auto held = after_login([&] { return AWAIT(face.pool.acquire()); });
    AWAIT(held->execute(sql::text("SELECT ") + sql::literal("s3cret")));
    const auto e = ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(contains(e.what(), "SELECT '...'"), e.what());
    BOOST_TEST(!contains(e.what(), "s3cret"), e.what());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(statements_of_a_pools_transaction_carry_its_options, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    const auto prints = [](typename pool_of<Face>::transaction& tx) {
        return tx.template fetch_one<std::string>("SELECT ARRAY[current_setting('transaction_read_only') = 'on']");
    };
    BOOST_TEST(AWAIT(face.pool.with({.text_results = true}).transaction({.read_only = true}, prints)) == "{t}");
    BOOST_TEST(AWAIT(face.pool.with({.text_results = true}).transaction(prints)) == "{f}");
    const auto prints_one = [](typename pool_of<Face>::transaction& tx) {
        return tx.template fetch_one<std::string>("SELECT '1'");
    };
    const auto sleeps = [](typename pool_of<Face>::transaction& tx) {
        return tx.template fetch_one<std::string>("SELECT pg_sleep(60)::text");
    };
    for (const bool by_deadline : {false, true}) {
        AWAIT(face.pool.transaction({}, prints_one));  // what was cancelled has come back
        const call_options options = by_deadline ? call_options{.deadline = 500ms} : call_options{.timeout = 500ms};
        const auto e = ERROR_OF(query_timeout, face.pool.with(options).transaction(sleeps));
        BOOST_TEST(contains(e.what(), "pg_sleep"), e.what());
    }
    BOOST_CHECK_THROW((void)AWAIT(face.pool.transaction(prints)), decode_error);
}

// The lease is an ordinary one: the options were for the wait.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_acquired_with_options_does_not_carry_them, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    auto conn = AWAIT(face.pool.with({.timeout = 1min, .text_results = true}).acquire());
    BOOST_TEST((AWAIT(conn->execute("SELECT 1"))[0][0].raw().wire_format() == format::binary));
    BOOST_TEST(face.pool.stats().lent == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
