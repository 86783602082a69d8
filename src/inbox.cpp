#include <coropg/detail/inbox.hpp>
#include <coropg/log.hpp>

#include <utility>

namespace coropg::detail {

void inbox::deliver() {
    while (!notices_.empty() && handler_) {
        const std::vector<diagnostics> come = std::exchange(notices_, {});
        const auto handler = handler_;  // it may set another one
        for (const diagnostics& notice : come) contain("the handler of notices", [&] { handler(notice); });
    }
}

}  // namespace coropg::detail
