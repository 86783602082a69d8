#include <coropg/detail/cancel_call.hpp>
#include <coropg/log.hpp>

#include <thread>
#include <utility>

namespace coropg::detail {

std::shared_ptr<cancel_call> cancel_call::start(pq::cancel_request request, std::function<void()> on_end) {
    const auto call = std::make_shared<cancel_call>();
    call->on_end_ = std::move(on_end);
    std::thread{[call, request = std::move(request)]() mutable { call->run(request); }}.detach();
    return call;
}

void cancel_call::run(pq::cancel_request& request) {
    const std::string problem = request.send_and_wait();
    const std::lock_guard lock{mutex_};
    if (!on_end_) return;
    if (!problem.empty()) log(log_level::warning, "cannot send a cancel: " + problem);
    std::exchange(on_end_, nullptr)();
}

void cancel_call::abandon() {
    std::function<void()> dropped;  // what it owns may end more than this
    const std::lock_guard lock{mutex_};
    dropped.swap(on_end_);
}

}  // namespace coropg::detail
