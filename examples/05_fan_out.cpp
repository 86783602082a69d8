// Several statements at once, as asyncio.gather: pipelined on one connection, in parallel on several.

#include "example.hpp"

#include <coropg/coropg.hpp>

using namespace std::chrono_literals;

void report(std::exception_ptr problem) try { std::rethrow_exception(problem); } catch (const coropg::server_error& e) {
    std::cout << e.message() << '\n';
}

asio::awaitable<void> fan_out() {
    coropg::connection conn = co_await coropg::connect(dsn());

    // Different questions on one connection: both are sent before the first is answered.
    auto [answer, words] = co_await coropg::gather(conn.fetch_one<int>("SELECT 42"),
                                                   conn.fetch<std::string>("SELECT unnest($1::text[])", "{one,two}"));
    expect(answer == 42 && words.size() == 2);

    // As many as you like of one type.
    std::vector<asio::awaitable<int>> squares;
    for (int i = 0; i < 100; ++i) squares.push_back(conn.fetch_one<int>("SELECT $1::int * $1", i));
    std::vector<int> results = co_await coropg::gather(std::move(squares));
    expect(results.size() == 100 && results[99] == 99 * 99);

    // A value or an error for each, with no more than 8 under way at a time.
    std::vector<asio::awaitable<int>> shares;
    for (int i = 0; i < 100; ++i) shares.push_back(conn.fetch_one<int>("SELECT 100 / $1::int", i));
    auto ends = co_await coropg::gather_settled({.max_concurrency = 8}, std::move(shares));
    for (const coropg::settled<int>& end : ends)
        if (!end.has_value()) report(end.error());
    expect(!ends[0].has_value() && ends[3].value() == 33);

    // One that fails takes no other with it: gather throws when all have ended.
    co_await conn.execute("CREATE TEMP TABLE seen (id int PRIMARY KEY)");
    try {
        co_await coropg::gather(conn.execute("INSERT INTO seen VALUES ($1)", 1),
                                conn.execute("INSERT INTO seen VALUES ($1)", 1),
                                conn.execute("INSERT INTO seen VALUES ($1)", 2));
        expect(false);
    } catch (const coropg::errors::unique_violation&) {
    }
    expect(co_await conn.fetch_one<int>("SELECT count(*) FROM seen") == 2);

    // Several connections, opened at once.
    std::vector<asio::awaitable<coropg::connection>> dials;
    for (int i = 0; i < 4; ++i) dials.push_back(coropg::connect(dsn()));
    std::vector<coropg::connection> connections = co_await coropg::gather(std::move(dials));

    // On them the server works in parallel: four naps of 250 ms take about as long as one.
    const auto start = std::chrono::steady_clock::now();
    std::vector<asio::awaitable<coropg::result>> naps;
    for (coropg::connection& each : connections) naps.push_back(each.execute("SELECT pg_sleep(0.25)"));
    co_await coropg::gather(std::move(naps));
    expect(std::chrono::steady_clock::now() - start < 1s);

    for (coropg::connection& each : connections) co_await each.close();
    co_await conn.close();
}

int main() { return run(fan_out()); }
