#include <coropg/connection.hpp>

namespace coropg {

boost::asio::awaitable<connection> connect(conninfo info) {
    detail::pq::connection established = co_await detail::asio_driver::connect(std::move(info));
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    co_return connection{detail::asio_driver{std::move(established), executor}};
}

}  // namespace coropg
