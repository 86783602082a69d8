// Explicit pipelines: many statements in one round trip.

#include "example.hpp"

#include <coropg/coropg.hpp>

asio::awaitable<void> pipelines() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute("CREATE TEMP TABLE users (id int PRIMARY KEY, name text)");

    coropg::pipeline p = conn.pipeline();
    auto inserted = p.execute("INSERT INTO users VALUES ($1, $2)", 1, "Alice");
    auto count = p.fetch_one<std::int64_t>("SELECT count(*) FROM users");
    p.sync();  // what fails behind this leaves the statements before alone
    auto again = p.execute("INSERT INTO users VALUES ($1, $2)", 1, "Bob");
    auto skipped = p.execute("INSERT INTO users VALUES ($1, $2)", 2, "Carol");
    try {
        co_await p.run();
    } catch (const coropg::errors::unique_violation& e) {
        std::cout << e.what() << '\n';
    }
    expect(inserted.get().affected_rows() == 1 && count.get() == 1);
    try {
        skipped.get();
        expect(false);
    } catch (const coropg::pipeline_aborted& e) {
        expect(e.outcome() == coropg::outcome::not_executed);
    }
    expect(co_await conn.fetch_one<std::int64_t>("SELECT count(*) FROM users") == 1);
    co_await conn.close();
}

int main() { return run(pipelines()); }
