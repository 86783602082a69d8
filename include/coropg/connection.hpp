// The asynchronous face: connections on a Boost.Asio executor, awaited from C++20 coroutines.
#pragma once

#include <coropg/basic_connection.hpp>
#include <coropg/detail/drivers/asio_driver.hpp>

namespace coropg {

/// A connection whose verbs return `boost::asio::awaitable`.
/// Threads: it belongs to the executor it was made on; on a multi-threaded io_context that must be a strand.
using connection = basic_connection<detail::asio_driver>;
/// A transaction on such a connection, or a savepoint within one.
using transaction = basic_transaction<detail::asio_runner>;
/// A batch of statements on either.
using pipeline = basic_pipeline<detail::asio_runner>;

/// Connects, on the executor of the awaiting coroutine. Hosts and their addresses are tried in order; names are
/// resolved without blocking. Errors: usage_error for unusable settings, connect_timeout, connection_error; both list
/// every attempt; operation_aborted. Cancellation: ends it at once, whatever it waits for; the lookup of a name
/// goes on without it, on a thread beside the event loop.
boost::asio::awaitable<connection> connect(conninfo info);

}  // namespace coropg
