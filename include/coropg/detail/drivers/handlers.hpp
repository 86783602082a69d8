// Completion handlers, called on their own executor.
#pragma once

#include <coropg/detail/persist.hpp>
#include <coropg/detail/session/unit.hpp>
#include <coropg/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>

#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
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
    auto work = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    struct call {
        decltype(work) busy;
        std::decay_t<Handler> handler;
        unit_ptr done;
    };
    // Shared with what is posted, which does not take the handler along when it cannot be posted.
    return [to = std::make_shared<call>(std::move(work), std::forward<Handler>(handler), nullptr)](unit_ptr done) {
        to->done = std::move(done);
        persist([&to] { post_to(to->busy, [to] { std::move(to->handler)(std::move(to->done)); }); });
    };
}

/// Tells the waiter of `done` by the queue of `executor`.
template <class Executor>
void tell_later(const Executor& executor, unit_ptr&& done) noexcept {
    std::shared_ptr<unit_ptr> kept;
    persist([&] { kept = std::make_shared<unit_ptr>(std::move(done)); });
    persist([&] {
        boost::asio::post(executor, [kept] {
            unit_ptr u = std::move(*kept);
            if (u->waiting) u->waiting(std::move(u));
        });
    });
}

/// A handler that an operation does not take along when it cannot be started; as those that Asio knows, called once.
template <class Handler>
class kept_handler {
 public:
    using executor_type = boost::asio::associated_executor_t<Handler>;
    using cancellation_slot_type = boost::asio::associated_cancellation_slot_t<Handler>;

    explicit kept_handler(std::shared_ptr<Handler> handler) noexcept : handler_{std::move(handler)} {}

    [[nodiscard]] executor_type get_executor() const noexcept {
        return boost::asio::get_associated_executor(*handler_);
    }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
        return boost::asio::get_associated_cancellation_slot(*handler_);
    }
    template <class... Args>
    void operator()(Args&&... args) const {
        std::move (*handler_)(std::forward<Args>(args)...);
    }

 private:
    std::shared_ptr<Handler> handler_;
};

/// Awaits what `start(handler)` starts, for a handler that takes `Signature`. An operation of Asio's throws when there
/// is no memory for it, in the middle of the event loop, and takes the coroutine along; this one is started as soon as
/// there is.
template <class Signature, class Start>
auto started_by(Start start) {
    return boost::asio::async_initiate<const boost::asio::deferred_t&, Signature>(
        [start = std::move(start)](auto&& handler) mutable {
            using type = std::decay_t<decltype(handler)>;
            std::shared_ptr<type> kept;
            persist([&] { kept = std::make_shared<type>(std::forward<decltype(handler)>(handler)); });
            auto begin = std::move(start);  // the coroutine may go on, and destroy this
            persist([&] { begin(kept_handler<type>{kept}); });
        },
        boost::asio::deferred);
}

/// Awaits the coroutine that `make()` returns, which has no result, run on `executor` on its own. A cancellation comes to
/// it by that executor; the signal by which co_spawn passes one on may be gone by then.
template <class Make>
auto spawned(const boost::asio::any_io_executor& executor, Make make) {
    return started_by<void(std::exception_ptr)>([executor, make = std::move(make)](auto handler) mutable {
        namespace asio = boost::asio;
        const auto signal = std::make_shared<asio::cancellation_signal>();
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.assign([executor, signal](asio::cancellation_type type) {
                asio::post(executor, [signal, type] { signal->emit(type); });
            });
        const auto busy =
            asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        // posted: else what comes behind it could run on `executor`, in place
        auto ended = [busy, handler, signal](const std::exception_ptr& problem) {
            persist([&] { asio::post(busy, [handler, problem]() mutable { std::move(handler)(problem); }); });
        };
        asio::co_spawn(executor, make(), asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
    });
}

}  // namespace coropg::detail
