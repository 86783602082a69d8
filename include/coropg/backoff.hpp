// When to try again: the policy of `retry`, and the delays that follow from it. Neither Asio nor threads.
#pragma once

#include <coropg/error.hpp>
#include <coropg/options.hpp>

#include <chrono>
#include <optional>

namespace coropg {

/// Trivial on purpose, as call_options. `retry` refuses one that makes no sense with a usage_error.
struct retry_policy {
    /// The most attempts, the first included.
    int max_attempts = 5;
    std::chrono::milliseconds initial_delay{50};
    /// By what each delay is longer than the one before, from 1.
    double multiplier = 2;
    std::chrono::milliseconds max_delay{5000};  ///< a year at most
    /// The part of each delay that is left to chance, 0 to 1, so that many who failed together do not meet again.
    double jitter = 0.5;
    /// No try begins after this.
    coropg::deadline deadline{};
};

/// The next step of `retry`.
struct retry_event {
    const error& problem;
    int attempt;  ///< the one that failed, from 1
    std::chrono::milliseconds delay;
};

/// Whether `retry` tries again: a retry can help, and the statement certainly has no effect.
[[nodiscard]] inline bool is_safe_to_retry(const error& e) noexcept {
    return e.is_transient() && e.outcome() != outcome::unknown && e.outcome() != outcome::executed;
}

namespace detail {

/// Counts the attempts of one `retry`.
class backoff {
 public:
    /// Errors: usage_error for a policy that makes no sense.
    explicit backoff(const retry_policy& policy);

    /// Asked before the first attempt. Errors: query_timeout when the deadline is past.
    void require_time() const;
    /// The wait before the next attempt; nothing if there is to be none. `chance` is 0 to 1.
    std::optional<std::chrono::milliseconds> next(std::chrono::steady_clock::time_point now, double chance);
    std::optional<std::chrono::milliseconds> next();
    /// The number of attempts that have failed.
    [[nodiscard]] int attempts() const noexcept { return attempts_; }

 private:
    retry_policy policy_;
    std::chrono::duration<double, std::milli> delay_;
    int attempts_ = 0;
};

/// For those who want to hear nothing.
struct no_hook {
    void operator()(const retry_event&) const noexcept {}
};

}  // namespace detail
}  // namespace coropg
