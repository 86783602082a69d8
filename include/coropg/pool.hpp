// The asynchronous pool: connections that are kept, lent, made clean and replaced. coropg::sync::pool is in
// <coropg/sync_pool.hpp>.
#pragma once

#include <coropg/connection.hpp>
#include <coropg/detail/asio_pool.hpp>
#include <coropg/pool_options.hpp>
#include <coropg/pool_stats.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

namespace coropg {

class pool;

/// A connection of a pool, for one alone; it goes back when this ends. Movable, not copyable.
/// Threads: the connection belongs to the executor of the coroutine that acquired it. Lifetime: it may outlive the pool's
/// handle, not its own execution context.
class pooled_connection {
 public:
    pooled_connection(std::shared_ptr<detail::asio_pool> pool, const detail::lent_link& lent)
        : pool_{std::move(pool)}, lease_{lent.lease}, connection_{detail::asio_driver{lent.link}} {}
    pooled_connection(pooled_connection&&) noexcept = default;
    pooled_connection& operator=(pooled_connection&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(lease_, other.lease_);
        std::swap(connection_, other.connection_);
        return *this;
    }
    ~pooled_connection() { give_back(true); }

    /// Errors: usage_error when it went back already.
    connection& operator*() {
        if (!pool_) throw usage_error{"the connection went back to its pool"};
        return connection_;
    }
    connection* operator->() { return &**this; }
    [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }

    /// Gives it back now.
    void release() { give_back(true); }
    /// Gives it back to be closed, because something is wrong with it that only you know.
    void discard() { give_back(false); }

 private:
    void give_back(bool is_usable) {
        if (const auto pool = std::exchange(pool_, nullptr))
            pool->give_back({lease_, std::move(connection_).take_driver().take_link()}, is_usable);
    }

    std::shared_ptr<detail::asio_pool> pool_;
    detail::pool_lease lease_;
    connection connection_;
};

namespace detail {

/// Acquires a connection, and has the program's hook look at it first.
asio::awaitable<pooled_connection> acquire(std::shared_ptr<asio_pool> pool, std::source_location where,
                                           clock::time_point deadline = no_deadline);
asio::awaitable<std::optional<pooled_connection>> try_acquire(std::shared_ptr<asio_pool> pool,
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
    void operator()(Handler&& handler, unit_ptr&& u) const {
        u->ticket = pool->listen_for_cancellation(asio::get_associated_cancellation_slot(handler));
        u->waiting.emplace(
            [work = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked),
             handler = std::forward<Handler>(handler)](unit_ptr done) mutable {
                asio::dispatch(work, [handler = std::move(handler), done = std::move(done)]() mutable {
                    std::move(handler)(std::move(done));
                });
            });
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
    pooled_connection conn = co_await acquire(std::move(pool), u->where, u->deadline);
    co_return co_await conn->runner().run<T>(std::move(u), std::move(finish));
}

/// Runs units on whatever connection of a pool.
class pool_runner {
 public:
    template <class T>
    using future = asio::awaitable<T>;

    explicit pool_runner(std::shared_ptr<asio_pool> pool) noexcept : pool_{std::move(pool)} {}

    [[nodiscard]] static unit_ptr make_unit(call_options options, std::source_location where,
                                            const std::shared_ptr<scope>& within = nullptr) {
        return take_spare_unit(options, where, within);
    }
    template <class T, class Finish>
    asio::awaitable<T> run(unit_ptr&& u, Finish finish) const {
        const bool may_share = u->exclusive == nullptr && u->commands.size() == 1 && u->changes == session_change::none;
        if (may_share) return run_one_shot<T>(pool_, std::move(u), std::move(finish));
        return run_alone<T>(pool_, std::move(u), std::move(finish));
    }
    template <class Finish>
    static asio::awaitable<void> run_all(pool_runner self, std::vector<unit_ptr> units, Finish finish) {
        if (units.empty()) co_return;
        pooled_connection conn = co_await acquire(self.pool_, units.front()->where, units.front()->deadline);
        co_await asio_runner::run_all(conn->runner(), std::move(units), std::move(finish));
    }

 private:
    std::shared_ptr<asio_pool> pool_;
};

template <class Work, class Options>
auto transact_in(std::shared_ptr<asio_pool> pool, Options options, Work work, std::source_location where)
    -> std::invoke_result_t<Work&, transaction&> {
    pooled_connection conn = co_await acquire(std::move(pool), where);
    co_return co_await conn->transaction(options, std::move(work), where);
}

}  // namespace detail

/// Statements on a pool with options of their own.
class pool_with_options : public statements<pool_with_options, detail::pool_runner> {
 public:
    pool_with_options(detail::pool_runner runner, call_options options) noexcept
        : runner_{std::move(runner)}, options_{options} {}

    [[nodiscard]] const detail::pool_runner& runner() const noexcept { return runner_; }
    [[nodiscard]] call_options options() const noexcept { return options_; }
    [[nodiscard]] static std::shared_ptr<detail::scope> within() noexcept { return nullptr; }

 private:
    detail::pool_runner runner_;
    call_options options_;
};

/// A pool of connections. The verbs of a connection run their statement on any of them: on an idle one, or else pipelined
/// behind other such statements, never behind one that runs for long. What may change the session (SET, LISTEN, DO, ...),
/// scripts, `execute_many` and pipelines get a connection of their own for that time.
///
/// Who waits is served in the order of arrival. A connection that comes back with a transaction open, statements under way
/// or its session changed is made clean for the next user, or replaced. A one-shot statement whose connection was lost
/// before it had an effect is run again on another. With target_session_attrs=read-write or primary, a server that refuses
/// writes is left. While the server is away one connection is tried at a time, with growing delays; who waits, waits on
/// until `acquire_timeout`.
///
/// Errors, besides those of the verbs: pool_timeout, pool_overloaded, pool_closed; connection_error when the server refuses
/// the credentials or the database. Cancellation: as for a connection; whoever waits leaves the queue.
/// Threads: any; coroutines of any executor can use it. Lifetime: while it is open, it keeps its execution context busy.
class pool : public statements<pool, detail::pool_runner> {
 public:
    template <class T>
    using future = boost::asio::awaitable<T>;

    /// Begins to make `min_size` connections, on `executor`, whose context must outlive what is lent.
    /// Errors: usage_error for options that make no sense.
    pool(boost::asio::any_io_executor executor, conninfo info, pool_options options = {});
    pool(pool&&) noexcept = default;
    pool& operator=(pool&& other) noexcept {
        std::swap(pool_, other.pool_);
        return *this;
    }
    /// Closes it, without waiting: what is lent ends when it comes back.
    ~pool();

    /// Waits until `min_size` connections are up. Errors: pool_timeout; connection_error when they are refused for good.
    boost::asio::awaitable<void> wait(std::source_location where = std::source_location::current()) {
        return detail::asio_pool::wait(pool_, where);
    }

    /// A connection for oneself.
    boost::asio::awaitable<pooled_connection> acquire(std::source_location where = std::source_location::current()) {
        return detail::acquire(pool_, where);
    }
    /// The same if one is free now, and nobody waits; else nothing.
    boost::asio::awaitable<std::optional<pooled_connection>> try_acquire(
        std::source_location where = std::source_location::current()) {
        return detail::try_acquire(pool_, where);
    }

    /// Acquires a connection and runs `work(transaction)` on it as `connection::transaction` does.
    template <class Work>
    auto transaction(transaction_options options, Work&& work,
                     std::source_location where = std::source_location::current()) {
        detail::require_safe_closure<Work>();
        return detail::transact_in(pool_, options, std::decay_t<Work>(std::forward<Work>(work)), where);
    }
    template <class Work>
    auto transaction(Work&& work, std::source_location where = std::source_location::current()) {
        detail::require_safe_closure<Work>();
        return detail::transact_in(pool_, transaction_options{}, std::decay_t<Work>(std::forward<Work>(work)), where);
    }

    /// The pool with options for the statements that are run through what it returns.
    [[nodiscard]] pool_with_options with(call_options options) const { return {runner_, options}; }

    /// What it has counted so far.
    [[nodiscard]] pool_stats stats() const { return pool_->stats(); }
    /// Other sizes from now on. Errors: usage_error for a `max_size` of 0 or below `min_size`.
    void resize(std::size_t min_size, std::size_t max_size);
    /// Replaces all connections: idle ones now, others when they come back.
    void drain() { pool_->drain(); }
    /// Refuses new requests, fails those that wait, and waits until what is lent has come back; after `grace` it is closed
    /// under the hands of its users. Closing a closed pool does nothing.
    boost::asio::awaitable<void> close(std::chrono::milliseconds grace = std::chrono::seconds{10}) {
        return detail::asio_pool::close(pool_, grace);
    }

    // Hooks. Set them before the first use; what they throw counts as a failure of what they are called for.

    /// Awaited before each connect, `awaitable<void>(conninfo&)`: for credentials that change.
    template <class Hook>
    void before_connect(Hook&& hook) {
        pool_->before_connect = std::forward<Hook>(hook);
    }
    /// Awaited with each new connection, `awaitable<void>(connection&)`: what it sets stays for all users. Is it undone by
    /// one of them, the connection is replaced.
    template <class Hook>
    void after_connect(Hook&& hook) {
        pool_->after_connect = std::forward<Hook>(hook);
    }
    /// Awaited before a connection is lent, `awaitable<bool>(connection&)`; on false it is replaced by another.
    template <class Hook>
    void before_acquire(Hook&& hook) {
        pool_->before_acquire = std::forward<Hook>(hook);
    }
    /// Called when a connection came back, `bool(connection&)`, which must not wait; on false it is closed.
    template <class Hook>
    void after_release(Hook&& hook) {
        pool_->after_release = std::forward<Hook>(hook);
    }

    [[nodiscard]] const detail::pool_runner& runner() const noexcept { return runner_; }
    [[nodiscard]] static call_options options() noexcept { return {}; }
    [[nodiscard]] static std::shared_ptr<detail::scope> within() noexcept { return nullptr; }

 private:
    std::shared_ptr<detail::asio_pool> pool_;
    detail::pool_runner runner_;
};

}  // namespace coropg
