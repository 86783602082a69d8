// The blocking face: the same names in coropg::sync, over poll(2). Needs no Asio.
#pragma once

#include <coropg/backoff.hpp>
#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>
#include <coropg/sql.hpp>
#include <coropg/sqlstate.hpp>
#include <coropg/sync_connection.hpp>
#include <coropg/sync_pool.hpp>
#include <coropg/types/types.hpp>

#include <thread>
#include <tuple>
#include <type_traits>

namespace coropg::sync {

/// As coropg::retry; sleeps on the calling thread.
template <class Work, class Hook = detail::no_hook, class Predicate = bool (*)(const error&) noexcept>
std::invoke_result_t<Work&> retry(retry_policy policy, Work&& work, Hook&& before_sleep = {},
                                  Predicate&& is_worth_it = &is_safe_to_retry) {
    detail::backoff waits{policy};
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

}  // namespace coropg::sync
