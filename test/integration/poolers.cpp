// Behind PgBouncer in transaction mode: each statement may meet another server connection, and other clients' statements.
#include "../support/pgbouncer.hpp"

#include <numeric>

using namespace coropg;
using namespace coropg::test;

namespace {

constexpr int queries = 100'000;
constexpr int asking = 32;
constexpr int questions_of_each = queries / asking;

/// Asks for what only it can expect, by the same SQL as all others; returns how often it got something else.
asio::awaitable<int> ask(coropg::connection& conn, int who, bool negates) {
    int foreign = 0;
    for (int i = 0; i < questions_of_each; ++i) {
        const int tag = who * questions_of_each + i;
        if (i % 4 == 0) {
            // The same place in each client's order, but other SQL.
            const unchecked_sql sql{negates ? "SELECT -$1::int" : "SELECT $1::int"};
            const int answer = co_await conn.fetch_one<int>(sql, tag);
            foreign += answer != (negates ? -tag : tag);
        } else {
            const auto [number, text] =
                co_await conn.fetch_one<std::tuple<int, std::string>>("SELECT $1::int, $2::text", tag, "it's mine");
            foreign += number != tag || text != "it's mine";
        }
    }
    co_return foreign;
}

/// All that ask, spread over so many connections; returns how many rows were not meant for who got them.
int foreign_rows(const pgbouncer& pooler, int clients) {
    async_face face;
    std::vector<coropg::connection> connections;
    for (int i = 0; i < clients; ++i) connections.push_back(face.connect(pooler.info()));
    std::vector<asio::awaitable<int>> work;
    for (int i = 0; i < asking; ++i)
        work.push_back(ask(connections[static_cast<std::size_t>(i % clients)], i, i % 2 == 0));
    const std::vector<int> foreign = AWAIT(gather(std::move(work)));
    return std::accumulate(foreign.begin(), foreign.end(), 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(poolers)

BOOST_AUTO_TEST_CASE(clients_with_the_same_sql_get_no_row_of_another) {
    if (!pgbouncer::is_installed()) return;
    const pgbouncer pooler;
    BOOST_TEST(foreign_rows(pooler, asking) == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(statements_that_another_server_does_not_have_heal, Face, both_faces) {
    if (!pgbouncer::is_installed()) return;
    const pgbouncer pooler;
    Face face;
    auto conn = face.connect(pooler.info());
    auto holder = face.connect(pooler.info());
    for (int i = 0; i < 3; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1::int", i)) == i);
    // A transaction holds the server connection that has the statement; the other one has not.
    auto tx = AWAIT(holder.begin());
    AWAIT(tx.execute("SELECT 1"));
    for (int i = 0; i < 5; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1::int", i)) == i);
    auto p = conn.pipeline();
    auto healed = p.template fetch_one<int>("SELECT $1::int", 7);
    AWAIT(p.run());
    BOOST_TEST(healed.get() == 7);
    AWAIT(tx.commit());
    for (int i = 0; i < 5; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1::int", i)) == i);

    // ALTER TABLE, seen by neither connection.
    AWAIT(holder.execute_script(
        "DROP TABLE IF EXISTS pooled; CREATE TABLE pooled (id int); INSERT INTO pooled VALUES (1)"));
    for (int i = 0; i < 6; ++i) BOOST_TEST(AWAIT(conn.execute("SELECT * FROM pooled")).size() == 1U);
    AWAIT(holder.execute("ALTER TABLE pooled ADD COLUMN more int"));
    for (int i = 0; i < 6; ++i) BOOST_TEST(AWAIT(conn.execute("SELECT * FROM pooled")).columns() == 2U);
    AWAIT(holder.execute("DISCARD ALL"));
    for (int i = 0; i < 6; ++i) BOOST_TEST(AWAIT(conn.execute("SELECT * FROM pooled")).columns() == 2U);
    AWAIT(holder.execute("DROP TABLE pooled"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(poolers_and_pipelines)

// Before 1.21 it could let go of a server between a statement and its Sync, behind the answer to the statement before.
BOOST_AUTO_TEST_CASE(clients_that_pipeline_get_no_row_of_another) {
    if (!pgbouncer::is_installed("1.21")) return;
    const pgbouncer pooler;
    BOOST_TEST(foreign_rows(pooler, 2) == 0);
}

BOOST_AUTO_TEST_CASE(pools_with_the_same_sql_lose_no_transaction) {
    if (!pgbouncer::is_installed()) return;
    const pgbouncer pooler;
    {
        auto conn = sync::connect(pooler.info());
        conn.execute_script("DROP TABLE IF EXISTS pooled_twice; CREATE TABLE pooled_twice (id int)");
    }
    asio::io_context io;
    constexpr int users = 20;
    constexpr int rounds_of_each = 500;
    const pool_options options{.max_size = 4, .prepare = prepare::never};
    pool one{io.get_executor(), pooler.info(), options};
    pool two{io.get_executor(), pooler.info(), options};
    const auto use = [](pool& from) -> asio::awaitable<void> {
        for (int i = 0; i < rounds_of_each; ++i)
            co_await from.transaction([i](transaction& tx) -> asio::awaitable<void> {
                co_await tx.execute("INSERT INTO pooled_twice VALUES ($1)", i);
                co_await tx.fetch_one<int>("SELECT $1::int", i);
            });
    };
    std::exception_ptr problem;
    const auto all = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> work;
        for (int i = 0; i < users; ++i) work.push_back(use(i % 2 == 0 ? one : two));
        co_await gather(std::move(work));
        co_await one.close();
        co_await two.close();
    };
    asio::co_spawn(io, all(), [&](std::exception_ptr e) { problem = e; });
    io.run();
    if (problem) std::rethrow_exception(problem);
    auto conn = sync::connect(pooler.info());
    BOOST_TEST(conn.fetch_one<std::int64_t>("SELECT count(*) FROM pooled_twice") == users * rounds_of_each);
    conn.execute("DROP TABLE pooled_twice");
}

BOOST_AUTO_TEST_SUITE_END()
