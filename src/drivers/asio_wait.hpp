// How an op waits on an executor: for readiness of a socket, or for the addresses of a name.
#pragma once

#include <coropg/detail/ops/op.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace coropg::detail {

namespace asio = boost::asio;

/// Waits for what an op asks for. Errors: boost::system::system_error when cancelled, connection_error without descriptors.
asio::awaitable<answer> grant(wish w);

/// Waits wherever `work` has to. Errors: those of `work`; boost::system::system_error when cancelled.
template <class T>
asio::awaitable<T> drive(op<T> work) {
    answer reply = answer::ready;
    while (const std::optional<wish> w = work.resume(reply)) {
        reply = co_await grant(*w);
    }
    co_return work.take();
}

}  // namespace coropg::detail
