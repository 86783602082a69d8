#pragma once

// What every C++ contestant of a benchmark shares: the protocol with runner.py, the ids to ask for, and the clocks.
// contestant.py is the same for Python; the two must draw the same ids and compute the same checksum.
// It knows no database library, so that each contestant pays for its own only.
//
// A contestant connects, prints {"ready": "..."} and then answers each line `round N SEED` by one line of JSON;
// `quit` or the end of its input ends it.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <sys/resource.h>

namespace bench {

using clock = std::chrono::steady_clock;

constexpr int table_rows = 1'000'000;

struct round {
    std::size_t queries;
    std::uint64_t seed;
};

/// The server to measure: the DSN in $COROPG_DSN.
inline const char* dsn() {
    const char* const value = std::getenv("COROPG_DSN");
    if (value == nullptr) {
        std::fputs("COROPG_DSN is not set\n", stderr);
        std::exit(2);
    }
    return value;
}

/// Tells the runner that the connection is up, and in a few words who is running.
inline void announce(std::string_view about) { std::cout << R"({"ready": ")" << about << "\"}" << std::endl; }

/// Waits for the runner's next order. Nothing when the contest is over.
inline std::optional<round> next_round() {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    std::istringstream words{line};
    std::string verb;
    round r{};
    if (words >> verb >> r.queries >> r.seed && verb == "round") return r;
    return std::nullopt;
}

/// The ids of a round, drawn by splitmix64 before the clock starts.
inline std::vector<int> random_ids(const round& r) {
    std::vector<int> ids(r.queries);
    std::uint64_t state = r.seed;
    for (int& id : ids) {
        state += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        z = z ^ (z >> 31);
        id = static_cast<int>(1 + z % static_cast<std::uint64_t>(table_rows));
    }
    return ids;
}

/// Time since it was constructed or restarted: that of the clock on the wall, and that of this process on a CPU.
class timer {
 public:
    timer() { restart(); }

    void restart() {
        cpu_started_ = cpu_now();
        started_ = clock::now();
    }

    [[nodiscard]] clock::time_point started() const { return started_; }
    [[nodiscard]] std::chrono::nanoseconds wall() const { return clock::now() - started_; }
    [[nodiscard]] std::chrono::nanoseconds cpu() const { return cpu_now() - cpu_started_; }

 private:
    static std::chrono::microseconds cpu_now() {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return std::chrono::seconds{usage.ru_utime.tv_sec + usage.ru_stime.tv_sec} +
               std::chrono::microseconds{usage.ru_utime.tv_usec + usage.ru_stime.tv_usec};
    }

    std::chrono::microseconds cpu_started_{};
    clock::time_point started_;
};

/// Measures one round. It starts when constructed; print() stops it.
class stopwatch {
 public:
    explicit stopwatch(std::size_t queries) {
        laps_.reserve(queries);
        timer_.restart();
        last_ = timer_.started();
    }

    /// One query of a sequence is done: it took the time since the one before it.
    void lap(std::string_view name) { lap(name, last_); }

    /// One of several overlapping queries is done.
    void lap(std::string_view name, clock::time_point started) {
        last_ = clock::now();
        laps_.push_back((last_ - started).count());
        checksum_ += name.size();
        if (!name.empty()) {
            checksum_ += static_cast<unsigned char>(name.front());
            checksum_ += static_cast<unsigned char>(name.back());
        }
    }

    /// Stops, and answers the runner.
    void print() {
        const auto wall = timer_.wall();
        const auto cpu = timer_.cpu();
        std::cout << R"({"queries": )" << laps_.size() << R"(, "wall_ns": )" << wall.count() << R"(, "cpu_ns": )"
                  << cpu.count() << R"(, "p50_ns": )" << percentile(50) << R"(, "p99_ns": )" << percentile(99)
                  << R"(, "checksum": )" << checksum_ << '}' << std::endl;
    }

 private:
    std::int64_t percentile(std::size_t percent) {
        if (laps_.empty()) return 0;
        const auto at = laps_.begin() + static_cast<std::ptrdiff_t>((laps_.size() - 1) * percent / 100);
        std::nth_element(laps_.begin(), at, laps_.end());
        return *at;
    }

    std::vector<std::int64_t> laps_;  // nanoseconds
    std::uint64_t checksum_ = 0;
    timer timer_;
    clock::time_point last_;
};

static_assert(std::is_same_v<clock::duration, std::chrono::nanoseconds>);

}  // namespace bench
