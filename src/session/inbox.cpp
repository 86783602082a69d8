#include <coropg/detail/session/inbox.hpp>
#include <coropg/log.hpp>

namespace coropg::detail {

void inbox::delivery::operator()() const {
    for (const diagnostics& notice : notices_) contain("the handler of notices", [&] { handler_(notice); });
}

inbox::delivery inbox::take() {
    delivery come;
    if (handler_ && !notices_.empty()) {
        come.handler_ = handler_;
        come.notices_.swap(notices_);
    }
    return come;
}

}  // namespace coropg::detail
