// One connection is for one thread at a time. Debug builds of the library notice when a second one comes in.
#pragma once

#include <coropg/log.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace coropg::detail {

/// Who is at work on a session; nobody by default.
using turn_holder = std::atomic<std::thread::id>;

/// The time in which a thread works on a session. It may take another turn meanwhile.
class turn {
 public:
    explicit turn([[maybe_unused]] turn_holder& holder) noexcept {
#ifndef NDEBUG
        const std::thread::id me = std::this_thread::get_id();
        std::thread::id before{};
        if (holder.compare_exchange_strong(before, me, std::memory_order_acquire, std::memory_order_relaxed))
            holder_ = &holder;
        else
            is_intruder_ = before != me;
#endif
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
        if (holder_ != nullptr) holder_->store({}, std::memory_order_release);
    }

    /// Whether another thread is at work; never in a release build.
    [[nodiscard]] bool is_intruder() const noexcept { return is_intruder_; }

 private:
    turn_holder* holder_ = nullptr;
    bool is_intruder_ = false;
};

/// The thread cannot go on, nor can the other one: what they have in common may be broken already.
[[noreturn]] inline void die_of_two_threads() {
    log(log_level::error,
        "a connection is used by two threads at the same time: on an executor of several threads it needs a strand");
    std::fputs(
        "coropg: a connection is used by two threads at the same time: its executor must be a strand, or be run "
        "by one thread\n",
        stderr);
    std::abort();
}

}  // namespace coropg::detail
