#include "ended.hpp"

#include <coropg/error.hpp>

#include "../hang_up.hpp"

namespace coropg::detail {

bool has_ended_unused(const session& s, clock::duration lent_for) {
    return lent_for >= std::chrono::milliseconds{1} && s.is_open() && !s.has_leftovers() && has_hung_up(s.socket());
}

void require_connected(const session& s) {
    if (has_hung_up(s.socket())) throw connection_error{"the server closed the connection as soon as it was made"};
}

}  // namespace coropg::detail
