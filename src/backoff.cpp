#include <coropg/backoff.hpp>

#include <algorithm>
#include <random>

namespace coropg::detail {

backoff::backoff(const retry_policy& policy) : policy_{policy}, delay_{policy.initial_delay} {
    constexpr auto zero = std::chrono::milliseconds::zero();
    // so written that NaN is refused, too
    if (policy.max_attempts < 1) throw usage_error{"retry_policy: max_attempts is below 1"};
    if (policy.initial_delay < zero || policy.max_delay < zero) throw usage_error{"retry_policy: a delay is below 0"};
    if (!(policy.multiplier >= 1)) throw usage_error{"retry_policy: multiplier is below 1"};
    if (!(policy.jitter >= 0 && policy.jitter <= 1)) throw usage_error{"retry_policy: jitter is not from 0 to 1"};
    policy_.max_delay = std::min<std::chrono::milliseconds>(policy.max_delay, std::chrono::hours{24 * 365});
}

void backoff::require_time() const {
    if (policy_.deadline.at() <= std::chrono::steady_clock::now())
        throw query_timeout{"the deadline of retry is past; nothing was tried"};
}

std::optional<std::chrono::milliseconds> backoff::next(std::chrono::steady_clock::time_point now, double chance) {
    if (++attempts_ >= policy_.max_attempts) return std::nullopt;
    const std::chrono::duration<double, std::milli> longest = std::min<decltype(delay_)>(delay_, policy_.max_delay);
    const auto delay = std::chrono::ceil<std::chrono::milliseconds>(longest * (1 - policy_.jitter * chance));
    delay_ = std::min<decltype(delay_)>(delay_ * policy_.multiplier, policy_.max_delay);
    if (policy_.deadline.at() <= later(now, delay)) return std::nullopt;
    return delay;
}

std::optional<std::chrono::milliseconds> backoff::next() {
    thread_local std::minstd_rand random{std::random_device{}()};
    return next(std::chrono::steady_clock::now(), std::uniform_real_distribution<>{}(random));
}

}  // namespace coropg::detail
