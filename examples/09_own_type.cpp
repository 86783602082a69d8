// Types of your own. An enum, a composite and a strong typedef take one line each; any other type a coropg::codec. Then
// they work as parameters, as columns and as elements of arrays.

#include "example.hpp"

#include <coropg/coropg.hpp>

enum class mood { sad, happy };

struct address {
    std::string street;
    std::optional<int> number;
};

struct user_id {
    std::int64_t value;
    bool operator==(const user_id&) const = default;
};

struct celsius {
    double degrees;
};

/// CREATE TYPE mood AS ENUM ('sad', 'happy'): labels are enumerators.
template <>
struct coropg::codec<mood> : coropg::enum_codec<mood, "mood"> {};

/// CREATE TYPE address AS (street text, number int): attributes are members, by name.
template <>
struct coropg::codec<address> : coropg::composite_codec<address, "address"> {};

/// What its member is, an int8, but no other id is taken for it.
template <>
struct coropg::codec<user_id> : coropg::strong_codec<user_id> {};

/// A codec in full: which type it is, which it reads, and the bytes. This one borrows those of double.
template <>
struct coropg::codec<celsius> {
    static constexpr pg_type type = codec<double>::type;
    static bool reads(oid from) { return codec<double>::reads(from); }
    static celsius decode(const field& f) {
        const double degrees = codec<double>::decode(f);
        if (degrees < -273.15) f.fail<celsius>("below the absolute zero");
        return {degrees};
    }
    static void encode(celsius c, encoder& out) { codec<double>::encode(c.degrees, out); }
};

struct person {
    user_id id;
    mood feels;
    std::vector<address> homes;
    std::optional<celsius> fever;
};

asio::awaitable<void> own_types() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute_script(R"(CREATE TYPE pg_temp.mood AS ENUM ('sad', 'happy');
                                    CREATE TYPE pg_temp.address AS (street text, number int);
                                    CREATE TEMP TABLE people (id int8, feels pg_temp.mood, homes pg_temp.address[],
                                                              fever float8))");
    const std::vector<address> homes{{"Elm Street", 1}, {"By the river", std::nullopt}};
    co_await conn.execute("INSERT INTO people VALUES ($1, $2, $3, $4)", user_id{7}, mood::happy, homes, celsius{39.5});

    const auto eve = co_await conn.fetch_one<person>("SELECT * FROM people WHERE feels = $1", mood::happy);
    expect(eve.id == user_id{7} && eve.feels == mood::happy && eve.fever->degrees == 39.5);
    expect(eve.homes.at(0).number == 1 && eve.homes.at(1).street == "By the river");
    co_await conn.close();
}

int main() { return run(own_types()); }
