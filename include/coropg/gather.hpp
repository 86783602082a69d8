// Fan-out: several awaitables at once, as Python's asyncio.gather.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace coropg {

namespace detail {

/// The result of work that returns T.
template <class T>
using gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Counts down the children of one gather, passes its cancellation on to them, and completes its handler behind the last.
template <class Handler>
class gather_join : public std::enable_shared_from_this<gather_join<Handler>> {
 public:
    gather_join(Handler handler, std::size_t count) : handler_{std::move(handler)}, left_{count}, signals_(count) {}

    /// What is left in the slot afterwards refers to nothing that could be gone.
    void listen_for_cancellation() {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = this->weak_from_this()](boost::asio::cancellation_type type) {
            if (const auto alive = weak.lock()) alive->cancel(type);
        });
    }

    [[nodiscard]] boost::asio::cancellation_slot slot_of(std::size_t child) noexcept { return signals_[child].slot(); }
    /// One that starts when others have had the cancellation already.
    void child_started(std::size_t child) {
        if (cancelled_ != boost::asio::cancellation_type::none) signals_[child].emit(cancelled_);
    }
    void child_ended(std::exception_ptr problem) {
        if (problem && !first_) first_ = std::move(problem);
        if (--left_ > 0) return;
        if (!starting_) return std::move(handler_)(std::move(first_));
        // Still inside the initiating function, where a handler must not be called.
        const auto executor = boost::asio::get_associated_executor(handler_);
        boost::asio::post(executor, [handler = std::move(handler_), first = std::move(first_)]() mutable {
            std::move(handler)(std::move(first));
        });
    }
    void started() noexcept { starting_ = false; }

 private:
    void cancel(boost::asio::cancellation_type type) {
        cancelled_ = type;
        for (auto& signal : signals_) signal.emit(type);
    }

    Handler handler_;
    std::size_t left_;
    std::vector<boost::asio::cancellation_signal> signals_;
    boost::asio::cancellation_type cancelled_ = boost::asio::cancellation_type::none;
    std::exception_ptr first_;
    bool starting_ = true;
};

/// The end of a child. It owns the join: a signal must live until the coroutine that listens to it has ended.
template <class Join>
struct child_end {
    using cancellation_slot_type = boost::asio::cancellation_slot;

    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return join->slot_of(child); }
    void operator()(std::exception_ptr problem) const { join->child_ended(std::move(problem)); }

    std::shared_ptr<Join> join;
    std::size_t child;
};

/// Puts the result of `work` into `slot`. (co_spawn takes only results that can be default-constructed.)
template <class T>
boost::asio::awaitable<void> fill(boost::asio::awaitable<T> work, std::optional<gathered<T>>& slot) {
    if constexpr (std::is_void_v<T>) {
        co_await std::move(work);
        slot.emplace();
    } else {
        slot.emplace(co_await std::move(work));
    }
}

/// The same for a child. Whatever cancellation its parent lets through is meant for it; co_spawn would stop all but terminal.
template <class T>
boost::asio::awaitable<void> fill_child(boost::asio::awaitable<T> work, std::optional<gathered<T>>& slot) {
    const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() == boost::asio::cancellation_type::none)
        co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
    std::exception_ptr problem;
    try {
        co_await fill(std::move(work), slot);
    } catch (...) {
        problem = std::current_exception();
    }
    // Else one that is cancelled before it ever waits, throws out of co_spawn in Boost 1.81.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (problem) std::rethrow_exception(problem);
}

template <class Join, class T>
void start_child(const std::shared_ptr<Join>& join, std::size_t child, const boost::asio::any_io_executor& executor,
                 boost::asio::awaitable<T> work, std::optional<gathered<T>>& slot) {
    boost::asio::co_spawn(executor, fill_child(std::move(work), slot), child_end<Join>{join, child});
    join->child_started(child);
}

/// Runs `start(join)`, which starts `count` children, and waits for all of them.
template <class Start>
auto join_children(std::size_t count, Start start) {
    return boost::asio::async_initiate<const boost::asio::deferred_t&, void(std::exception_ptr)>(
        [count, start](auto handler) {
            const auto join = std::make_shared<gather_join<decltype(handler)>>(std::move(handler), count);
            join->listen_for_cancellation();
            start(join);
            join->started();
        },
        boost::asio::deferred);
}

}  // namespace detail

/// Runs all of `work` at once and returns their results, `std::monostate` for void. On one connection their statements
/// are pipelined. Errors: the first exception, rethrown once all have ended. Cancellation: passed on to all of `work`.
template <class... Ts>
    requires(sizeof...(Ts) > 0)
boost::asio::awaitable<std::tuple<detail::gathered<Ts>...>> gather(boost::asio::awaitable<Ts>... work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::tuple<std::optional<detail::gathered<Ts>>...> slots;
    std::tuple<boost::asio::awaitable<Ts>...> children{std::move(work)...};
    const auto start = [&](const auto& join) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (detail::start_child(join, I, executor, std::move(std::get<I>(children)), std::get<I>(slots)), ...);
        }(std::index_sequence_for<Ts...>{});
    };
    co_await detail::join_children(sizeof...(Ts), start);
    co_return std::apply([](auto&... slot) { return std::tuple{std::move(*slot)...}; }, slots);
}

/// Runs all of `work` at once and returns their results in order. Errors and cancellation: as above.
template <class T>
boost::asio::awaitable<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::gathered<T>>>> gather(
    std::vector<boost::asio::awaitable<T>> work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::vector<std::optional<detail::gathered<T>>> slots(work.size());
    const auto start = [&](const auto& join) {
        for (std::size_t i = 0; i < work.size(); ++i)
            detail::start_child(join, i, executor, std::move(work[i]), slots[i]);
    };
    if (!work.empty()) co_await detail::join_children(work.size(), start);
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> results;
        results.reserve(slots.size());
        for (auto& slot : slots) results.push_back(std::move(*slot));
        co_return results;
    }
}

}  // namespace coropg
