// Completion handlers, called on their own executor.
#pragma once

#include <coropg/detail/session/unit.hpp>

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <utility>

namespace coropg::detail {

/// Calls `handler` by the queue of `executor`, never in place: the program's code does not run on the stack, or the
/// strand, of what completes it. Keeps the executor's context busy until then.
template <class Executor, class Handler>
auto posted_to(const Executor& executor, Handler&& handler) {
    namespace asio = boost::asio;
    return [work = asio::prefer(executor, asio::execution::outstanding_work.tracked),
            handler = std::forward<Handler>(handler)](unit_ptr done) mutable {
        asio::post(work, [handler = std::move(handler), done = std::move(done)]() mutable {
            std::move(handler)(std::move(done));
        });
    };
}

}  // namespace coropg::detail
