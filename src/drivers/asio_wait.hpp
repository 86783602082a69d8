// How an op waits on an executor.
#pragma once

#include <coropg/detail/home_process.hpp>
#include <coropg/detail/ops/op.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace coropg::detail {

namespace asio = boost::asio;

/// Waits for what an op asks for. Errors: boost::system::system_error when cancelled, connection_error without descriptors.
asio::awaitable<answer> grant(wish w);

/// What an op has begun, which a child process leaves to its parent.
class begun {
 public:
    begun() = default;
    begun(const begun&) = delete;
    begun& operator=(const begun&) = delete;
    ~begun();
    void waits_at(int socket) noexcept { socket_ = socket; }
    /// Errors: usage_error in a child process: nothing is to be tried again there.
    void require_home() const;

 private:
    const home_process home_;
    int socket_ = -1;
};

/// Waits wherever `work` has to. Errors: those of `work`; boost::system::system_error when cancelled; usage_error in a
/// child process of the one that began it.
template <class T>
asio::awaitable<T> drive(op<T> work) {
    begun mine;
    answer reply = answer::ready;
    while (const std::optional<wish> w = work.resume(reply)) {
        mine.waits_at(w->socket);
        reply = co_await grant(*w);
        mine.require_home();
    }
    co_return work.take();
}

}  // namespace coropg::detail
