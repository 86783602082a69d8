#include <coropg/detail/session/inbox.hpp>
#include <coropg/log.hpp>

namespace coropg::detail {

void inbox::delivery::operator()() const {
    for (const diagnostics& notice : notices_) {
        const std::shared_ptr<handler> call = address_->get();
        if (!call) return;
        contain("the handler of notices", [&] { (*call)(notice); });
    }
}

void inbox::put(diagnostics&& notice) {
    std::size_t bytes = sizeof notice;
    for (const std::string* text :
         {&notice.message, &notice.detail, &notice.hint, &notice.context, &notice.internal_query})
        bytes += text->size();
    if (notices_bytes_ + bytes > max_bytes) return;
    notices_bytes_ += bytes;
    notices_.push_back(std::move(notice));
}

inbox::delivery inbox::take() noexcept {
    delivery come;
    if (has_handler()) {
        come.address_ = address_;
        come.notices_.swap(notices_);
        notices_bytes_ = 0;
    }
    return come;
}

}  // namespace coropg::detail
