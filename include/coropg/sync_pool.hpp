// The blocking pool: the twin of <coropg/pool.hpp>, in coropg::sync.
#pragma once

#include <coropg/detail/poll_pool.hpp>
#include <coropg/pool_options.hpp>
#include <coropg/pool_stats.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace coropg::sync {

/// A connection of a pool, for one alone; it goes back when this ends. Movable, not copyable.
/// Threads: one at a time, any. Lifetime: it may outlive the pool's handle.
class pooled_connection {
 public:
    pooled_connection(std::shared_ptr<detail::poll_pool> pool, detail::lent_session&& lent)
        : pool_{std::move(pool)}, lease_{lent.lease}, connection_{detail::poll_driver{std::move(lent.session)}} {}
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
        if (const auto pool = std::exchange(pool_, nullptr)) pool->give_back(lease_, std::move(connection_), is_usable);
    }

    std::shared_ptr<detail::poll_pool> pool_;
    detail::pool_lease lease_;
    connection connection_;
};

}  // namespace coropg::sync

namespace coropg::detail {

/// Acquires a connection, and has the program's hook look at it first.
sync::pooled_connection acquire(const std::shared_ptr<poll_pool>& pool, std::source_location where,
                                clock::time_point deadline = no_deadline);
std::optional<sync::pooled_connection> try_acquire(const std::shared_ptr<poll_pool>& pool, std::source_location where);

/// Runs units, each on a connection of its own for that time.
class poll_pool_runner {
 public:
    template <class T>
    using future = T;

    explicit poll_pool_runner(std::shared_ptr<poll_pool> pool) noexcept : pool_{std::move(pool)} {}

    [[nodiscard]] static unit_ptr make_unit(call_options options, std::source_location where,
                                            const std::shared_ptr<scope>& within = nullptr) {
        return std::make_unique<unit>(options, where, within);
    }
    template <class T, class Finish>
    T run(unit_ptr&& u, Finish finish) const {
        sync::pooled_connection conn = acquire(pool_, u->where, u->deadline);
        return conn->runner().run<T>(std::move(u), std::move(finish));
    }
    template <class Finish>
    static void run_all(poll_pool_runner self, std::vector<unit_ptr> units, Finish finish) {
        if (units.empty()) return;
        sync::pooled_connection conn = acquire(self.pool_, units.front()->where, units.front()->deadline);
        poll_runner::run_all(conn->runner(), std::move(units), std::move(finish));
    }

 private:
    std::shared_ptr<poll_pool> pool_;
};

}  // namespace coropg::detail

namespace coropg::sync {

/// Statements on a pool with options of their own.
class pool_with_options : public statements<pool_with_options, detail::poll_pool_runner> {
 public:
    pool_with_options(detail::poll_pool_runner runner, call_options options) noexcept
        : runner_{std::move(runner)}, options_{options} {}

    [[nodiscard]] const detail::poll_pool_runner& runner() const noexcept { return runner_; }
    [[nodiscard]] call_options options() const noexcept { return options_; }
    [[nodiscard]] static std::shared_ptr<detail::scope> within() noexcept { return nullptr; }

 private:
    detail::poll_pool_runner runner_;
    call_options options_;
};

/// A pool of connections for threads. Each verb of a connection that is called on the pool acquires one, runs on it and
/// gives it back; `pipeline_depth` means nothing here.
///
/// It has no thread of its own: who waits does the work. `acquire`, and whatever acquires, makes and checks connections
/// while it waits for one, on the calling thread, and so do `wait` and `close`. Who is served before a connect has ended,
/// or whose time is up, leaves it to the next one who waits; only hooks, and the look-up of a host's name, are not
/// interrupted. What nobody waits for is not done: a connection that is too old is replaced, and a minimum is kept,
/// for those who need one, or call `wait`.
///
/// Who waits is served in the order of arrival. A connection that comes back with a transaction open, or its session
/// changed, is made clean: what that takes is sent at once, and its answer read by the next user. One that ended while
/// nobody used it is noticed before it is lent. While the server is away one connection is tried at a time, with growing
/// delays; who waits, waits on until `acquire_timeout`.
///
/// Errors, besides those of the verbs: pool_timeout, pool_overloaded, pool_closed; connection_error when the server refuses
/// the credentials or the database; usage_error in a child process, which must make a pool of its own.
/// Threads: any. Lifetime: what is lent, and whoever waits, may outlive the handle.
class pool : public statements<pool, detail::poll_pool_runner> {
 public:
    template <class T>
    using future = T;

    /// Connects nothing yet. Errors: usage_error for options that make no sense.
    explicit pool(conninfo info, pool_options options = {});
    pool(pool&&) noexcept = default;
    pool& operator=(pool&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(runner_, other.runner_);
        return *this;
    }
    /// Closes it, without waiting: what is lent ends when it comes back.
    ~pool();

    /// Makes connections until `min_size` are up; several threads share the work.
    /// Errors: pool_timeout; connection_error when they are refused for good.
    void wait(std::source_location where = std::source_location::current()) { pool_->wait(where); }

    /// A connection for oneself.
    pooled_connection acquire(std::source_location where = std::source_location::current()) {
        return detail::acquire(pool_, where);
    }
    /// The same if one is free now, and nobody waits; else nothing. It makes none.
    std::optional<pooled_connection> try_acquire(std::source_location where = std::source_location::current()) {
        return detail::try_acquire(pool_, where);
    }

    /// Acquires a connection and runs `work(transaction)` on it as `connection::transaction` does.
    template <class Work>
    auto transaction(transaction_options options, Work&& work,
                     std::source_location where = std::source_location::current()) {
        return detail::acquire(pool_, where)->transaction(options, std::forward<Work>(work), where);
    }
    template <class Work>
    auto transaction(Work&& work, std::source_location where = std::source_location::current()) {
        return transaction({}, std::forward<Work>(work), where);
    }

    /// The pool with options for the statements that are run through what it returns.
    [[nodiscard]] pool_with_options with(call_options options) const { return {runner_, options}; }

    /// What it has counted so far.
    [[nodiscard]] pool_stats stats() const { return pool_->stats(); }
    /// Other sizes from now on. Errors: usage_error for a `max_size` of 0 or below `min_size`.
    void resize(std::size_t min_size, std::size_t max_size);
    /// Closes all connections: idle ones now, others when they come back.
    void drain() { pool_->drain(); }
    /// Refuses new requests, fails those that wait, and waits until what is lent has come back; after `grace` its
    /// connections are cut off under the hands of their users. Closing a closed pool does nothing.
    void close(std::chrono::milliseconds grace = std::chrono::seconds{10}) { pool_->close(grace); }

    // Hooks. Set them before the first use; what they throw counts as a failure of what they are called for. They run on
    // whatever thread does the work.

    /// Called before each connect, `void(conninfo&)`: for credentials that change.
    template <class Hook>
    void before_connect(Hook&& hook) {
        pool_->before_connect = std::forward<Hook>(hook);
    }
    /// Called with each new connection, `void(connection&)`: what it sets stays for all users. Is it undone by one of
    /// them, the connection is replaced.
    template <class Hook>
    void after_connect(Hook&& hook) {
        pool_->after_connect = std::forward<Hook>(hook);
    }
    /// Called before a connection is lent, `bool(connection&)`; on false it is replaced by another.
    template <class Hook>
    void before_acquire(Hook&& hook) {
        pool_->before_acquire = std::forward<Hook>(hook);
    }
    /// Called when a connection came back, `bool(connection&)`; on false it is closed.
    template <class Hook>
    void after_release(Hook&& hook) {
        pool_->after_release = std::forward<Hook>(hook);
    }

    [[nodiscard]] const detail::poll_pool_runner& runner() const noexcept { return runner_; }
    [[nodiscard]] static call_options options() noexcept { return {}; }
    [[nodiscard]] static std::shared_ptr<detail::scope> within() noexcept { return nullptr; }

 private:
    std::shared_ptr<detail::poll_pool> pool_;
    detail::poll_pool_runner runner_;
};

}  // namespace coropg::sync
