// Types of your own: specialise coropg::codec, and they work as parameters, as columns and as elements of arrays.

#include "example.hpp"

#include <coropg/coropg.hpp>

struct point {
    double x, y;
    bool operator==(const point&) const = default;
};

/// PostgreSQL's point: built in, so its number is fixed; two float8 on the wire.
template <>
struct coropg::codec<point> {
    static constexpr pg_type type{"point", 600, 1017};
    static bool reads(oid from) { return from == type.oid; }
    static point decode(const field& f) {
        if (f.bytes().size() != 16) f.fail<point>("not two float8");
        return {field::load<double>(f.bytes().data()), field::load<double>(f.bytes().data() + 8)};
    }
    static void encode(const point& p, encoder& out) {
        out.number(p.x);
        out.number(p.y);
    }
};

enum class mood { sad, happy };

/// An enum made by CREATE TYPE: its number differs from database to database, and it travels by its label.
template <>
struct coropg::codec<mood> {
    static constexpr pg_type type{"mood"};
    static constexpr coropg::format wire = format::text;
    static bool reads(oid from) { return from >= 16384; }  // above PostgreSQL's own types
    static mood decode(const field& f) {
        if (f.bytes() == "sad") return mood::sad;
        if (f.bytes() == "happy") return mood::happy;
        f.fail<mood>("unknown label");
    }
    static void encode(mood m, encoder& out) { out.text(m == mood::sad ? "sad" : "happy"); }
};

struct place {
    point at;
    std::optional<mood> feeling;
};

asio::awaitable<void> own_type() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute_script(R"(CREATE TYPE pg_temp.mood AS ENUM ('sad', 'happy');
                                    CREATE TEMP TABLE places (at point, feeling pg_temp.mood))");
    co_await conn.execute("INSERT INTO places VALUES ($1, $2), ($3, NULL)", point{1, 2}, mood::happy, point{0.5, -4});
    const auto places = co_await conn.fetch<place>("SELECT * FROM places ORDER BY feeling NULLS LAST");
    expect(places.at(0).at == point{1, 2} && places.at(0).feeling == mood::happy && !places.at(1).feeling);
    co_await conn.close();
}

int main() { return run(own_type()); }
