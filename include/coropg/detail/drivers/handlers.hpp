// Completion handlers, called on their own executor.
#pragma once

#include <coropg/detail/session/unit.hpp>
#include <coropg/error.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>

#include <source_location>
#include <utility>

namespace coropg::detail {

/// Whether a signal of this type is meant for operations: terminal and total end one, partial does not.
[[nodiscard]] constexpr bool ends_operation(boost::asio::cancellation_type type) noexcept {
    using types = boost::asio::cancellation_type;
    return (type & (types::terminal | types::total)) != types::none;
}

inline call_site site_of(const unit& u) { return u.site(); }
inline call_site site_of(std::source_location where) { return {{}, where}; }

/// Asked between two waits of one verb: who was cancelled meanwhile is told so by an error of ours, about a unit or a
/// line. Asio would throw its own at the next `co_await`, if `throws` (this_coro::throw_if_cancelled).
template <class About = std::source_location>
void require_uncancelled(bool throws, const boost::asio::cancellation_state& state, const About& about = {}) {
    if (throws && state.cancelled() != boost::asio::cancellation_type::none)
        throw operation_aborted{"cancelled by the program; nothing more is sent", site_of(about)};
}

/// Posts `function` to `executor`. That of an io_context is asked by its own name: it allocates half as often as one
/// whose type is erased.
template <class Executor, class Function>
void post_to(const Executor& executor, Function&& function) {
    namespace asio = boost::asio;
    using tracked = decltype(asio::require(std::declval<asio::io_context::executor_type>(),
                                           asio::execution::outstanding_work.tracked));
    if constexpr (requires { executor.template target<tracked>(); }) {
        if (const tracked* known = executor.template target<tracked>())
            return asio::post(*known, std::forward<Function>(function));
    }
    asio::post(executor, std::forward<Function>(function));
}

/// Calls `handler` by the queue of `executor`, never in place: the program's code does not run on the stack, or the
/// strand, of what completes it. Keeps the executor's context busy until then.
template <class Executor, class Handler>
auto posted_to(const Executor& executor, Handler&& handler) {
    namespace asio = boost::asio;
    return [work = asio::prefer(executor, asio::execution::outstanding_work.tracked),
            handler = std::forward<Handler>(handler)](unit_ptr done) mutable {
        post_to(work, [handler = std::move(handler), done = std::move(done)]() mutable {
            std::move(handler)(std::move(done));
        });
    };
}

}  // namespace coropg::detail
