// Random numbers for schedules of events, which are repeated by their seed.
#pragma once

#include "seed.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>

namespace coropg::test {

/// splitmix64: as good as needed, and fast without optimization too.
class dice {
 public:
    explicit dice(std::uint64_t seed) : state_{seed} {}

    /// 0 to n - 1
    std::size_t operator()(std::size_t n) {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return static_cast<std::size_t>((z ^ (z >> 31)) >> 16) % n;
    }

 private:
    std::uint64_t state_;
};

/// Runs `schedule(roll)` `count` times, ten times as often if COROPG_TEST_FULL is set, each with a seed of its own; stops
/// at the first that throws, and names its seed.
template <class Schedule>
void run_schedules(std::uint64_t count, Schedule schedule) {
    const std::uint64_t first = announced_seed();
    if (std::getenv("COROPG_TEST_FULL") != nullptr) count *= 10;
    BOOST_TEST_MESSAGE(count << " schedules from that seed on");
    for (std::uint64_t i = 0; i < count; ++i) {
        try {
            dice roll{first + i};
            schedule(roll);
        } catch (const std::exception& e) {
            BOOST_FAIL("the schedule of COROPG_TEST_SEED=" << first + i << ": " << e.what());
        }
    }
}

/// Fails a schedule.
inline void check_that(bool holds, const char* what) {
    if (!holds) throw std::logic_error{what};
}

}  // namespace coropg::test
