// The addresses of a host name, as the system knows them.
#pragma once

#include <coropg/detail/ops/op.hpp>

namespace coropg::detail {

/// Fills in the addresses, or the problem. Blocks, for as long as a name server likes.
void look_up_host(resolution& name);

}  // namespace coropg::detail
