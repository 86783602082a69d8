// Bounds of time that hold on a machine that does other work, too.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

namespace coropg::test {

/// How many times longer than alone this thread computes now: the wall time of a short computation by its CPU time.
/// At least 1.
inline double busyness() {
    using seconds = std::chrono::duration<double>;
    const auto cpu_seconds = [] {
        std::timespec now{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
    };
    const double cpu_start = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    double used = 0;
    while ((used = cpu_seconds() - cpu_start) < 0.02) {
    }
    return std::max(1.0, seconds{std::chrono::steady_clock::now() - start}.count() / used);
}

/// A bound for what has just been measured: a time of an idle machine, longer as this one is busy.
template <class Time>
auto within(Time on_an_idle_machine) {
    return on_an_idle_machine * busyness();
}

}  // namespace coropg::test
