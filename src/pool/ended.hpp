// Connections that the server has ended before a pool lends them.
#pragma once

#include <coropg/detail/session/session.hpp>

namespace coropg::detail {

/// Whether the server has ended an open session that nothing is under way in, lent at `since`. What was lent for less
/// than a millisecond is not worth a system call.
[[nodiscard]] bool has_ended_unused(const session& s, clock::time_point since);

/// Errors: connection_error when the server has ended a session that was just made.
void require_connected(const session& s);

}  // namespace coropg::detail
