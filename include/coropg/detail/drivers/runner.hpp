// A runner runs the verbs: it knows on which session a unit runs, and how its caller waits. `statements`,
// `transaction`, `pipeline` and the handles are templates over it and know neither Asio nor poll(2).
//
// A runner is copied with the handles that use it; copies run units on the same session, or pool. What it promises:
//
//   future<T>             what a verb that answers T returns: T itself, or what a coroutine awaits
//   make_unit             a unit to fill in, for one call
//   run<T>(unit, finish)  runs the unit and answers `finish(unit)`, or throws what that throws. Nothing is sent before
//                         the future is awaited. A cancel of the one who waits cancels the unit. `finish.afterwards()`, if
//                         there is one, is called last, when the session is not in use any more.
//   run_all               runs units that belong together; `finish(index, unit)` is called for each, in order, and the
//                         future ends when all have
#pragma once

#include <coropg/detail/session/unit.hpp>
#include <coropg/options.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg::detail {

using finish_unit = std::uint64_t (*)(unit&);
using finish_each = void (*)(std::size_t, unit&);

/// Tells those who wait for `units` of a `run_all` that nothing of it is sent, and throws `problem`.
template <class Finish>
[[noreturn]] void fail_all(std::vector<unit_ptr>& units, std::exception_ptr problem, Finish& finish) {
    for (std::size_t i = 0; i < units.size(); ++i) {
        units[i]->fail(problem);
        finish(i, *units[i]);
    }
    std::rethrow_exception(std::move(problem));
}

/// A finish that calls the program's code, which may give the connection back or destroy it.
template <class Finish>
concept acts_afterwards = requires(const Finish& finish) { finish.afterwards(); };

template <class R>
concept runner = std::copy_constructible<R> &&
                 requires(const R& r, unit_ptr u, std::vector<unit_ptr> units, std::source_location where,
                          std::shared_ptr<scope> within, finish_unit finish, finish_each finish_all) {
                     typename R::template future<void>;
                     { r.make_unit(call_options{}, where, within) } -> std::same_as<unit_ptr>;
                     {
                         r.template run<std::uint64_t>(std::move(u), finish)
                     } -> std::same_as<typename R::template future<std::uint64_t>>;
                     { R::run_all(r, std::move(units), finish_all) } -> std::same_as<typename R::template future<void>>;
                 };

/// Whether its futures are awaited, and not values.
template <class R>
inline constexpr bool is_awaited = !std::is_same_v<typename R::template future<int>, int>;

/// One that runs all its units on one session, which its handles can ask, and which `start` gives a unit to that nobody
/// waits for. Who uses the session keeps what `hold` returns meanwhile.
template <class R>
concept session_runner = runner<R> && requires(const R& r, unit_ptr u) {
    r.hold();
    r.core().is_open();
    { r.find_core()->is_open() } noexcept -> std::same_as<bool>;
    r.start(std::move(u));
};

/// One whose units run on sessions of a pool, which also lends them.
template <class R, class Pool>
concept pool_runner_of =
    runner<R> && requires(std::shared_ptr<Pool> pool, std::source_location where, clock::time_point deadline) {
        typename R::pooled_connection;
        {
            R::acquire(pool, where, deadline)
        } -> std::same_as<typename R::template future<typename R::pooled_connection>>;
        {
            R::try_acquire(pool, where)
        } -> std::same_as<typename R::template future<std::optional<typename R::pooled_connection>>>;
    };

}  // namespace coropg::detail
