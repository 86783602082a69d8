// How a pool's attempts to connect go: when the next may begin, and how many at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace coropg::detail {

class connect_attempts {
 public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    explicit connect_attempts(std::size_t most) noexcept : most_{most}, at_a_time_{most} {}

    void succeeded() noexcept {
        failures_ = 0;
        delay_ = duration{0};
        is_refused_ = false;
        at_a_time_ = std::min(at_a_time_ * 2, most_);
    }
    /// One attempt at a time until one succeeds; `chance` is from 0 to 1.
    void failed(time_point began, time_point now, double chance) {
        if (began <= failed_at_) return;  // it began with one that has failed already
        const duration delay = std::min(first_delay * (1 << std::min(failures_++, 10)), longest_delay);
        delay_ = std::chrono::duration_cast<duration>(delay * (0.5 + chance));
        failed_at_ = now;
        at_a_time_ = 1;
    }
    /// The server refuses connections for good, until somebody asks again.
    void refused() noexcept { is_refused_ = true; }
    void ask_again() noexcept { is_refused_ = false; }
    [[nodiscard]] bool is_refused() const noexcept { return is_refused_; }

    [[nodiscard]] std::size_t at_a_time() const noexcept { return at_a_time_; }
    /// When the next may begin; earlier if somebody waits, so that they are served soon after the server is back.
    [[nodiscard]] time_point next(bool is_awaited) const noexcept {
        return failed_at_ + (is_awaited ? std::min(delay_, longest_delay_of_waiters) : delay_);
    }

 private:
    static constexpr duration first_delay = std::chrono::milliseconds{50};
    static constexpr duration longest_delay = std::chrono::seconds{5};
    static constexpr duration longest_delay_of_waiters = std::chrono::milliseconds{200};

    std::size_t most_;
    std::size_t at_a_time_;
    time_point failed_at_ = time_point::min();
    duration delay_{0};
    int failures_ = 0;
    bool is_refused_ = false;
};

}  // namespace coropg::detail
