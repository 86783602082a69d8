#include <coropg/detail/session/inbox.hpp>
#include <coropg/log.hpp>

namespace coropg::detail {

void inbox::delivery::operator()() const {
    for (const diagnostics& notice : notices_) {
        const std::shared_ptr<handler> call = *address_;
        if (!call) return;
        contain("the handler of notices", [&] { (*call)(notice); });
    }
}

inbox::delivery inbox::take() noexcept {
    delivery come;
    if (has_handler()) {
        come.address_ = address_;
        come.notices_.swap(notices_);
    }
    return come;
}

}  // namespace coropg::detail
