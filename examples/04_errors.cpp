// Errors are caught by type: one for every SQLSTATE, one for every class of them, and those of the driver itself.

#include "example.hpp"

#include <coropg/coropg.hpp>

asio::awaitable<void> errors() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute("CREATE TEMP TABLE users (id int PRIMARY KEY, name text NOT NULL)");
    co_await conn.execute("INSERT INTO users VALUES (1, 'Alice')");
    int caught = 0;

    const auto here = std::source_location::current();
    try {
        co_await conn.execute("INSERT INTO users VALUES ($1, $2)", 1, "a secret");
    } catch (const coropg::errors::unique_violation& e) {
        expect(e.sqlstate() == "23505" && e.constraint() == "users_pkey" && e.table() == "users");
        expect(e.where().line() == here.line() + 2);  // the line that asked
        const std::string text = e.what();            // the server's message, the SQL and the line, but no values
        expect(text.find("INSERT INTO users") != text.npos && text.find("a secret") == text.npos);
        std::cout << text << '\n';
        ++caught;
    }

    try {  // a whole class of errors
        co_await conn.execute("INSERT INTO users VALUES ($1, $2)", 2, std::nullopt);
    } catch (const coropg::errors::integrity_constraint_violation& e) {
        expect(e.sqlstate() == coropg::sqlstate::not_null_violation && e.column() == "name");
        ++caught;
    }

    try {  // whatever the server says
        co_await conn.execute("SELECT nmae FROM users");
    } catch (const coropg::server_error& e) {
        expect(e.position() == 8 && e.sql() == "SELECT nmae FROM users" && !e.is_transient());
        ++caught;
    }

    try {  // a NULL where the C++ type has no room for one
        co_await conn.fetch<int>("SELECT NULL::int");
    } catch (const coropg::null_error&) {
        ++caught;
    }

    try {  // fetch_one insists on one row; fetch_optional also takes none
        co_await conn.fetch_one<int>("SELECT id FROM users WHERE id = 99");
    } catch (const coropg::row_count_error&) {
        ++caught;
    }

    // None of them has harmed the connection.
    expect(caught == 5 && co_await conn.fetch_one<int>("SELECT count(*) FROM users") == 1);
    co_await conn.close();
}

int main() { return run(errors()); }
