// Fan-out: several awaitables at once, as Python's asyncio.gather.
#pragma once

#include <coropg/detail/persist.hpp>
#include <coropg/error.hpp>
#include <coropg/settled.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace coropg {

/// Trivial on purpose, as call_options.
struct gather_options {
    /// The most that run at a time: the next starts when one ends. 0 is no limit: all start at once.
    std::size_t max_concurrency = 0;
};

namespace detail {

/// One piece of the work of a gather, and what it has come to.
template <class T>
struct gather_child {
    explicit gather_child(boost::asio::awaitable<T> of) : work{std::move(of)} {}

    /// Null when there is a value. What has come to nothing was not started when all was cancelled.
    [[nodiscard]] std::exception_ptr error() const {
        if (value || problem) return problem;
        return std::make_exception_ptr(operation_aborted{"cancelled before it was started", outcome::not_sent});
    }

    boost::asio::awaitable<T> work;
    std::optional<gathered<T>> value;
    std::exception_ptr problem;
};

/// Calls `visit` for the child at `index`, if there is one.
template <class T, class Visitor>
void visit_child(std::vector<gather_child<T>>& children, std::size_t index, Visitor visit) {
    if (index < children.size()) visit(children[index]);
}
template <class... Ts, class Visitor>
void visit_child(std::tuple<gather_child<Ts>...>& children, std::size_t index, Visitor visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((index == I ? visit(std::get<I>(children)) : void()), ...);
    }(std::index_sequence_for<Ts...>{});
}

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

/// The same for a child. Whatever cancellation its parent lets through is meant for it; co_spawn would stop all but
/// terminal.
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

inline constexpr std::size_t no_child = std::numeric_limits<std::size_t>::max();

/// Starts the children of one gather, not too many at a time, passes its cancellation on to them, and completes its
/// handler behind the last, with the index of the one that failed first. The children live where the handler's owner
/// does. Without a strand, several threads may end children at the same time: what they count has a mutex.
template <class Handler, class Children>
class gather_join : public std::enable_shared_from_this<gather_join<Handler, Children>> {
 public:
    gather_join(Handler&& handler, const boost::asio::any_io_executor& executor, Children& children,
                std::vector<boost::asio::cancellation_signal>&& signals, gather_options options) noexcept
        : handler_{std::move(handler)},
          executor_{executor},
          children_{children},
          end_{signals.size()},
          limit_{options.max_concurrency == 0 ? no_child : options.max_concurrency},
          signals_{std::move(signals)} {}

    /// What it threw would go to the event loop, and take the coroutine along.
    void start() noexcept {
        persist([this] { listen_for_cancellation(); });
        std::unique_lock lock{mutex_};
        proceed(lock);
        if (lock.owns_lock()) is_initiating_ = false;
    }

 private:
    /// The end of a child. It owns the join: a signal must live until the coroutine that listens to it has ended.
    struct child_end {
        using cancellation_slot_type = boost::asio::cancellation_slot;

        [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
            return join->signals_[index].slot();
        }
        void operator()(std::exception_ptr problem) const { join->note_end(index, std::move(problem)); }

        std::shared_ptr<gather_join> join;
        std::size_t index;
    };

    /// The handler that stays in the slot refers to nothing that could be destroyed.
    void listen_for_cancellation() {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([weak = this->weak_from_this()](boost::asio::cancellation_type type) {
            if (const auto alive = weak.lock()) alive->cancel(type);
        });
    }

    void cancel(boost::asio::cancellation_type type) {
        {
            const std::lock_guard lock{mutex_};
            end_ = next_;
        }
        for (auto& signal : signals_) signal.emit(type);
    }

    void note_end(std::size_t index, std::exception_ptr problem) {
        std::unique_lock lock{mutex_};
        if (problem && first_failed_ == no_child) first_failed_ = index;
        visit_child(children_, index, [&](auto& child) { child.problem = std::move(problem); });
        --running_;
        proceed(lock);
    }

    /// Starts what may be started. One that ends while it is started leaves the next to the loop that started it: the
    /// stack does not grow with their number. Behind the last it completes the handler, without the lock.
    void proceed(std::unique_lock<std::mutex>& lock) {
        if (std::exchange(is_proceeding_, true)) return;
        while (next_ < end_ && running_ < limit_) {
            ++running_;
            const std::size_t index = next_++;
            lock.unlock();
            start_child(index);
            lock.lock();
        }
        is_proceeding_ = false;
        if (running_ == 0) complete(lock);
    }

    void start_child(std::size_t index) {
        std::exception_ptr problem;
        visit_child(children_, index, [&](auto& child) {
            try {
                boost::asio::co_spawn(executor_, fill_child(std::move(child.work), child.value),
                                      child_end{this->shared_from_this(), index});
            } catch (...) {
                problem = std::current_exception();
            }
        });
        if (problem) note_end(index, std::move(problem));
    }

    void complete(std::unique_lock<std::mutex>& lock) {
        const bool some_never_started = next_ < signals_.size();
        if (first_failed_ == no_child && some_never_started) first_failed_ = next_;
        const bool is_initiating = is_initiating_;
        lock.unlock();
        if (!is_initiating) return std::move(handler_)(first_failed_);
        // Still inside the initiating function, where a handler must not be called.
        const auto executor = boost::asio::get_associated_executor(handler_);
        persist([&] {
            boost::asio::post(executor,
                              [self = this->shared_from_this()] { std::move(self->handler_)(self->first_failed_); });
        });
    }

    Handler handler_;
    const boost::asio::any_io_executor executor_;
    Children& children_;
    std::mutex mutex_;  // of what follows
    std::size_t next_ = 0;
    std::size_t end_;  // those from here on are not started
    std::size_t running_ = 0;
    const std::size_t limit_;
    std::vector<boost::asio::cancellation_signal> signals_;
    std::size_t first_failed_ = no_child;
    bool is_initiating_ = true;
    bool is_proceeding_ = false;
};

/// Runs all of `children`, of which there is at least one. Returns the index of the one that failed first, or no_child.
template <class Children>
auto run_children(const boost::asio::any_io_executor& executor, Children& children, std::size_t count,
                  gather_options options) {
    std::vector<boost::asio::cancellation_signal> signals(count);
    return boost::asio::async_initiate<const boost::asio::deferred_t&, void(std::size_t)>(
        [&executor, &children, signals = std::move(signals), options](auto handler) mutable {
            using join = gather_join<decltype(handler), Children>;
            std::shared_ptr<join> all;
            persist([&] {
                all = std::make_shared<join>(std::move(handler), executor, children, std::move(signals), options);
            });
            all->start();
        },
        boost::asio::deferred);
}

template <class Children>
void rethrow_error_of(Children& children, std::size_t index) {
    visit_child(children, index, [](auto& child) { std::rethrow_exception(child.error()); });
}

template <class T>
std::vector<gather_child<T>> children_of(std::vector<boost::asio::awaitable<T>>&& work) {
    std::vector<gather_child<T>> children;
    children.reserve(work.size());
    for (auto& each : work) children.emplace_back(std::move(each));
    return children;
}

template <class T>
settled<T> settle(gather_child<T>& child) {
    std::exception_ptr error = child.error();
    return {std::move(child.value), std::move(error)};
}

}  // namespace detail

/// Runs all of `work` at once, or some at a time, and returns their results in order, `std::monostate` for void. On one
/// connection their statements are pipelined. Errors: the first exception, rethrown once all have ended. Cancellation:
/// passed on to what runs; what was not started ends as operation_aborted. Threads: with several in the executor's
/// context they run in parallel, with or without a strand; only to be cancelled it needs one, as Asio's own operations.
template <class... Ts>
    requires(sizeof...(Ts) > 0)
boost::asio::awaitable<std::tuple<detail::gathered<Ts>...>> gather(gather_options options,
                                                                   boost::asio::awaitable<Ts>... work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::tuple<detail::gather_child<Ts>...> children{std::move(work)...};
    const std::size_t failed = co_await detail::run_children(executor, children, sizeof...(Ts), options);
    detail::rethrow_error_of(children, failed);
    co_return std::apply([](auto&... child) { return std::tuple<detail::gathered<Ts>...>{std::move(*child.value)...}; },
                         children);
}
template <class... Ts>
    requires(sizeof...(Ts) > 0)
boost::asio::awaitable<std::tuple<detail::gathered<Ts>...>> gather(boost::asio::awaitable<Ts>... work) {
    return gather(gather_options{}, std::move(work)...);
}

/// The same for any number of one type; nothing is returned for void.
template <class T>
boost::asio::awaitable<std::conditional_t<std::is_void_v<T>, void, std::vector<detail::gathered<T>>>> gather(
    gather_options options, std::vector<boost::asio::awaitable<T>> work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::vector<detail::gather_child<T>> children = detail::children_of(std::move(work));
    std::size_t failed = detail::no_child;
    if (!children.empty()) failed = co_await detail::run_children(executor, children, children.size(), options);
    detail::rethrow_error_of(children, failed);
    if constexpr (!std::is_void_v<T>) {
        std::vector<T> results;
        results.reserve(children.size());
        for (auto& child : children) results.push_back(std::move(*child.value));
        co_return results;
    }
}
template <class T>
auto gather(std::vector<boost::asio::awaitable<T>> work) {
    return gather(gather_options{}, std::move(work));
}

/// As `gather`, but returns for each of `work` its value or its exception: none of them makes it throw.
template <class... Ts>
    requires(sizeof...(Ts) > 0)
boost::asio::awaitable<std::tuple<settled<Ts>...>> gather_settled(gather_options options,
                                                                  boost::asio::awaitable<Ts>... work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::tuple<detail::gather_child<Ts>...> children{std::move(work)...};
    co_await detail::run_children(executor, children, sizeof...(Ts), options);
    co_return std::apply([](auto&... child) { return std::tuple<settled<Ts>...>{detail::settle(child)...}; }, children);
}
template <class... Ts>
    requires(sizeof...(Ts) > 0)
boost::asio::awaitable<std::tuple<settled<Ts>...>> gather_settled(boost::asio::awaitable<Ts>... work) {
    return gather_settled(gather_options{}, std::move(work)...);
}

/// The same for any number of one type.
template <class T>
boost::asio::awaitable<std::vector<settled<T>>> gather_settled(gather_options options,
                                                               std::vector<boost::asio::awaitable<T>> work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    std::vector<detail::gather_child<T>> children = detail::children_of(std::move(work));
    if (!children.empty()) co_await detail::run_children(executor, children, children.size(), options);
    std::vector<settled<T>> ends;
    ends.reserve(children.size());
    for (auto& child : children) ends.push_back(detail::settle(child));
    co_return ends;
}
template <class T>
boost::asio::awaitable<std::vector<settled<T>>> gather_settled(std::vector<boost::asio::awaitable<T>> work) {
    return gather_settled(gather_options{}, std::move(work));
}

}  // namespace coropg
