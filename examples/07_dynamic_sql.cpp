// SQL that is known only at run time. A std::string does not convert to SQL, so it is put together from safe parts.

#include "example.hpp"

#include <coropg/coropg.hpp>

namespace sql = coropg::sql;

using filter = std::pair<std::string, std::string>;  // a column and the value it must have

sql::fragment search(const std::string& table, const std::vector<filter>& filters, const std::string& order) {
    std::vector<sql::fragment> conditions;
    for (const auto& [column, value] : filters)
        conditions.push_back(sql::identifier(column) + sql::text(" = ") + sql::literal(value));
    return sql::text("SELECT name FROM ") + sql::identifier(table) + sql::text(" WHERE ") +
           sql::join(conditions, " AND ") + sql::text(" ORDER BY ") + sql::identifier(order) + sql::text(" LIMIT $1");
}

asio::awaitable<void> dynamic_sql() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute(R"(CREATE TEMP TABLE "Users" (name text, city text, "weird "" name" int))");
    co_await conn.execute(R"(INSERT INTO "Users" VALUES ('Bob', 'Rome'), ('Alice', 'Rome'), ('Carol', 'Oslo'))");

    // Names and values are quoted by libpq's rules; placeholders work as ever.
    const std::vector<filter> in_rome{{"city", "Rome"}};
    const sql::fragment query = search("Users", in_rome, "name");
    std::cout << query.text() << '\n';
    const auto names = co_await conn.fetch<std::string>(query, 10);
    expect(names.size() == 2 && names[0] == "Alice" && names[1] == "Bob");

    // Values as parameters, however many there are: bind() takes one and gives its placeholder.
    coropg::arguments given;
    sql::fragment wanted = sql::text("SELECT name FROM \"Users\" WHERE true");
    for (const auto& [column, value] : in_rome)
        wanted += sql::text(" AND ") + sql::identifier(column) + sql::text(" = ") + given.bind(value);
    const auto romans = co_await conn.fetch<std::string>(wanted, given);
    expect(romans.size() == 2);

    // Whatever comes in remains a name or a value.
    const std::vector<filter> attack{{"city", "x' OR 'a' = 'a"}};
    expect((co_await conn.fetch<std::string>(search("Users", attack, "weird \" name"), 10)).empty());

    // Commands that take no placeholders take literals.
    const std::string zone = "Europe/Rome";
    co_await conn.execute(sql::text("SET timezone = ") + sql::literal(zone));
    expect(co_await conn.fetch_one<std::string>("SELECT current_setting('timezone')") == zone);

    // The way out, for SQL from a source that the program trusts, a file of its own for instance.
    const std::string trusted = "SELECT count(*) FROM \"Users\"";
    expect(co_await conn.fetch_one<int>(coropg::unchecked_sql{trusted}) == 3);

    co_await conn.close();
}

int main() { return run(dynamic_sql()); }
