// Limits in time: for one statement, for all that go through a handle, for connecting.

#include "example.hpp"

#include <coropg/coropg.hpp>

using namespace std::chrono_literals;

asio::awaitable<void> timeouts() {
    // For each address that connecting tries; 30 s unless said otherwise.
    coropg::conninfo server{dsn()};
    server.connect_timeout(5s).application_name("timeouts");
    coropg::connection conn = co_await coropg::connect(server);
    const int backend = conn.backend_pid();

    // One statement. Waiting in the queue counts.
    const auto start = std::chrono::steady_clock::now();
    try {
        co_await conn.with({.timeout = 200ms}).execute("SELECT pg_sleep(10)");
        expect(false);
    } catch (const coropg::query_timeout& e) {
        std::cout << e.what() << '\n';
    }
    expect(std::chrono::steady_clock::now() - start < 5s);

    // The server has cancelled the statement; the connection is the same one, and as good as before.
    expect(conn.is_open() && conn.backend_pid() == backend);
    expect(co_await conn.fetch_one<int>("SELECT 1") == 1);

    // A handle that carries options. It refers to the connection, which goes on without them.
    auto quick = conn.with({.timeout = 5s, .prepare = coropg::prepare::always});
    for (int i = 0; i < 3; ++i) expect(co_await quick.fetch_one<int>("SELECT $1::int + 1", i) == i + 1);

    // Pipelined statements have a limit each: the first ends in time, the second does not.
    auto hasty = conn.with({.timeout = 300ms});
    auto in_time = [](coropg::connection& c) -> asio::awaitable<bool> {
        co_await c.execute("SELECT pg_sleep(0.1)");
        co_return true;
    };
    auto too_late = [](auto& c) -> asio::awaitable<bool> {
        try {
            co_await c.execute("SELECT pg_sleep(10)");
        } catch (const coropg::query_timeout&) {
            co_return true;
        }
        co_return false;
    };
    auto [first, second] = co_await coropg::gather(in_time(conn), too_late(hasty));
    expect(first && second && co_await conn.fetch_one<int>("SELECT 2") == 2);
    co_await conn.close();
}

int main() { return run(timeouts()); }
