// Whether the server has closed a connection, which libpq tells only once all before it is read.
#pragma once

namespace coropg::detail {

/// Also when what the server said before is not read yet. Where poll(2) cannot tell, it says no.
[[nodiscard]] bool has_hung_up(int socket) noexcept;

}  // namespace coropg::detail
