// Calls of libpq that block or compute for long, on threads beside the event loop. Who waits for one may go: it ends by
// itself, and owns what it works on.
#pragma once

#include <coropg/detail/drivers/bell.hpp>
#include <coropg/detail/ops/op.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace coropg::detail::ops {

class aside_call {
 public:
    /// Errors: std::system_error without a descriptor to be had.
    aside_call();
    aside_call(const aside_call&) = delete;
    aside_call& operator=(const aside_call&) = delete;
    virtual ~aside_call() = default;

    void run() noexcept;
    /// Whether it has waited for a thread for longer than it has run.
    [[nodiscard]] bool is_starved() const noexcept;
    [[nodiscard]] bool has_ended() const noexcept { return ended_.has_rung(); }
    /// Readable once it has ended.
    [[nodiscard]] int descriptor() const noexcept { return ended_.descriptor(); }

 private:
    virtual void work() noexcept = 0;

    const clock::time_point made_at_ = clock::now();
    std::atomic<clock::time_point> begun_at_ = no_deadline;
    bell ended_;
};

/// A few threads, which end when there is nothing left to run: many statements may time out at once. A server can keep a
/// thread for long; one that works for nobody any more is replaced, as long as there are not too many of these.
class aside_threads {
 public:
    /// For one purpose of the process, and for ever: the threads outlive what a program destroys at its end. A child
    /// begins with none.
    static aside_threads& of_cancels();
    static aside_threads& of_connects();
    static aside_threads& of_lookups();

    /// The time in which somebody waits for a call. Who goes before it has begun takes it back.
    class stay {
     public:
        /// Errors: std::system_error without a thread to be had.
        stay(aside_threads& threads, std::shared_ptr<aside_call> call);
        stay(const stay&) = delete;
        stay& operator=(const stay&) = delete;
        ~stay();

     private:
        aside_threads& threads_;
        std::shared_ptr<aside_call> call_;
    };

    /// False when there are still threads at work behind `patience`.
    [[nodiscard]] bool wait_until_idle(std::chrono::milliseconds patience);

    static constexpr std::size_t most_awaited = 16;
    static constexpr std::size_t most = 64;

 private:
    /// A call that a thread is at.
    struct job {
        const aside_call* call;
        bool is_forsaken;  ///< nobody waits for it
    };

    template <aside_threads& (*One)()>
    static aside_threads* make_for_every_process();

    [[nodiscard]] bool has_room() const noexcept { return running_ - forsaken_ < most_awaited && running_ < most; }
    [[nodiscard]] std::vector<job>::iterator find(const aside_call* call) noexcept;
    void start_one();
    void work() noexcept;

    std::mutex mutex_;
    std::condition_variable idle_;
    std::deque<std::shared_ptr<aside_call>> waiting_;
    std::vector<job> at_work_;  // has room for all threads
    std::size_t forsaken_ = 0;
    std::size_t running_ = 0;
};

}  // namespace coropg::detail::ops
