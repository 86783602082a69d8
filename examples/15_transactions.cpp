// Transactions: as a function, by hand, nested; what is told when they fail, and trying again.

#include "example.hpp"

#include <coropg/coropg.hpp>

using namespace std::chrono_literals;

asio::awaitable<int> balance(coropg::connection& conn, const char* owner) {
    co_return co_await conn.fetch_one<int>("SELECT balance FROM accounts WHERE owner = $1", owner);
}

asio::awaitable<void> transactions() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute_script(
        "CREATE TEMP TABLE accounts (owner text PRIMARY KEY, balance int CHECK (balance >= 0));"
        "INSERT INTO accounts VALUES ('Alice', 100), ('Bob', 0)");

    // As a function: committed when it returns, rolled back when it throws.
    const int left = co_await conn.transaction([&](coropg::transaction& tx) -> asio::awaitable<int> {
        co_await tx.execute("UPDATE accounts SET balance = balance + $1 WHERE owner = $2", 30, "Bob");
        co_return co_await tx.fetch_one<int>(
            "UPDATE accounts SET balance = balance - $1 WHERE owner = $2 RETURNING balance", 30, "Alice");
    });
    expect(left == 70 && co_await balance(conn, "Bob") == 30);

    // By hand. Dropped without commit() it is rolled back, and whatever comes next is outside of it.
    {
        coropg::transaction tx = co_await conn.begin({.isolation = coropg::isolation::repeatable_read});
        co_await tx.execute("DELETE FROM accounts");
    }
    expect(co_await balance(conn, "Alice") == 70);

    // Within a transaction another one is a savepoint: it fails alone.
    auto pay_too_much = [](coropg::transaction& inner) -> asio::awaitable<void> {
        co_await inner.execute("UPDATE accounts SET balance = balance - 1000 WHERE owner = 'Alice'");
    };
    coropg::transaction tx = co_await conn.begin();
    co_await tx.execute("UPDATE accounts SET balance = balance + 1 WHERE owner = 'Alice'");
    bool refused = false;
    try {
        co_await tx.transaction(pay_too_much);
    } catch (const coropg::errors::check_violation&) {
        refused = true;
    }
    tx.on_commit([] { std::cout << "stored\n"; });
    co_await tx.commit();
    expect(refused && co_await balance(conn, "Alice") == 71);

    // What became of a statement says its error: here, that it has no effect.
    try {
        co_await conn.execute("UPDATE accounts SET balance = -1");
    } catch (const coropg::error& e) {
        expect(e.outcome() == coropg::outcome::failed && !e.is_transient());
    }

    // Serialization failures and deadlocks pass: try again, with growing delays. Errors that do not pass are not.
    const coropg::retry_policy policy{.max_attempts = 5, .initial_delay = 10ms, .deadline = 30s};
    const int sum = co_await coropg::retry(policy, [&]() -> asio::awaitable<int> {
        co_return co_await conn.transaction(
            {.isolation = coropg::isolation::serializable}, [&](coropg::transaction& serial) -> asio::awaitable<int> {
                co_return co_await serial.fetch_one<int>("SELECT sum(balance)::int FROM accounts");
            });
    });
    expect(sum == 101);
    co_await conn.close();
}

int main() { return run(transactions()); }
