// One statement for many rows of parameters, and many statements in one string.

#include "example.hpp"

#include <coropg/coropg.hpp>

struct person {
    std::string name;
    int age;
};

asio::awaitable<void> many() {
    coropg::connection conn = co_await coropg::connect(dsn());

    // Several statements without parameters: all of them or none.
    co_await conn.execute_script(R"(
        CREATE TEMP TABLE users (id int GENERATED ALWAYS AS IDENTITY, name text UNIQUE, age int);
        CREATE TEMP TABLE tags (name text);
    )");

    // A statement and its rows: tuples, ...
    std::vector<std::tuple<std::string, int>> people{{"Bob", 28}, {"Carol", 35}};
    std::uint64_t inserted = co_await conn.execute_many("INSERT INTO users (name, age) VALUES ($1, $2)", people);
    expect(inserted == 2);

    // ... structs, whose members are the parameters in their order, ...
    std::vector<person> more;
    for (int i = 0; i < 1000; ++i) more.push_back({"user " + std::to_string(i), i % 90});
    expect(co_await conn.execute_many("INSERT INTO users (name, age) VALUES ($1, $2)", more) == 1000);

    // ... or single values.
    const std::vector<std::string> tags{"new", "old"};
    expect(co_await conn.execute_many("INSERT INTO tags VALUES ($1)", tags) == 2);

    // What the statements return, in the order of the rows.
    std::vector<int> ids = co_await conn.fetch_many<int>("INSERT INTO users (name) VALUES ($1) RETURNING id", tags);
    expect(ids == (std::vector<int>{1003, 1004}));

    // Rows are pipelined and stand or fall together: Dan is not stored either.
    const std::vector<person> clash{{"Dan", 40}, {"Bob", 41}};
    try {
        co_await conn.execute_many("INSERT INTO users (name, age) VALUES ($1, $2)", clash);
        expect(false);
    } catch (const coropg::errors::unique_violation& e) {
        expect(e.constraint() == "users_name_key");
    }
    expect(co_await conn.fetch_one<int>("SELECT count(*) FROM users") == 1004);

    co_await conn.close();
}

int main() { return run(many()); }
