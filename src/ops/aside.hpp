// Calls of libpq that block or compute for long, on threads beside the event loop. Who waits for one may go: it ends by
// itself, and owns what it works on.
#pragma once

#include <coropg/detail/drivers/bell.hpp>
#include <coropg/detail/ops/op.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

namespace coropg::detail::ops {

class aside_call {
 public:
    /// Errors: std::system_error without a descriptor to be had.
    aside_call();
    aside_call(const aside_call&) = delete;
    aside_call& operator=(const aside_call&) = delete;
    virtual ~aside_call() = default;

    void run() noexcept;
    [[nodiscard]] bool has_ended() const noexcept { return ended_.has_rung(); }
    /// Readable once it has ended.
    [[nodiscard]] int descriptor() const noexcept { return ended_.descriptor(); }

 private:
    virtual void work() noexcept = 0;

    bell ended_;
};

/// A few threads, which end when there is nothing left to run: many statements may time out at once, and a server can keep
/// a thread for long.
class aside_threads {
 public:
    /// For one purpose of the process, and for ever: the threads outlive what a program destroys at its end. A child
    /// begins with none.
    static aside_threads& of_cancels();
    static aside_threads& of_connects();

    /// Errors: std::system_error without a thread to be had.
    void run(std::shared_ptr<aside_call> call);

 private:
    static constexpr std::size_t most = 16;

    void work() noexcept;

    std::mutex mutex_;
    std::deque<std::shared_ptr<aside_call>> waiting_;
    std::size_t running_ = 0;
};

}  // namespace coropg::detail::ops
