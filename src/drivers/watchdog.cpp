#include <coropg/detail/drivers/watchdog.hpp>

#include <poll.h>
#ifdef __linux__
#include <sys/timerfd.h>
#endif

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <ctime>
#include <limits>
#include <system_error>

namespace coropg::detail {

namespace {

/// False when a signal came first.
bool poll_once(std::span<pollfd> entries, int timeout) {
    if (::poll(entries.data(), static_cast<nfds_t>(entries.size()), timeout) >= 0) return true;
    if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "poll"};
    return false;
}

void poll_until(std::span<pollfd> entries, clock::time_point deadline) {
    entries[1] = {-1, 0, 0};
    int timeout = -1;
    do {
        if (deadline == no_deadline) continue;
        constexpr std::chrono::milliseconds longest{std::numeric_limits<int>::max()};
        const auto left = std::max(deadline - clock::now(), clock::duration::zero());
        timeout = static_cast<int>(std::min(std::chrono::ceil<std::chrono::milliseconds>(left), longest).count());
    } while (!poll_once(entries, timeout));
}

}  // namespace

#ifdef __linux__

void timerfd_watchdog::poll(std::span<pollfd> entries, clock::time_point deadline) {
    if (!can_watch(deadline)) return poll_until(entries, deadline);
    entries[1] = {deadline == no_deadline ? -1 : timer_.get(), POLLIN, 0};
    while (!poll_once(entries, -1)) {
    }
    if (entries[1].revents != 0) watched_ = no_deadline;
}

bool timerfd_watchdog::can_watch(clock::time_point next) {
    if (next >= watched_) return true;
    if (timer_.get() < 0) timer_ = unique_fd{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (timer_.get() < 0) return false;
    // Zero would disarm it. Where seconds have 32 bits, it goes off too early rather than never.
    constexpr std::chrono::seconds latest{std::numeric_limits<std::time_t>::max()};
    const auto at = std::max(std::chrono::nanoseconds{next.time_since_epoch()}, std::chrono::nanoseconds{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    itimerspec setting{};
    setting.it_value.tv_sec = static_cast<std::time_t>(std::min(seconds, latest).count());
    setting.it_value.tv_nsec = static_cast<decltype(setting.it_value.tv_nsec)>((at - seconds).count());
    if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr) < 0)
        throw std::system_error{errno, std::generic_category(), "cannot set a timer"};
    watched_ = next;
    return true;
}

#endif

void timeout_watchdog::poll(std::span<pollfd> entries, clock::time_point deadline) {
    poll_until(entries, deadline);
    rests_ = deadline == no_deadline || clock::now() >= deadline;
}

}  // namespace coropg::detail
