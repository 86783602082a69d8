// The asynchronous pool: connections that are kept, lent, made clean and replaced. coropg::sync::pool is in
// <coropg/sync_pool.hpp>.
#pragma once

#include <coropg/basic_pool.hpp>
#include <coropg/connection.hpp>
#include <coropg/detail/pool/asio_pool.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace coropg {

using pooled_connection = basic_pooled_connection<detail::asio_pool, connection>;

namespace detail {

/// Acquires a connection, and has the program's hook look at it first.
asio::awaitable<pooled_connection> acquire_from(std::shared_ptr<asio_pool> pool, std::source_location where,
                                                clock::time_point deadline = no_deadline);
asio::awaitable<std::optional<pooled_connection>> try_acquire_from(std::shared_ptr<asio_pool> pool,
                                                                   std::source_location where);

/// A unit for a one-shot: one that this thread kept, if there is one, so that a statement allocates little.
unit_ptr take_spare_unit(call_options options, std::source_location where, const std::shared_ptr<scope>& within);
void keep_spare_unit(unit_ptr&& u) noexcept;

/// Keeps a unit when its answer was read.
struct spare_unit {
    unit_ptr u;

    ~spare_unit() { keep_spare_unit(std::move(u)); }
};

struct start_one_shot {
    asio_pool* pool;

    template <class Handler>
    void operator()(Handler&& handler, unit_ptr&& u) const noexcept {
        const auto cancelling = asio::get_associated_cancellation_slot(handler);
        const auto executor = asio::get_associated_executor(handler);
        persist([&] { u->waiting.emplace(posted_to(executor, std::forward<Handler>(handler))); });
        persist([&] { u->ticket = pool->listen_for_cancellation(cancelling); });
        pool->submit(std::move(u));
    }
};

/// On a connection that it shares with others.
template <class T, class Finish>
asio::awaitable<T> run_one_shot(std::shared_ptr<asio_pool> pool, unit_ptr u, Finish finish) {
    pool->require_home();
    unit_ptr done = co_await asio::async_initiate<const asio::deferred_t&, void(unit_ptr)>(
        start_one_shot{pool.get()}, asio::deferred, std::move(u));
    const spare_unit keeper{std::move(done)};
    co_return finish(*keeper.u);
}

/// On a connection of its own: what may change the session, or takes long.
template <class T, class Finish>
asio::awaitable<T> run_alone(std::shared_ptr<asio_pool> pool, unit_ptr u, Finish finish) {
    coropg::pooled_connection conn = co_await acquire_from(std::move(pool), u->where, u->deadline);
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    require_uncancelled(throws, co_await asio::this_coro::cancellation_state, *u);
    co_return co_await conn->runner().run<T>(std::move(u), std::move(finish));
}

template <class Begin, class Work>
auto transact_in(std::shared_ptr<asio_pool> pool, Begin begin, Work work, std::source_location where,
                 clock::time_point deadline) -> std::invoke_result_t<Work&, transaction&> {
    coropg::pooled_connection conn = co_await acquire_from(std::move(pool), where, deadline);
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    require_uncancelled(throws, co_await asio::this_coro::cancellation_state, where);
    auto begin_here = [runner = conn->runner(), begin = std::move(begin)]() mutable { return begin(runner); };
    co_return co_await asio_runner::transact(std::move(begin_here), std::move(work));
}

/// Runs units on whatever connection of a pool.
class pool_runner {
 public:
    template <class T>
    using future = asio::awaitable<T>;
    using pooled_connection = coropg::pooled_connection;

    explicit pool_runner(std::shared_ptr<asio_pool> pool) noexcept : pool_{std::move(pool)} {}

    [[nodiscard]] static unit_ptr make_unit(call_options options, std::source_location where,
                                            const std::shared_ptr<scope>& within = nullptr) {
        return take_spare_unit(options, where, within);
    }
    template <class T, class Finish>
    asio::awaitable<T> run(unit_ptr&& u, Finish finish) const {
        const bool may_share = u->exclusive == nullptr && u->commands.size() == 1 && u->changes == session_change::none;
        if (may_share) return run_one_shot<T>(here(pool_), std::move(u), std::move(finish));
        return run_alone<T>(here(pool_), std::move(u), std::move(finish));
    }
    template <class Finish>
    static asio::awaitable<void> run_all(pool_runner self, std::vector<unit_ptr> units, Finish finish) {
        if (units.empty()) co_return;
        std::optional<coropg::pooled_connection> conn;
        try {
            conn.emplace(co_await acquire_from(here(self.pool_), units.front()->where, units.front()->deadline));
            const bool throws = co_await asio::this_coro::throw_if_cancelled();
            require_uncancelled(throws, co_await asio::this_coro::cancellation_state, *units.front());
        } catch (...) {
            fail_all(units, std::current_exception(), finish);
        }
        co_await asio_runner::run_all((*conn)->runner(), std::move(units), std::move(finish));
    }
    static asio::awaitable<pooled_connection> acquire(std::shared_ptr<asio_pool> pool, std::source_location where,
                                                      clock::time_point deadline = no_deadline) {
        return acquire_from(std::move(pool), where, deadline);
    }
    static asio::awaitable<std::optional<pooled_connection>> try_acquire(std::shared_ptr<asio_pool> pool,
                                                                         std::source_location where) {
        return try_acquire_from(std::move(pool), where);
    }
    template <class Work>
    static auto transact(std::shared_ptr<asio_pool> pool, const transaction_options& options,
                         const call_options& carried, Work&& work, std::source_location where) {
        require_safe_closure<Work>();
        return transact_in(std::move(pool), beginning(options, carried, nullptr, where),
                           std::decay_t<Work>(std::forward<Work>(work)), where, end_of(carried));
    }

 private:
    std::shared_ptr<asio_pool> pool_;
};
static_assert(pool_runner_of<pool_runner, asio_pool>);

}  // namespace detail

/// The pool whose verbs return `boost::asio::awaitable`. Statements that are called on it run on any of its
/// connections: on an idle one, or else pipelined behind other such statements, never behind one that runs for long.
/// What may change the session (SET, LISTEN, DO, ...), scripts, `execute_many` and pipelines get a connection of their
/// own for that time. A one-shot statement whose connection was lost before it had an effect is run again on another.
///
/// Cancellation: as for a connection; a cancelled wait leaves the queue.
/// Threads: any; coroutines of any executor can use it. Lifetime: from its first use until it is closed it keeps its
/// execution context busy, which must outlive what is lent.
class pool : public basic_pool<detail::asio_pool, detail::pool_runner> {
 public:
    /// Its connections are made on `executor`. Errors: usage_error for options that make no sense.
    pool(boost::asio::any_io_executor executor, conninfo info, pool_options options = {})
        : basic_pool{detail::asio_pool::make(std::move(executor), std::move(info), options)} {}
};

}  // namespace coropg
