// Connections that the server has ended before a pool lends them, and pools that a parent process has.
#pragma once

#include <coropg/detail/session/session.hpp>

namespace coropg::detail {

/// Why a pool does nothing in a child process.
inline constexpr const char* pool_of_parent = "a pool cannot be used in a child process: make one there";

/// Whether the server has ended a session that was lent for so long, and that nothing is under way in. Less than a
/// millisecond is not worth a system call.
[[nodiscard]] bool has_ended_unused(const session& s, clock::duration lent_for);

/// Errors: connection_error when the server has ended a session that was just made.
void require_connected(const session& s);

}  // namespace coropg::detail
