#include "../support/pools.hpp"

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
    auto held = AWAIT(face.pool.acquire());
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

BOOST_AUTO_TEST_SUITE_END()
