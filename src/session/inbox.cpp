#include <coropg/detail/session/inbox.hpp>
#include <coropg/log.hpp>

#include <utility>

namespace coropg::detail {

void inbox::delivery::operator()() const {
    for (const diagnostics& notice : notices_) contain("the handler of notices", [&] { handler_(notice); });
}

inbox::delivery inbox::take() {
    delivery come;
    if (notices_.empty()) return come;
    if (handler_) come.notices_.swap(notices_);
    notices_.clear();
    come.handler_ = handler_;
    return come;
}

}  // namespace coropg::detail
