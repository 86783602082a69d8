// The types of PostgreSQL and of C++ that belong together; docs/types.md has the whole table.

#include "example.hpp"

#include <coropg/coropg.hpp>

#include <boost/uuid/random_generator.hpp>

using namespace std::chrono_literals;

struct event {
    boost::uuids::uuid id;
    std::chrono::year_month_day day;
    std::chrono::sys_time<std::chrono::microseconds> at;  // timestamptz
    std::chrono::seconds length;                          // interval
    std::vector<std::string> tags;                        // text[]
    std::vector<std::optional<int>> scores;               // int[] with NULLs in it
    std::vector<std::byte> photo;                         // bytea
    std::string details;                                  // jsonb
    std::string price;                                    // numeric, every digit of it
    std::optional<double> rating;
};

asio::awaitable<void> types() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute(R"(CREATE TEMP TABLE events (
        id uuid PRIMARY KEY, day date, at timestamptz, length interval, tags text[], scores int[], photo bytea,
        details jsonb, price numeric(12, 2), rating float8))");

    const event sent{.id = boost::uuids::random_generator{}(),
                     .day = 2024y / std::chrono::February / 29,
                     .at = std::chrono::sys_days{2024y / 2 / 29} + 12h + 123456us,
                     .length = 90min,
                     .tags = {"a \"quoted\" tag", "{braces}", ""},
                     .scores = {1, std::nullopt, 3},
                     .photo = {std::byte{0x00}, std::byte{0xff}, std::byte{0x27}},
                     .details = R"({"rooms": [1, 2], "city": "Zürich"})",
                     .price = "1234567890.10",
                     .rating = std::nullopt};
    const std::vector<event> all{sent};
    co_await conn.execute_many("INSERT INTO events VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", all);

    const event got = co_await conn.fetch_one<event>("SELECT * FROM events WHERE id = $1", sent.id);
    expect(got.id == sent.id && got.day == sent.day && got.at == sent.at && got.length == sent.length);
    expect(got.tags == sent.tags && got.scores == sent.scores && got.photo == sent.photo);
    expect(got.price == sent.price && got.rating == sent.rating && got.details.find("Zürich") != std::string::npos);

    // Conversions that would lose something are errors, not surprises.
    try {
        co_await conn.fetch_one<std::int16_t>("SELECT 40000");
        expect(false);
    } catch (const coropg::decode_error& e) {
        std::cout << e.what() << '\n';
    }
    co_await conn.close();
}

int main() { return run(types()); }
