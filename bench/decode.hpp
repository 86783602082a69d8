#pragma once

// What the contestants of the decode benchmark share: the row, the query, and what is inside the clock.

#include "contestant.hpp"

#include <cstring>

namespace bench {

struct reading {
    std::int32_t id;
    std::string sensor;
    std::int32_t level;
    double value;
    std::chrono::sys_time<std::chrono::microseconds> at;
};

inline constexpr char select_readings[] = "SELECT id, sensor, level, value, at FROM readings WHERE id <= $1";

/// "decode" starts the clock once the result is here, anything else before the query is sent.
inline bool decodes_only(int argc, char** argv) { return argc > 1 && std::string_view{argv[1]} == "decode"; }

/// A sum over every member of every row: those who differ have read different rows.
inline std::uint64_t checksum(const std::vector<reading>& rows) {
    std::uint64_t sum = 0;
    for (const reading& row : rows) {
        std::uint64_t value_bits;
        std::memcpy(&value_bits, &row.value, sizeof value_bits);
        sum += static_cast<std::uint32_t>(row.id) + 3 * static_cast<std::uint64_t>(row.level) + 5 * value_bits +
               7 * static_cast<std::uint64_t>(row.at.time_since_epoch().count());
        for (const char c : row.sensor) sum += 11 * static_cast<unsigned char>(c);
    }
    return sum % 1'000'000'007;
}

/// Answers the runner's orders. `fetch(n)` returns the result of the first n rows; `decode` takes it, makes a vector of
/// it, and frees it.
template <class Fetch, class Decode>
void contest(bool is_decode_only, Fetch&& fetch, Decode&& decode) {
    while (const auto order = next_round()) {
        timer watch;
        auto result = fetch(static_cast<std::int32_t>(order->queries));
        if (is_decode_only) watch.restart();
        const std::vector<reading> rows = decode(std::move(result));
        const auto wall = watch.wall();
        const auto cpu = watch.cpu();
        std::cout << R"({"queries": )" << rows.size() << R"(, "wall_ns": )" << wall.count() << R"(, "cpu_ns": )"
                  << cpu.count() << R"(, "checksum": )" << checksum(rows) << '}' << std::endl;
    }
}

}  // namespace bench
