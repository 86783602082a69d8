// Rows as C++ types: structs by column name, tuples by position, single values.

#include "example.hpp"

#include <coropg/coropg.hpp>

struct user {  // a plain struct: no macro, no base class
    int id;
    std::string name;
    std::optional<int> age;  // may be NULL
};

asio::awaitable<void> structs() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute("CREATE TEMP TABLE users (id int GENERATED ALWAYS AS IDENTITY, name text NOT NULL, age int)");
    co_await conn.execute("INSERT INTO users (name, age) VALUES ('Alice', 30), ('Bob', 17), ('Carol', NULL)");

    // Members are matched to columns by name; their order does not matter.
    std::vector<user> adults = co_await conn.fetch<user>("SELECT age, name, id FROM users WHERE age > $1", 17);
    expect(adults.size() == 1 && adults[0].name == "Alice" && adults[0].age == 30);

    // Exactly one row, or an error.
    user carol = co_await conn.fetch_one<user>("SELECT id, name, age FROM users WHERE name = $1", "Carol");
    expect(!carol.age);

    // None or one.
    std::optional<user> nobody = co_await conn.fetch_optional<user>("SELECT * FROM users WHERE id = $1", 99);
    expect(!nobody);

    // One column is a value, several are a tuple or a pair by position.
    std::int64_t total = co_await conn.fetch_one<std::int64_t>("SELECT count(*) FROM users");
    auto [youngest, oldest] = co_await conn.fetch_one<std::pair<int, int>>("SELECT min(age), max(age) FROM users");
    expect(total == 3 && youngest == 17 && oldest == 30);

    // Or the result itself, which owns the rows: views into it cost no copy.
    coropg::result all = co_await conn.execute("SELECT id, name FROM users ORDER BY id");
    std::string names;
    for (coropg::row row : all) names += row["name"].as<std::string_view>();
    expect(all.size() == 3 && names == "AliceBobCarol" && all[2]["id"].as<int>() == carol.id);

    co_await conn.close();
}

int main() { return run(structs()); }
