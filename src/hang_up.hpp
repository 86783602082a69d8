// Sockets, beside libpq: whether the server has closed a connection, which libpq tells only once all before it is read.
#pragma once

namespace coropg::detail {

/// Whether something has come that is not read yet, or the end.
[[nodiscard]] bool is_readable(int socket) noexcept;
/// Whether it takes more, or has failed.
[[nodiscard]] bool is_writable(int socket) noexcept;

/// Also when what the server said before is not read yet. Where poll(2) cannot tell, it says no.
[[nodiscard]] bool has_hung_up(int socket) noexcept;

/// Puts a descriptor in the place of `socket` that leads nowhere. False when there is none left.
[[nodiscard]] bool lead_nowhere(int socket) noexcept;

}  // namespace coropg::detail
