// A connection over a driver. Names neither Asio nor poll(2): <coropg/connection.hpp> and <coropg/sync.hpp> do.
#pragma once

#include <coropg/statements.hpp>

namespace coropg {

/// A connection whose statements carry options. Lifetime: as long as the connection stays where it is.
template <class Driver>
class connection_with : public statements<connection_with<Driver>, Driver> {
 public:
    connection_with(Driver& driver, call_options options) noexcept : driver_{&driver}, options_{options} {}

    [[nodiscard]] Driver& driver() const noexcept { return *driver_; }
    [[nodiscard]] call_options options() const noexcept { return options_; }

 private:
    Driver* driver_;
    call_options options_;
};

/// One connection to a server. Movable, not copyable. Destroying it ends the connection at once; whoever still waits on
/// it gets a connection_error.
template <class Driver>
class basic_connection : public statements<basic_connection<Driver>, Driver> {
 public:
    template <class T>
    using future = typename Driver::template future<T>;

    explicit basic_connection(Driver driver) : driver_{std::move(driver)} {}

    /// This connection with options for the statements that are run through what it returns.
    [[nodiscard]] connection_with<Driver> with(call_options options) noexcept { return {driver_, options}; }

    /// Ends the connection behind what is queued. Closing a closed connection does nothing.
    future<void> close() {
        auto u = std::make_unique<detail::unit>(call_options{}, std::source_location{});
        u->exclusive.emplace(detail::ops::nothing());
        u->is_last = true;
        return driver_.template run<void>(std::move(u), &detail::finish_closed);
    }

    /// Whether statements can be run. A lost connection is noticed by the statement that meets it.
    [[nodiscard]] bool is_open() const noexcept { return driver_.core().is_open(); }
    /// The process that serves this connection, as in pg_stat_activity; 0 once it is closed.
    [[nodiscard]] int backend_pid() const noexcept { return PQbackendPID(driver_.core().native_handle()); }
    /// The server's version as a number, 150004 for 15.4; 0 once it is closed.
    [[nodiscard]] int server_version() const noexcept { return PQserverVersion(driver_.core().native_handle()); }

    [[nodiscard]] Driver& driver() noexcept { return driver_; }
    [[nodiscard]] call_options options() const noexcept { return {}; }

 private:
    Driver driver_;
};

}  // namespace coropg
