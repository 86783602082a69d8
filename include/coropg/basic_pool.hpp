// The handles of the pools of both faces. <coropg/pool.hpp> and <coropg/sync_pool.hpp> give the names.
#pragma once

#include <coropg/basic_connection.hpp>
#include <coropg/detail/drivers/runner.hpp>
#include <coropg/detail/pool/pool_policy.hpp>
#include <coropg/pool_options.hpp>
#include <coropg/pool_stats.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace coropg {

namespace detail {

/// What the handle of a pool refers to. Errors: usage_error when the handle was moved from.
template <class Shell>
const std::shared_ptr<Shell>& here(const std::shared_ptr<Shell>& pool) {
    if (!pool) throw usage_error{"the pool was moved from"};
    return pool;
}

}  // namespace detail

/// A connection of a pool, for one alone; it goes back when this ends. Movable, not copyable.
/// Threads: on the asynchronous face the connection belongs to the executor of the coroutine that acquired it. That need
/// not be a strand while this coroutine alone uses it; for several at a time it must be. On the blocking face one thread
/// uses it at a time. Lifetime: it may outlive the pool's handle, not its own execution context.
template <class Shell, class Connection>
class basic_pooled_connection {
 public:
    basic_pooled_connection(std::shared_ptr<Shell> pool, const detail::pool_lease& lease, Connection&& lent)
        : pool_{std::move(pool)}, lease_{lease}, connection_{std::move(lent)} {}
    basic_pooled_connection(basic_pooled_connection&&) noexcept = default;
    basic_pooled_connection& operator=(basic_pooled_connection&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(lease_, other.lease_);
        std::swap(connection_, other.connection_);
        return *this;
    }
    ~basic_pooled_connection() { give_back(true); }

    /// Errors: usage_error when it went back already.
    Connection& operator*() {
        if (!pool_) throw usage_error{"the connection went back to its pool"};
        return connection_;
    }
    Connection* operator->() { return &**this; }
    [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }

    /// Gives it back now.
    void release() { give_back(true); }
    /// Gives it back to be closed, because something is wrong with it that only you know.
    void discard() { give_back(false); }

 private:
    void give_back(bool is_usable) {
        if (const auto pool = std::exchange(pool_, nullptr)) pool->give_back(lease_, std::move(connection_), is_usable);
    }

    std::shared_ptr<Shell> pool_;
    detail::pool_lease lease_;
    Connection connection_;
};

namespace detail {

/// That of the connections which a pool lends.
template <class PooledConnection>
using leased_runner = typename std::remove_cvref_t<decltype(*std::declval<PooledConnection&>())>::runner_type;

}  // namespace detail

/// A pool with options, which its statements and transactions carry.
template <class Shell, detail::pool_runner_of<Shell> Runner>
class basic_pool_with_options : public statements<basic_pool_with_options<Shell, Runner>, Runner> {
 public:
    template <class T>
    using future = typename Runner::template future<T>;
    using pooled_connection = typename Runner::pooled_connection;

    basic_pool_with_options(std::shared_ptr<Shell> pool, Runner runner, call_options options) noexcept
        : pool_{std::move(pool)}, runner_{std::move(runner)}, options_{options} {}

    /// A connection for oneself; `timeout` and `deadline` limit the wait for it, and nothing else: its statements do not
    /// carry the options. Errors: query_timeout when they end before the pool's `acquire_timeout`.
    future<pooled_connection> acquire(std::source_location where = std::source_location::current()) {
        return Runner::acquire(detail::here(pool_), where, detail::end_of(options_));
    }

    /// Acquires a connection and runs `work(transaction)` on it as `connection::with(...).transaction` does. `timeout` and
    /// `deadline` limit the wait, and then each statement. Errors: query_timeout.
    template <class Work>
    auto transaction(transaction_options options, Work&& work,
                     std::source_location where = std::source_location::current()) {
        if constexpr (detail::transaction_work<detail::leased_runner<pooled_connection>,
                                               std::decay_t<Work>>::is_right())
            return Runner::transact(detail::here(pool_), options, options_, std::forward<Work>(work), where);
    }
    template <class Work>
    auto transaction(Work&& work, std::source_location where = std::source_location::current()) {
        return transaction(transaction_options{}, std::forward<Work>(work), where);
    }

    [[nodiscard]] const Runner& runner() const noexcept { return runner_; }
    [[nodiscard]] call_options options() const noexcept { return options_; }
    [[nodiscard]] static std::shared_ptr<detail::scope> within() noexcept { return nullptr; }

 private:
    std::shared_ptr<Shell> pool_;
    Runner runner_;
    call_options options_;
};

/// A pool of connections: `coropg::pool` and `coropg::sync::pool` say what is particular to each.
///
/// It connects nothing before it is used: the first request, or `wait`, begins to make `min_size` connections. Who
/// waits is served in the order of arrival. A connection that comes back with a transaction open, statements under way
/// or its session changed is made clean for the next user, or replaced. One that ended while nobody used it is noticed
/// before it is lent. With target_session_attrs=read-write or primary, a server that refuses writes is left. While the
/// server is away one connection is tried at a time, with growing delays; who waits, waits on until `acquire_timeout`.
///
/// Errors, besides those of the verbs: pool_timeout, pool_overloaded, pool_closed; connection_error when the server
/// refuses the credentials or the database; usage_error in a child process, which must make a pool of its own.
/// Threads: any.
template <class Shell, detail::pool_runner_of<Shell> Runner>
class basic_pool : public statements<basic_pool<Shell, Runner>, Runner> {
 public:
    template <class T>
    using future = typename Runner::template future<T>;
    using pooled_connection = typename Runner::pooled_connection;

    basic_pool(basic_pool&&) noexcept = default;
    basic_pool& operator=(basic_pool&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(runner_, other.runner_);
        return *this;
    }
    /// Closes it, without waiting: what is lent ends when it comes back.
    ~basic_pool() {
        if (pool_) pool_->shut();
    }

    /// Returns once `min_size` connections are up. Errors: pool_timeout; connection_error when they are refused for
    /// good.
    future<void> wait(std::source_location where = std::source_location::current()) {
        return Shell::wait(shell(), where);
    }

    /// A connection for oneself.
    future<pooled_connection> acquire(std::source_location where = std::source_location::current()) {
        return Runner::acquire(shell(), where);
    }
    /// The same if one is free now, and nobody waits; else nothing. However long it was unused, it is not asked for a
    /// sign of life.
    future<std::optional<pooled_connection>> try_acquire(std::source_location where = std::source_location::current()) {
        return Runner::try_acquire(shell(), where);
    }

    /// Acquires a connection and runs `work(transaction)` on it as `connection::transaction` does.
    template <class Work>
    auto transaction(transaction_options options, Work&& work,
                     std::source_location where = std::source_location::current()) {
        if constexpr (detail::transaction_work<detail::leased_runner<pooled_connection>,
                                               std::decay_t<Work>>::is_right())
            return Runner::transact(shell(), options, call_options{}, std::forward<Work>(work), where);
    }
    template <class Work>
    auto transaction(Work&& work, std::source_location where = std::source_location::current()) {
        return transaction(transaction_options{}, std::forward<Work>(work), where);
    }

    /// The pool with options for what is run through what it returns.
    [[nodiscard]] basic_pool_with_options<Shell, Runner> with(call_options options) const {
        return {pool_, runner_, options};
    }

    /// Its statistics so far.
    [[nodiscard]] pool_stats stats() const { return shell()->stats(); }
    /// Other sizes from now on. Errors: usage_error for a `max_size` of 0 or below `min_size`.
    void resize(std::size_t min_size, std::size_t max_size) {
        if (max_size == 0 || min_size > max_size) throw usage_error{"resize: max_size is 0 or below min_size"};
        if (max_size > detail::most_connections) throw usage_error{"resize: max_size is above 65536"};
        shell()->resize(min_size, max_size);
    }
    /// Replaces all connections: idle ones now, others when they come back.
    void drain() { shell()->drain(); }
    /// Refuses new requests, fails those that wait, and waits until what is lent has come back; after `grace` its
    /// connections are cut off under the hands of their users. Closing a closed pool does nothing.
    future<void> close(std::chrono::milliseconds grace = std::chrono::seconds{10}) {
        return Shell::close(shell(), grace);
    }

    // Hooks. Set them before the first use; what they throw counts as a failure of what they are called for. Those of
    // the asynchronous pool return awaitables, which are cancelled after `acquire_timeout`, but for `after_release`, which
    // must not wait. Those of the blocking pool run on whatever thread does the work, and may be called by several at a
    // time.

    /// Called before each connect, `void(conninfo&)`: for credentials that change.
    template <class Hook>
    void before_connect(Hook&& hook) {
        shell()->before_connect = std::forward<Hook>(hook);
    }
    /// Called with each new connection, `void(connection&)`: what it sets stays for all users. Is it undone by one of
    /// them, the connection is replaced.
    template <class Hook>
    void after_connect(Hook&& hook) {
        shell()->after_connect = std::forward<Hook>(hook);
    }
    /// Called before a connection is lent, `bool(connection&)`; on false it is replaced by another. Statements that share
    /// a connection go without.
    template <class Hook>
    void before_acquire(Hook&& hook) {
        shell()->before_acquire = std::forward<Hook>(hook);
    }
    /// Called when a connection came back, `bool(connection&)`; on false it is closed.
    template <class Hook>
    void after_release(Hook&& hook) {
        shell()->after_release = std::forward<Hook>(hook);
    }

    [[nodiscard]] const Runner& runner() const noexcept { return runner_; }
    [[nodiscard]] static call_options options() noexcept { return {}; }
    [[nodiscard]] static std::shared_ptr<detail::scope> within() noexcept { return nullptr; }

 protected:
    explicit basic_pool(std::shared_ptr<Shell> shell) noexcept : pool_{std::move(shell)}, runner_{pool_} {}

 private:
    /// Errors: usage_error when it was moved from.
    [[nodiscard]] const std::shared_ptr<Shell>& shell() const { return detail::here(pool_); }

    std::shared_ptr<Shell> pool_;
    Runner runner_;
};

}  // namespace coropg
