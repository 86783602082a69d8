// A connection over a driver. Names neither Asio nor poll(2): <coropg/connection.hpp> and <coropg/sync.hpp> do.
#pragma once

#include <coropg/transaction.hpp>
#include <coropg/types/chrono.hpp>
#include <coropg/types/text.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace coropg {

/// A transaction that PREPARE TRANSACTION has left for later. Source: PostgreSQL manual, "pg_prepared_xacts".
struct prepared_transaction {
    std::string name;
    std::chrono::sys_time<std::chrono::microseconds> prepared_at;
    std::string owner;
};

/// One connection to a server. Movable, not copyable. Destroying it ends the connection at once; whoever still waits on
/// it gets a connection_error.
template <class Driver>
class basic_connection : public statements<basic_connection<Driver>, typename Driver::runner_type>,
                         public transactions<basic_connection<Driver>, typename Driver::runner_type> {
 public:
    using runner_type = typename Driver::runner_type;
    template <class T>
    using future = typename runner_type::template future<T>;

    explicit basic_connection(Driver driver) : driver_{std::move(driver)} {}

    /// This connection with options for the statements that are run through what it returns.
    [[nodiscard]] with_options<runner_type> with(call_options options) const { return {runner(), options, nullptr}; }

    /// Ends the connection behind what is queued; what nobody waits for is given 2 s. Closing a closed connection does
    /// nothing.
    future<void> close() {
        auto u = std::make_unique<detail::unit>(call_options{}, std::source_location{});
        u->exclusive = &detail::ops::nothing;
        u->is_for = detail::purpose::farewell;
        return runner().template run<void>(std::move(u), &detail::finish_closed);
    }

    /// Ends a transaction that `prepare_transaction` has left under `name`. Never cancelled on the server.
    /// Errors: server_error when there is none; commit_in_doubt when the answer is lost.
    future<void> commit_prepared(std::string_view name, std::source_location where = std::source_location::current()) {
        return decide("COMMIT PREPARED ", name, where);
    }
    future<void> rollback_prepared(std::string_view name,
                                   std::source_location where = std::source_location::current()) {
        return decide("ROLLBACK PREPARED ", name, where);
    }
    /// The prepared transactions of this database, the oldest first.
    future<std::vector<prepared_transaction>> list_prepared() {
        return this->template fetch<prepared_transaction>(
            "SELECT gid AS name, prepared AS prepared_at, owner::text FROM pg_catalog.pg_prepared_xacts "
            "WHERE database = current_database() ORDER BY prepared");
    }

    /// Has `handler(const diagnostics&)` called for each notice and warning of the server: on the connection's executor
    /// before the statement ends, or just before a blocking verb returns or throws. It may use the connection, and give
    /// it back or destroy it. They are logged at level info, too. What the handler throws is logged. Of what waits to be
    /// told 16 MB are kept, the rest is dropped.
    template <class Handler>
    void on_notice(Handler&& handler) {
        if constexpr (std::is_invocable_v<Handler&, const diagnostics&>)  // nullptr is no handler
            static_assert(!std::is_class_v<std::invoke_result_t<Handler&, const diagnostics&>>,
                          "a handler of notices is called, not awaited: in it, start a coroutine by co_spawn");
        [[maybe_unused]] const auto held = runner().hold();
        runner().core().notices().on_notice(std::forward<Handler>(handler));
    }

    /// Whether statements can be run: not on a connection that was moved from or has gone back to its pool. A lost
    /// connection is noticed by the statement that meets it.
    [[nodiscard]] bool is_open() const noexcept {
        [[maybe_unused]] const auto held = runner().hold();
        const auto* const core = runner().find_core();
        return core != nullptr && core->is_open();
    }
    /// The process that serves this connection, as in pg_stat_activity; 0 once it is not open.
    [[nodiscard]] int backend_pid() const noexcept { return ask(&PQbackendPID); }
    /// The server's version as a number, 150004 for 15.4; 0 once it is not open.
    [[nodiscard]] int server_version() const noexcept { return ask(&PQserverVersion); }

    [[nodiscard]] const runner_type& runner() const noexcept { return driver_.runner(); }
    /// Gives away what makes it a connection.
    [[nodiscard]] Driver take_driver() && noexcept { return std::move(driver_); }
    [[nodiscard]] call_options options() const noexcept { return {}; }
    [[nodiscard]] std::shared_ptr<detail::scope> within() const noexcept { return nullptr; }

 private:
    [[nodiscard]] int ask(int (*question)(const PGconn*)) const noexcept {
        [[maybe_unused]] const auto held = runner().hold();
        const auto* const core = runner().find_core();
        return question(core != nullptr ? core->native_handle() : nullptr);
    }

    future<void> decide(std::string sql, std::string_view name, std::source_location where) {
        auto u = runner().make_unit({}, where);
        u->add_own(sql.append(sql::literal(name, where).text()));
        u->is_for = detail::purpose::decision;
        return runner().template run<void>(std::move(u), &detail::finish_nothing);
    }

    Driver driver_;
};

/// Asks whether a transaction whose COMMIT was not answered is stored: true when it is, false when it is not. Nothing
/// when the server does not know: the transaction has no `transaction_id()`, goes on still, or is too long ago.
/// Source: PostgreSQL manual, "pg_xact_status".
template <class Driver>
auto resolve(const commit_in_doubt& doubt, basic_connection<Driver>& conn) {
    std::optional<std::string> id;
    if (doubt.transaction_id()) id = std::to_string(*doubt.transaction_id());
    return conn.template fetch_one<std::optional<bool>>(
        "SELECT CASE pg_catalog.pg_xact_status($1::text::pg_catalog.xid8) "
        "WHEN 'committed' THEN true WHEN 'aborted' THEN false END",
        id);
}

}  // namespace coropg
