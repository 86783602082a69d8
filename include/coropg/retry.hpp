// Trying again after errors that pass, on the asynchronous face. coropg::sync::retry is in <coropg/sync.hpp>.
#pragma once

#include <coropg/backoff.hpp>
#include <coropg/detail/closure_guard.hpp>
#include <coropg/detail/drivers/handlers.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <type_traits>
#include <utility>

namespace coropg {

namespace detail {

template <class T>
inline constexpr bool is_awaitable = false;
template <class T, class Executor>
inline constexpr bool is_awaitable<boost::asio::awaitable<T, Executor>> = true;

/// Refuses what cannot be the work of a retry.
template <class Work>
consteval bool is_work_to_retry() {
    static_assert(std::is_invocable_v<Work&>, "the work of a retry is called without arguments: [&] {...}");
    if constexpr (std::is_invocable_v<Work&>) {
        constexpr bool is_coroutine = is_awaitable<std::invoke_result_t<Work&>>;
        static_assert(is_coroutine,
                      "the work of a retry is a coroutine: let it return boost::asio::awaitable<T>, as in "
                      "[&]() -> boost::asio::awaitable<void> {...}");
        return is_coroutine;
    }
    return false;
}

template <class Work, class Hook, class Predicate>
std::invoke_result_t<Work&> run_again(retry_policy policy, Work work, Hook before_sleep, Predicate is_worth_it) {
    backoff waits{policy};
    waits.require_time();
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
    for (;;) {
        try {
            co_return co_await work();
        } catch (const error& e) {
            const auto delay = is_worth_it(e) ? waits.next() : std::nullopt;
            if (!delay) throw;
            before_sleep(retry_event{e, waits.attempts(), *delay});
            timer.expires_after(*delay);
        }
        const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
        require_uncancelled(throws, co_await boost::asio::this_coro::cancellation_state);
        boost::system::error_code problem;
        do {
            co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, problem));
            const boost::asio::cancellation_state state = co_await boost::asio::this_coro::cancellation_state;
            if (problem && (throws || ends_operation(state.cancelled())))
                throw operation_aborted{"cancelled by the program while waiting to try again"};
        } while (problem);
    }
}

}  // namespace detail

/// Awaits `work()` until it succeeds, and returns its result; after an error that passes, once more, with growing
/// delays as `policy` says. By default that is an error that `is_safe_to_retry`: serialization failures, deadlocks, a
/// connection that was lost before COMMIT was sent; never a COMMIT in doubt. A connection that is lost stays lost:
/// `work` has to get a new one. `before_sleep(retry_event)` is called before each delay; `is_worth_it(error)` decides
/// instead of `is_safe_to_retry`.
/// Errors: the last one of `work`; query_timeout when its deadline is past already; operation_aborted. Cancellation: ends a delay at once.
template <class Work, class Hook = detail::no_hook, class Predicate = bool (*)(const error&) noexcept>
auto retry(retry_policy policy, Work&& work, Hook&& before_sleep = {}, Predicate&& is_worth_it = &is_safe_to_retry) {
    detail::require_safe_closure<Work>();
    detail::require_safe_closure<Hook>();
    detail::require_safe_closure<Predicate>();
    if constexpr (detail::is_work_to_retry<std::decay_t<Work>>())
        return detail::run_again<std::decay_t<Work>, std::decay_t<Hook>, std::decay_t<Predicate>>(
            policy, std::forward<Work>(work), std::forward<Hook>(before_sleep), std::forward<Predicate>(is_worth_it));
}

}  // namespace coropg
