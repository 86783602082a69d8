// The operations of several steps that libpq does not allow in pipeline mode, one verb a file in src/ops. Each reads
// like the protocol; a driver does the waiting.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/ops/op.hpp>
#include <coropg/detail/pq.hpp>
#include <coropg/detail/session/unit.hpp>

#include <stdexcept>
#include <string>

namespace coropg::detail::ops {

/// The server says what the protocol does not allow, so that the connection cannot be used any more.
class malformed_answer : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Reaches the first address of `info` that accepts.
/// Errors: connect_timeout when no address answered, else connection_error; both list every attempt.
op<pq::connection> connect(conninfo info);

/// Runs the commands of `u`, of which the last is a script, as one simple query. `conn` is out of pipeline mode.
/// Errors: server_error of the first statement that fails, the server has then skipped the rest; malformed_answer.
op<void> script(PGconn* conn, unit& u);

/// Sends a cancel and ends when the server has taken note: after a round trip, or when TCP gives up. A caller that does
/// not want to wait so long, destroys it. Returns what went wrong, empty if nothing did.
op<std::string> cancel(pq::cancel_request request);

/// Takes a place in the queue.
op<void> nothing(PGconn* conn, unit& u);

}  // namespace coropg::detail::ops
