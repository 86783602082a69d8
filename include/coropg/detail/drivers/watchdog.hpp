// A watchdog ends a poll(2) at a deadline. Two roads: a timerfd on Linux, the timeout of poll everywhere. Which one is
// taken is COROPG_PORTABLE's choice; the tests know both.
#pragma once

#include <coropg/detail/drivers/descriptor.hpp>
#include <coropg/detail/ops/op.hpp>

#include <span>

struct pollfd;

namespace coropg::detail {

#ifdef __linux__
/// One timer for all deadlines of a connection, polled beside its socket. It is moved forward only, and may go off for
/// a deadline that is no more: a call with a timeout costs no system call of its own.
class timerfd_watchdog {
 public:
    /// Polls `entries`, until `deadline` at most; it may end too early. The second entry is for the watchdog to fill
    /// in. Where there is no descriptor left for the timer, it waits as the other watchdog does.
    /// Errors: std::system_error.
    void poll(std::span<pollfd> entries, clock::time_point deadline);
    /// Whether it has gone off since it was last given a deadline.
    [[nodiscard]] bool rests() const noexcept { return watched_ == no_deadline; }

 private:
    [[nodiscard]] bool can_watch(clock::time_point next);

    unique_fd timer_;
    clock::time_point watched_ = no_deadline;
};
#endif

/// The same without a descriptor; each wait reads the clock twice, and ends up to a millisecond late.
class timeout_watchdog {
 public:
    void poll(std::span<pollfd> entries, clock::time_point deadline);
    [[nodiscard]] bool rests() const noexcept { return rests_; }

 private:
    bool rests_ = true;
};

#if defined(__linux__) && !defined(COROPG_PORTABLE)
using watchdog = timerfd_watchdog;
#else
using watchdog = timeout_watchdog;
#endif

}  // namespace coropg::detail
