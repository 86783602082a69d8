// A cancel on its way. libpq sends one by blocking, without a limit in time, so each has a thread of its own; nobody has
// to wait for a server that does not answer it.
#pragma once

#include <coropg/detail/pq.hpp>

#include <functional>
#include <memory>
#include <mutex>

namespace coropg::detail {

class cancel_call : public std::enable_shared_from_this<cancel_call> {
 public:
    /// Sends `request`; `on_end()` is called on that thread when the server has taken note, or cannot.
    static std::shared_ptr<cancel_call> start(pq::cancel_request request, std::function<void()> on_end);

    /// From now on `on_end` is not called, and what it owns is let go. Waits while it is being called.
    void abandon();

 private:
    void run(pq::cancel_request& request);

    std::mutex mutex_;
    std::function<void()> on_end_;
};

}  // namespace coropg::detail
