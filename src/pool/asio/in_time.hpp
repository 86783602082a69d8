// Work of the program's that the pool waits for, but not for ever.
#pragma once

#include <coropg/detail/drivers/handlers.hpp>
#include <coropg/gather.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace coropg::detail {

/// On a strand: else the end of `work` and its cancellation could come at the same time.
template <class T>
asio::awaitable<void> race(asio::awaitable<T> work, clock::time_point deadline, std::optional<gathered<T>>& value) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const asio::any_io_executor strand = co_await asio::this_coro::executor;
    asio::steady_timer timer{strand, deadline};
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(strand, fill_child(std::move(work), value), asio::deferred), timer.async_wait(asio::deferred));
    const auto [order, problem, woken] =
        co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const bool is_late = order[0] == 1 && !woken;
    if (problem && !is_late) std::rethrow_exception(problem);
}

/// The result of `work`, which runs on `strand`, and whose exception it throws; nothing if it had to be cancelled at
/// `deadline`.
template <class T>
asio::awaitable<std::optional<gathered<T>>> in_time(asio::awaitable<T> work, clock::time_point deadline,
                                                    asio::any_io_executor strand) {
    std::optional<gathered<T>> value;
    if (deadline == no_deadline) {
        co_await fill(std::move(work), value);
        co_return value;
    }
    co_await spawned(strand, [&] { return race(std::move(work), deadline, value); });
    co_return value;
}

}  // namespace coropg::detail
