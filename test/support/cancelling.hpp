// An operation that a test can cancel, and what must hold of its connection afterwards.
#pragma once

#include "faces.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace coropg::test {

/// Far beyond what anything here takes; what ends neither before nor by then, is stuck.
inline constexpr std::chrono::seconds stuck_after{20};

/// Lets every type of cancellation through, where co_spawn lets terminal.
inline asio::awaitable<void> open_to_all(asio::awaitable<void> work) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    std::exception_ptr problem;
    try {
        co_await std::move(work);
    } catch (...) {
        problem = std::current_exception();
    }
    // Else co_spawn of Boost 1.81 throws its own error, when the cancellation came behind the last wait.
    co_await asio::this_coro::throw_if_cancelled(false);
    if (problem) std::rethrow_exception(problem);
}

/// Throws away what `work` returns.
template <class T>
asio::awaitable<void> only_run(asio::awaitable<T> work) {
    co_await std::move(work);
}

/// A coroutine on `io`, spawned with a cancellation slot.
class cancellable {
 public:
    cancellable(asio::io_context& io, asio::awaitable<void> work) : io_{io}, state_{std::make_shared<state>()} {
        asio::co_spawn(io, open_to_all(std::move(work)),
                       asio::bind_cancellation_slot(state_->signal.slot(), [kept = state_](std::exception_ptr problem) {
                           kept->problem = std::move(problem);
                           kept->has_ended = true;
                           kept->ended_at = std::chrono::steady_clock::now();
                       }));
        io_.restart();
    }

    void cancel(asio::cancellation_type type = asio::cancellation_type::terminal) {
        io_.restart();
        cancelled_at_ = std::chrono::steady_clock::now();
        state_->signal.emit(type);
    }
    /// The same from within the event loop, so that all that can end at once does so inside `emit`.
    void cancel_inside(asio::cancellation_type type = asio::cancellation_type::terminal) {
        io_.restart();
        cancelled_at_ = std::chrono::steady_clock::now();
        asio::post(io_, [kept = state_, type] { kept->signal.emit(type); });
    }

    [[nodiscard]] bool has_ended() const { return state_->has_ended; }
    /// Runs the event loop until it has ended, and rethrows what it ended with.
    void wait() {
        const auto limit = std::chrono::steady_clock::now() + stuck_after;
        while (!state_->has_ended) {
            BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < limit,
                                  "stuck: a cancelled operation does not end");
            io_.restart();
            io_.run_one_for(stuck_after);
        }
        if (state_->problem) std::rethrow_exception(std::exchange(state_->problem, nullptr));
    }
    /// The error that it ends with; fails the test when that is another one, or none.
    template <class Error>
    Error error() {
        return error_of<Error>([this] { wait(); });
    }
    /// From its cancellation to its end.
    [[nodiscard]] std::chrono::steady_clock::duration took() const { return state_->ended_at - cancelled_at_; }

 private:
    /// The signal must outlive the coroutine.
    struct state {
        asio::cancellation_signal signal;
        std::exception_ptr problem;
        std::chrono::steady_clock::time_point ended_at;
        bool has_ended = false;
    };

    asio::io_context& io_;
    std::shared_ptr<state> state_;
    std::chrono::steady_clock::time_point cancelled_at_;
};

/// The promise: after a cancellation a connection answers right, on no transaction, or is closed; neither takes long.
/// Returns whether it is usable.
inline bool usable_or_closed(asio::io_context& io, coropg::connection& conn) {
    int answer = 0;
    bool is_idle = false;
    const auto ask = [&]() -> asio::awaitable<void> {
        const auto [number, pid, idle] = co_await conn.fetch_one<std::tuple<int, int, bool>>(
            "SELECT $1::int, pg_backend_pid(), pg_current_xact_id_if_assigned() IS NULL", 4711);
        answer = number;
        is_idle = idle;
        BOOST_TEST(pid == conn.backend_pid());
    };
    try {
        cancellable{io, ask()}.wait();
    } catch (const connection_error&) {
        BOOST_TEST(!conn.is_open());
        return false;
    }
    BOOST_TEST(answer == 4711);
    BOOST_TEST(is_idle);
    return true;
}

/// Returns once the statement that `conn` runs sleeps: a cancel that comes before a statement hits nothing.
inline void await_sleep(asio::io_context& io, const coropg::connection& conn) {
    sync::connection observer = sync::connect(dsn());
    const auto limit = std::chrono::steady_clock::now() + stuck_after;
    const auto sleeps = [&] {
        return observer.fetch_one<bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')",
            conn.backend_pid());
    };
    do {
        BOOST_REQUIRE(std::chrono::steady_clock::now() < limit);
        io.restart();
        io.poll();
    } while (!sleeps());
}

}  // namespace coropg::test
