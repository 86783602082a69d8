// The tour: coropg at work on a table of a million users. ./scripts/demo builds and runs it.
//
// usage: tour [USERS]
//
// It works in a schema of its own, coropg_tour, and drops it at the end.

#include "example.hpp"

#include <coropg/coropg.hpp>
#include <coropg/sync.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>

using namespace std::chrono_literals;

// Rows are plain structs. Their members are matched to the columns by name.
struct user {
    int id;
    std::string name;
    std::string email;
    int age;
};

struct decade {
    int age;
    std::int64_t users;
    double share;
};

// ------------------------------------------------------------------------------------------------ printing and timing

class stopwatch {
 public:
    [[nodiscard]] double ms() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
    }

 private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

bool is_terminal() { return isatty(STDOUT_FILENO) == 1; }

void heading(const char* title) {
    std::printf(is_terminal() ? "\n\033[1m%s\033[0m\n" : "\n%s\n", title);
    std::fflush(stdout);
}

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

/// "  10,000 rows in 80 ms: 8.0 µs each, 125,000 a second".
void report(std::int64_t count, const char* what, double ms) {
    const auto n = static_cast<double>(count);
    std::printf("  %s %s in %.0f ms: %.1f µs each, %s a second\n", grouped(count).c_str(), what, ms, ms * 1000 / n,
                grouped(static_cast<std::int64_t>(n * 1000 / ms)).c_str());
}

/// A bar that grows in its place on a terminal, and a line for each quarter elsewhere.
void show_progress(int done, int total) {
    constexpr int width = 50;
    const int percent = static_cast<int>(100LL * done / total);
    if (is_terminal()) {
        const std::string bar(static_cast<std::size_t>(percent * width / 100), '#');
        std::printf("\r  [%-*s] %3d %%%s", width, bar.c_str(), percent, done == total ? "\n" : "");
    } else if (percent % 25 == 0) {
        std::printf("  %3d %%\n", percent);
    }
    std::fflush(stdout);
}

/// From 1 to `highest`, and the same ones every time.
std::vector<int> random_ids(std::size_t count, int highest) {
    std::mt19937 generator{2026};
    std::uniform_int_distribution<int> any{1, highest};
    std::vector<int> ids(count);
    for (int& id : ids) id = any(generator);
    return ids;
}

// ----------------------------------------------------------------------------------------------------------- the tour

asio::awaitable<coropg::connection> open() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute("SET search_path = coropg_tour");
    co_return conn;
}

/// One text for both faces: returns a user, or an awaitable of one.
auto user_by_id(auto& conn, int id) {
    return conn.template fetch_one<user>("SELECT id, name, email, age FROM users WHERE id = $1", id);
}

asio::awaitable<void> load(coropg::connection& conn, int users) {
    heading("Loading the table");
    co_await conn.execute(
        "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, age int NOT NULL)");
    constexpr int chunks = 100;
    const stopwatch watch;
    for (int i = 0; i < chunks; ++i) {
        const int first = static_cast<int>(std::int64_t{users} * i / chunks) + 1;
        const int last = static_cast<int>(std::int64_t{users} * (i + 1) / chunks);
        co_await conn.execute(
            "INSERT INTO users SELECT id, 'User ' || id, 'user' || id || '@example.com', 18 + id % 70 "
            "FROM generate_series($1, $2) AS id",
            first, last);
        show_progress(i + 1, chunks);
    }
    report(users, "users loaded", watch.ms());

    const stopwatch index_watch;
    co_await conn.execute("ALTER TABLE users ADD UNIQUE (email)");
    co_await conn.execute("VACUUM ANALYZE users");
    std::printf("  unique index on their email and VACUUM ANALYZE in %.0f ms\n", index_watch.ms());
}

asio::awaitable<void> typed_rows(coropg::connection& conn) {
    heading("Rows are structs");
    const auto some = co_await conn.fetch<user>("SELECT * FROM users WHERE age > $1 ORDER BY id LIMIT $2", 64, 3);
    for (const user& u : some) std::printf("  %d  %s, %d, %s\n", u.id, u.name.c_str(), u.age, u.email.c_str());
    expect(some.size() == 3 && some[0].age > 64);

    const auto decades = co_await conn.fetch<decade>(
        "SELECT age / 10 * 10 AS age, count(*) AS users, count(*) / sum(count(*)::float8) OVER () AS share "
        "FROM users GROUP BY 1 ORDER BY 1");
    for (const decade& d : decades)
        std::printf("  %d to %d: %s users, %.1f %%\n", d.age, d.age + 9, grouped(d.users).c_str(), d.share * 100);

    const stopwatch watch;
    const auto many = co_await conn.fetch<user>("SELECT id, name, email, age FROM users WHERE id <= $1", 100'000);
    report(std::ssize(many), "rows fetched into structs", watch.ms());
}

asio::awaitable<void> one_by_one(coropg::connection& conn, int users) {
    heading("1,000 queries by id, one after the other");
    const std::vector<int> ids = random_ids(1000, users);
    const stopwatch watch;
    for (const int id : ids) {
        const user u = co_await user_by_id(conn, id);
        expect(u.id == id);
    }
    report(std::ssize(ids), "queries", watch.ms());
    std::puts("  (the article's figures for Python, on its own machine: driver 0.85 s, ORM 1.23 s)");
}

asio::awaitable<void> all_at_once(int users) {
    heading("10,000 queries by id, all at once on 4 connections");
    std::vector<asio::awaitable<coropg::connection>> dials;
    for (int i = 0; i < 4; ++i) dials.push_back(open());
    std::vector<coropg::connection> connections = co_await coropg::gather(std::move(dials));

    // A connection prepares a statement at its second use; here it shall be before the clock starts.
    for (coropg::connection& each : connections) {
        auto preparing = each.with({.prepare = coropg::prepare::always});
        co_await user_by_id(preparing, 1);
    }

    const std::vector<int> ids = random_ids(10'000, users);
    const stopwatch watch;
    std::vector<asio::awaitable<user>> queries;
    for (std::size_t i = 0; i < ids.size(); ++i) queries.push_back(user_by_id(connections[i % 4], ids[i]));
    const std::vector<user> found = co_await coropg::gather(std::move(queries));
    report(std::ssize(found), "queries", watch.ms());
    expect(found.size() == ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) expect(found[i].id == ids[i]);
}

asio::awaitable<void> many_rows(coropg::connection& conn, int users) {
    heading("One INSERT, 10,000 rows of parameters");
    std::vector<user> people;
    for (int id = users + 1; id <= users + 10'000; ++id)
        people.push_back({id, "User " + std::to_string(id), "user" + std::to_string(id) + "@example.com", 42});
    const stopwatch watch;
    const auto inserted =
        co_await conn.execute_many("INSERT INTO users (id, name, email, age) VALUES ($1, $2, $3, $4)", people);
    report(static_cast<std::int64_t>(inserted), "rows", watch.ms());
    expect(inserted == 10'000);
}

asio::awaitable<void> caught_error(coropg::connection& conn) {
    heading("Errors have types");
    try {
        co_await conn.execute("INSERT INTO users VALUES ($1, $2, $3, $4)", 0, "Eve", "user1@example.com", 30);
        expect(false);
    } catch (const coropg::errors::unique_violation& e) {
        std::printf("  unique_violation: constraint %s, SQLSTATE %s, asked for in line %u\n",
                    e.fields().constraint.c_str(), e.fields().sqlstate.c_str(), e.where().line());
        std::printf("  what(): %s\n", e.what());
    }
}

asio::awaitable<void> timeout(coropg::connection& conn) {
    heading("A timeout leaves the connection as good as it was");
    const stopwatch watch;
    try {
        co_await conn.with({.timeout = 200ms}).execute("SELECT pg_sleep(60)");
        expect(false);
    } catch (const coropg::query_timeout&) {
        std::printf("  pg_sleep(60) with a timeout of 200 ms: query_timeout after %.0f ms\n", watch.ms());
    }
    const auto count = co_await conn.fetch_one<std::int64_t>("SELECT count(*) FROM users");
    std::printf("  the same connection counts %s users\n", grouped(count).c_str());
}

asio::awaitable<void> tour(int users) {
    coropg::connection conn = co_await open();
    std::printf("%s users on PostgreSQL %d\n", grouped(users).c_str(), conn.server_version() / 10000);
    co_await load(conn, users);
    co_await typed_rows(conn);
    co_await one_by_one(conn, users);
    co_await all_at_once(users);
    co_await many_rows(conn, users);
    co_await caught_error(conn);
    co_await timeout(conn);
    co_await conn.close();
}

/// Without a coroutine in sight.
void blocking_tour() {
    heading("The same 1,000 queries, blocking");
    coropg::sync::connection conn = coropg::sync::connect(dsn());
    conn.execute("SET search_path = coropg_tour");
    const std::vector<int> ids = random_ids(1000, conn.fetch_one<int>("SELECT max(id) FROM users"));
    const stopwatch watch;
    for (const int id : ids) {
        const user u = user_by_id(conn, id);
        expect(u.id == id);
    }
    report(std::ssize(ids), "queries", watch.ms());
}

void create_schema() {
    coropg::sync::connection conn = coropg::sync::connect(dsn());
    conn.execute_script("DROP SCHEMA IF EXISTS coropg_tour CASCADE; CREATE SCHEMA coropg_tour");
}

void drop_schema() { coropg::sync::connect(dsn()).execute("DROP SCHEMA coropg_tour CASCADE"); }

int main(int argc, char** argv) {
    const int users = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
    const stopwatch watch;
    if (users < 1000 || run(create_schema) != EXIT_SUCCESS) return EXIT_FAILURE;
    const bool ok = run(tour(users)) == EXIT_SUCCESS && run(blocking_tour) == EXIT_SUCCESS;
    const bool clean = run(drop_schema) == EXIT_SUCCESS;
    std::printf("\n%.1f s in all\n", watch.ms() / 1000);
    return ok && clean ? EXIT_SUCCESS : EXIT_FAILURE;
}
