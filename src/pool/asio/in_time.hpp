// Work of the program's that the pool waits for, but not for ever.
#pragma once

#include <coropg/gather.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace coropg::detail {

/// The result of `work`, whose exception it throws; nothing if it had to be cancelled at `deadline`.
template <class T>
asio::awaitable<std::optional<gathered<T>>> in_time(asio::awaitable<T> work, clock::time_point deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::optional<gathered<T>> value;
    if (deadline == no_deadline) {
        co_await fill(std::move(work), value);
        co_return value;
    }
    asio::steady_timer timer{executor, deadline};
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, fill(std::move(work), value), asio::deferred), timer.async_wait(asio::deferred));
    const auto [order, problem, woken] =
        co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const bool is_late = order[0] == 1 && !woken;
    if (problem && !is_late) std::rethrow_exception(problem);
    co_return value;
}

}  // namespace coropg::detail
