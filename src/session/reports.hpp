// Reports to the log and the observer about the ends of statements and transactions.
#pragma once

#include <coropg/detail/session/unit.hpp>

namespace coropg::detail {

/// Whether anybody wants to know when statements begin, to be told how long they took.
[[nodiscard]] bool is_observed();
/// Tells of the end of `u`, which began at `u.started`, and of that of a transaction if it ends one.
void report(const unit& u, int backend_pid);

}  // namespace coropg::detail
