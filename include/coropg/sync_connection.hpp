// The blocking connection: the twin of <coropg/connection.hpp>, in coropg::sync.
#pragma once

#include <coropg/basic_connection.hpp>
#include <coropg/detail/drivers/poll_driver.hpp>

namespace coropg::sync {

/// A connection whose verbs block the calling thread. Threads: one at a time.
using connection = basic_connection<detail::poll_driver>;
/// A transaction on such a connection, or a savepoint within one.
using transaction = basic_transaction<detail::poll_runner>;
/// A batch of statements on either.
using pipeline = basic_pipeline<detail::poll_runner>;

/// Connects. Hosts and their addresses are tried in order.
/// Errors: usage_error for unusable settings, connect_timeout, connection_error; both list every attempt.
inline connection connect(conninfo info) {
    return connection{detail::poll_driver{detail::poll_driver::connect(std::move(info))}};
}

}  // namespace coropg::sync
