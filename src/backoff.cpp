#include <coropg/backoff.hpp>

#include <algorithm>
#include <random>

namespace coropg::detail {

std::optional<std::chrono::milliseconds> backoff::next(std::chrono::steady_clock::time_point now, double chance) {
    if (++attempts_ >= policy_.max_attempts) return std::nullopt;
    const std::chrono::duration<double, std::milli> longest = std::min<decltype(delay_)>(delay_, policy_.max_delay);
    const auto delay = std::chrono::ceil<std::chrono::milliseconds>(longest * (1 - policy_.jitter * chance));
    delay_ = std::min<decltype(delay_)>(delay_ * policy_.multiplier, policy_.max_delay);
    if (policy_.deadline.at() - now <= delay) return std::nullopt;
    return delay;
}

std::optional<std::chrono::milliseconds> backoff::next() {
    thread_local std::minstd_rand random{std::random_device{}()};
    return next(std::chrono::steady_clock::now(), std::uniform_real_distribution<>{}(random));
}

}  // namespace coropg::detail
