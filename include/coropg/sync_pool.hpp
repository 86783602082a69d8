// The blocking pool: the twin of <coropg/pool.hpp>, in coropg::sync.
#pragma once

#include <coropg/basic_pool.hpp>
#include <coropg/detail/pool/poll_pool.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace coropg::sync {

using pooled_connection = basic_pooled_connection<detail::poll_pool, connection>;

}  // namespace coropg::sync

namespace coropg::detail {

/// Acquires a connection, and has the program's hook look at it first.
sync::pooled_connection acquire_from(std::shared_ptr<poll_pool> pool, std::source_location where,
                                     clock::time_point deadline = no_deadline);
std::optional<sync::pooled_connection> try_acquire_from(std::shared_ptr<poll_pool> pool, std::source_location where);

/// Runs units, each on a connection of its own for that time.
class poll_pool_runner {
 public:
    template <class T>
    using future = T;
    using pooled_connection = sync::pooled_connection;

    explicit poll_pool_runner(std::shared_ptr<poll_pool> pool) noexcept : pool_{std::move(pool)} {}

    [[nodiscard]] static unit_ptr make_unit(call_options options, std::source_location where,
                                            const std::shared_ptr<scope>& within = nullptr) {
        return std::make_unique<unit>(options, where, within);
    }
    template <class T, class Finish>
    T run(unit_ptr&& u, Finish finish) const {
        sync::pooled_connection conn = acquire_from(here(pool_), u->where, u->deadline);
        return conn->runner().run<T>(std::move(u), std::move(finish));
    }
    template <class Finish>
    static void run_all(poll_pool_runner self, std::vector<unit_ptr> units, Finish finish) {
        if (units.empty()) return;
        std::optional<sync::pooled_connection> conn;
        try {
            conn.emplace(acquire_from(here(self.pool_), units.front()->where, units.front()->deadline));
        } catch (...) {
            fail_all(units, std::current_exception(), finish);
        }
        poll_runner::run_all((*conn)->runner(), std::move(units), std::move(finish));
    }
    static pooled_connection acquire(std::shared_ptr<poll_pool> pool, std::source_location where,
                                     clock::time_point deadline = no_deadline) {
        return acquire_from(std::move(pool), where, deadline);
    }
    static std::optional<pooled_connection> try_acquire(std::shared_ptr<poll_pool> pool, std::source_location where) {
        return try_acquire_from(std::move(pool), where);
    }
    template <class Work>
    static auto transact(std::shared_ptr<poll_pool> pool, transaction_options options, call_options carried,
                         Work&& work, std::source_location where) {
        return acquire_from(std::move(pool), where, end_of(carried))
            ->with(carried)
            .transaction(options, std::forward<Work>(work), where);
    }

 private:
    std::shared_ptr<poll_pool> pool_;
};
static_assert(pool_runner_of<poll_pool_runner, poll_pool>);

}  // namespace coropg::detail

namespace coropg::sync {

/// The pool for threads. Each verb of a connection that is called on it acquires one, runs on it and gives it back;
/// `pipeline_depth` means nothing here.
///
/// It has no thread of its own: who waits does the work. `acquire`, and whatever acquires, makes and checks connections
/// while it waits for one, on the calling thread; so does `wait`, whose work several threads share. `try_acquire` makes
/// none. Who is served before a connect has ended, or whose time is up, leaves it to the next one who waits; only
/// hooks are not interrupted. What nobody waits for is not done: a connection that is too old is replaced, and
/// `min_size` is kept, when somebody needs one or calls `wait`. What it takes to make a connection clean is sent when
/// it comes back, and the answer read by its next user.
///
/// Lifetime: lent connections and waiters may outlive the handle.
class pool : public basic_pool<detail::poll_pool, detail::poll_pool_runner> {
 public:
    /// Errors: usage_error for options that make no sense.
    explicit pool(conninfo info, pool_options options = {})
        : basic_pool{std::make_shared<detail::poll_pool>(std::move(info), options)} {}
};

}  // namespace coropg::sync
