// The blocking face: the same words in coropg::sync, without co_await. No event loop, no hidden thread.

#include "example.hpp"

#include <coropg/sync.hpp>

#include <future>

using namespace std::chrono_literals;

struct user {
    int id;
    std::string name;
};

void shop() {
    coropg::sync::connection conn = coropg::sync::connect(dsn());
    conn.execute("CREATE TEMP TABLE users (id int PRIMARY KEY, name text)");

    const std::vector<user> people{{1, "Alice"}, {2, "Bob"}};
    expect(conn.execute_many("INSERT INTO users (id, name) VALUES ($1, $2)", people) == 2);

    std::vector<user> users = conn.fetch<user>("SELECT id, name FROM users WHERE id < $1 ORDER BY id", 10);
    expect(users.size() == 2 && users[1].name == "Bob");
    expect(!conn.fetch_optional<user>("SELECT id, name FROM users WHERE id = $1", 3));

    try {
        conn.execute("INSERT INTO users VALUES (1, 'Eve')");
        expect(false);
    } catch (const coropg::errors::unique_violation& e) {
        expect(e.constraint() == "users_pkey");
    }
    try {
        conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(10)");
        expect(false);
    } catch (const coropg::query_timeout&) {
    }
    expect(conn.fetch_one<int>("SELECT count(*) FROM users") == 2);
    conn.close();
}

int main() {
    // A connection is used by one thread at a time; each thread may have its own.
    auto elsewhere = std::async(std::launch::async, [] { return run(shop); });
    const int here = run(shop);
    return here + elsewhere.get();
}
