// A pool of connections: statements on any of them, leases, transactions, hooks, and what it has counted.

#include "example.hpp"

#include <coropg/coropg.hpp>

using namespace std::chrono_literals;

asio::awaitable<int> visits(coropg::pool& pool, int page) {
    co_return co_await pool.fetch_one<int>("SELECT count(*)::int FROM visits WHERE page = $1", page);
}

asio::awaitable<void> pools() {
    coropg::pool pool{co_await asio::this_coro::executor, dsn(), {.min_size = 2, .max_size = 4, .acquire_timeout = 5s}};
    co_await pool.wait();  // until the server is there and min_size connections are up

    // One statement: it takes an idle connection, or is pipelined behind the short statements of others.
    co_await pool.execute("CREATE TABLE IF NOT EXISTS visits (page int, at timestamptz DEFAULT now())");
    co_await pool.execute("INSERT INTO visits (page) SELECT i % 10 FROM generate_series(1, 100) i");

    // A thousand coroutines, four connections.
    std::vector<asio::awaitable<int>> work;
    for (int i = 0; i < 1000; ++i) work.push_back(visits(pool, i % 10));
    expect((co_await coropg::gather(std::move(work))).size() == 1000);

    // A connection for oneself; it goes back at the end of its scope, and is clean for the next one.
    {
        coropg::pooled_connection conn = co_await pool.acquire();
        co_await conn->execute("SET statement_timeout = '10s'");
        co_await conn->execute("DELETE FROM visits WHERE page = $1", 0);
    }

    // A transaction on a connection of its own.
    const int left = co_await pool.transaction([](coropg::transaction& tx) -> asio::awaitable<int> {
        co_await tx.execute("DELETE FROM visits WHERE page = $1", 1);
        co_return co_await tx.fetch_one<int>("SELECT count(*)::int FROM visits");
    });
    expect(left == 80);

    const coropg::pool_stats stats = pool.stats();
    std::cout << stats.granted << " requests on " << stats.connections_num << " connections\n";
    co_await pool.execute("DROP TABLE visits");
    co_await pool.close();  // waits for what is lent
}

int main() { return run(pools()); }
