// Shared by the parts of the asynchronous pool: the event, within which its core and its slots may be touched.
#pragma once

#include <coropg/detail/pool/asio_pool.hpp>

#include <boost/asio/post.hpp>

namespace coropg::detail {

/// Why a connection ends under the hands of its user.
inline constexpr const char* was_closed = "its pool was closed";

/// Holds the mutex, and in the end does what the core wants done, outside of it.
class asio_pool::event {
 public:
    explicit event(asio_pool& pool) : pool_{pool}, lock_{pool.mutex_}, now{clock::now()} {}
    /// Whether this is a child process, where nothing of its parent's pool goes on. Who waits for it there is told so, unless
    /// a thread of the parent was at the pool when it forked.
    [[nodiscard]] static bool is_in_child(asio_pool& pool) noexcept;
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() {
        while (const auto action = pool_.core_.next_action()) persist([&] { pool_.collect(*action, todo); });
        if (pool_.has_decided_minimum()) wake(pool_.awaiting_minimum_);
        if (pool_.core_.is_drained()) wake(pool_.awaiting_end_);
        lock_.unlock();
        pool_.perform(todo);
    }

 private:
    /// With the mutex held: a watcher, and its execution context, could be destroyed meanwhile.
    static void wake(watchers& all) {
        for (const auto& timer : all)
            persist([&timer] { asio::post(timer->get_executor(), [timer] { timer->cancel(); }); });
        all.clear();
    }

    asio_pool& pool_;
    std::unique_lock<std::mutex> lock_;

 public:
    const clock::time_point now;
    effects todo;
};

/// Has those told on `executor` who still wait for units that ended in a session which has no link at the moment.
inline void tell_finished(session& core, const asio::any_io_executor& executor) {
    while (unit_ptr done = core.take_finished()) tell_later(executor, std::move(done));
}

}  // namespace coropg::detail
