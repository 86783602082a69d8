#include <coropg/detail/drivers/asio_driver.hpp>
#include <coropg/detail/ops/ops.hpp>

#include "asio_wait.hpp"

namespace coropg::detail {

namespace {

struct ends_only {
    asio::cancellation_type operator()(asio::cancellation_type type) const noexcept {
        return ends_operation(type) ? type : asio::cancellation_type::none;
    }
};

/// A coroutine of its own, which only hears of a cancellation that is meant to end it.
asio::awaitable<void> connect_heedless(const conninfo& info, pq::connection& made, begun& mine) {
    co_await asio::this_coro::reset_cancellation_state(ends_only{}, ends_only{});
    op<pq::connection> work = ops::connect(info);
    made = co_await drive(std::move(work));
    mine.waits_at(PQsocket(made.get()));
}

}  // namespace

asio::awaitable<pq::connection> asio_driver::connect(conninfo info) {
    try {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        pq::connection made;
        begun mine;
        co_await spawned(executor, [&] { return connect_heedless(info, made, mine); });
        mine.require_home();
        co_return made;
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw operation_aborted{"cancelled by the program while connecting"};
        throw connection_error{std::string{"cannot wait for the server: "} + e.what()};
    }
}

}  // namespace coropg::detail
