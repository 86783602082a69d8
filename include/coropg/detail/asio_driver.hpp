// The asynchronous driver: waits on an Asio executor. A statement costs one coroutine frame and no allocation for its
// waiter; all statements of a connection share one outstanding wait.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/session.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/prefer.hpp>

#include <memory>

namespace coropg::detail {

namespace asio = boost::asio;

/// A session on an executor. It lives as long as somebody waits for it or its connection's handle does.
class asio_link {
 public:
    asio_link(pq::connection conn, asio::any_io_executor ex) : core{std::move(conn)}, executor{std::move(ex)} {}
    virtual ~asio_link() = default;

    /// Sends `u`, or queues it behind what is under way.
    virtual void start(unit_ptr&& u) = 0;
    /// The handle is gone: whoever still waits gets a connection_error.
    virtual void shut_down() = 0;

    session core;
    const asio::any_io_executor executor;
};

std::shared_ptr<asio_link> make_link(pq::connection conn, asio::any_io_executor executor);

/// Starts a unit and completes `handler` on its own executor.
struct start_unit {
    asio_link* link;

    template <class Handler>
    void operator()(Handler&& handler, unit_ptr&& u) const {
        const auto executor = asio::get_associated_executor(handler, link->executor);
        if (executor == link->executor) {
            u->waiting.emplace(std::forward<Handler>(handler));
        } else {
            u->is_foreign = true;
            u->waiting.emplace([work = asio::prefer(executor, asio::execution::outstanding_work.tracked),
                                handler = std::forward<Handler>(handler)](unit_ptr done) mutable {
                asio::dispatch(work, [handler = std::move(handler), done = std::move(done)]() mutable {
                    std::move(handler)(std::move(done));
                });
            });
        }
        link->start(std::move(u));
    }
};

template <class T>
asio::awaitable<T> run_unit(std::shared_ptr<asio_link> link, unit_ptr u, T (*finish)(unit&)) {
    unit_ptr done = co_await asio::async_initiate<const asio::deferred_t&, void(unit_ptr)>(
        start_unit{link.get()}, asio::deferred, std::move(u));
    if constexpr (std::is_void_v<T>)
        link->core.result_of(std::move(done), finish);
    else
        co_return link->core.result_of(std::move(done), finish);
}

class asio_driver {
 public:
    /// What an operation that answers T returns.
    template <class T>
    using future = asio::awaitable<T>;

    asio_driver(pq::connection conn, asio::any_io_executor executor)
        : link_{make_link(std::move(conn), std::move(executor))} {}
    asio_driver(asio_driver&&) noexcept = default;
    asio_driver& operator=(asio_driver&& other) noexcept {
        std::swap(link_, other.link_);
        return *this;
    }
    ~asio_driver() {
        if (link_) link_->shut_down();
    }

    /// Runs `u` once it is awaited, and maps it to its result.
    template <class T>
    asio::awaitable<T> run(unit_ptr&& u, T (*finish)(unit&)) const {
        return run_unit<T>(link_, std::move(u), finish);
    }

    [[nodiscard]] session& core() const noexcept { return link_->core; }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return link_->executor; }

    static asio::awaitable<pq::connection> connect(conninfo info);

 private:
    std::shared_ptr<asio_link> link_;
};

}  // namespace coropg::detail
