// Arguments become $1, $2, ...: sent beside the SQL, never inside it.

#include "example.hpp"

#include <coropg/coropg.hpp>

asio::awaitable<void> parameters() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute("CREATE TEMP TABLE users (name text, age int, born date)");

    // The compiler counts the placeholders: with one argument more or less this line is an error.
    coropg::result inserted = co_await conn.execute("INSERT INTO users (name, age) VALUES ($1, $2)", "Alice", 30);
    expect(inserted.affected_rows() == 1);

    // A value stays a value, whatever it looks like.
    const std::string name = "Robert'); DROP TABLE users;--";
    co_await conn.execute("INSERT INTO users (name, age) VALUES ($1, $2)", name, 9);
    expect(co_await conn.fetch_one<int>("SELECT age FROM users WHERE name = $1", name) == 9);

    // NULL is an empty optional or std::nullopt.
    const std::optional<int> unknown_age;
    co_await conn.execute("INSERT INTO users (name, age) VALUES ($1, $2)", "Carol", unknown_age);
    co_await conn.execute("INSERT INTO users (name, age) VALUES ($1, $2)", "Dan", std::nullopt);
    expect(co_await conn.fetch_one<int>("SELECT count(*) FROM users WHERE age IS NULL") == 2);

    // Text takes the type that its place in the SQL asks for: a date here.
    co_await conn.execute("UPDATE users SET born = $1 WHERE name = $2", "1996-02-29", "Alice");

    // A list is one parameter: an array.
    const std::vector<std::string> wanted{"Alice", "Carol", "Nobody"};
    expect(co_await conn.fetch_one<int>("SELECT count(*) FROM users WHERE name = ANY($1)", wanted) == 2);

    // Arguments are encoded at the call, so a temporary may be gone when the statement is awaited.
    asio::awaitable<std::string> later = conn.fetch_one<std::string>("SELECT upper($1)", std::string{"temporary"});
    expect(co_await std::move(later) == "TEMPORARY");

    // A function by its name.
    co_await conn.execute("CREATE FUNCTION pg_temp.add(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2'");
    expect(co_await conn.call<int>("pg_temp.add", 1, 2) == 3);

    co_await conn.close();
}

int main() { return run(parameters()); }
