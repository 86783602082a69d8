#include <coropg/detail/session/inbox.hpp>
#include <coropg/log.hpp>

namespace coropg::detail {

void inbox::delivery::operator()() const {
    for (const diagnostics& notice : notices_) {
        const handler call = *handler_;  // it may set another one, or be the last act of its connection
        if (!call) return;
        contain("the handler of notices", [&] { call(notice); });
    }
}

inbox::delivery inbox::take() {
    delivery come;
    if (has_handler()) {
        come.handler_ = handler_;
        come.notices_.swap(notices_);
    }
    return come;
}

}  // namespace coropg::detail
