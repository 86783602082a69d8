// The blocking face: the same names in coropg::sync, over poll(2). Needs no Asio.
#pragma once

#include <coropg/backoff.hpp>
#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>
#include <coropg/settled.hpp>
#include <coropg/sql.hpp>
#include <coropg/sqlstate.hpp>
#include <coropg/sync_connection.hpp>
#include <coropg/sync_pool.hpp>
#include <coropg/types/types.hpp>

#include <concepts>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg::sync {

/// As coropg::retry; sleeps on the calling thread.
template <class Work, class Hook = detail::no_hook, class Predicate = bool (*)(const error&) noexcept>
decltype(auto) retry(retry_policy policy, Work&& work, Hook&& before_sleep = {},
                     Predicate&& is_worth_it = &is_safe_to_retry) {
    static_assert(std::is_invocable_v<Work&>, "the work of a retry is called without arguments: [&] {...}");
    if constexpr (std::is_invocable_v<Work&>)
        static_assert(!coropg::detail::coroutine_result<std::invoke_result_t<Work&>>,
                      "on the blocking face the work of a retry is no coroutine: nobody would run it");
    detail::backoff waits{policy};
    waits.require_time();
    for (;;) {
        std::chrono::milliseconds delay{};
        try {
            return work();
        } catch (const error& e) {
            const auto next = is_worth_it(e) ? waits.next() : std::nullopt;
            if (!next) throw;
            delay = *next;
            before_sleep(retry_event{e, waits.attempts(), delay});
        }
        std::this_thread::sleep_for(delay);
    }
}

/// The values as a tuple: the twin of coropg::gather, whose work is done here when its arguments are evaluated.
template <class... Ts>
std::tuple<Ts...> gather(Ts... values) {
    return {std::move(values)...};
}

template <class T>
std::vector<T> gather(std::vector<T> values) {
    return values;
}

/// Calls all of `work`, one after the other, and returns for each its value or its exception: none of them makes it
/// throw. Callables, as values would have thrown before they got here. Nothing runs at once, so there is no
/// max_concurrency.
template <class... Work>
    requires(sizeof...(Work) > 0 && (std::invocable<Work&> && ...))
std::tuple<settled<std::invoke_result_t<Work&>>...> gather_settled(Work&&... work) {
    return std::tuple<settled<std::invoke_result_t<Work&>>...>{detail::settle_call(work)...};  // braces: in this order
}

template <class Work>
std::vector<settled<std::invoke_result_t<Work&>>> gather_settled(std::vector<Work> work) {
    std::vector<settled<std::invoke_result_t<Work&>>> ends;
    ends.reserve(work.size());
    for (Work& each : work) ends.push_back(detail::settle_call(each));
    return ends;
}

}  // namespace coropg::sync
