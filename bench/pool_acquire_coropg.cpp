// Acquiring an idle connection of a pool and giving it back, with nothing in between: what the pool itself costs.

#include "contestant.hpp"

#include <coropg/coropg.hpp>
#include <coropg/pool.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> contest() {
    coropg::pool pool{co_await asio::this_coro::executor, bench::dsn(), {.min_size = 4, .max_size = 4}};
    co_await pool.wait();
    bench::announce("coropg::pool, acquire and release");
    while (const auto round = bench::next_round()) {
        bench::stopwatch watch{round->queries};
        for (std::size_t i = 0; i < round->queries; ++i) {
            const coropg::pooled_connection conn = co_await pool.acquire();
            watch.lap({});
        }
        watch.print();
    }
    co_await pool.close();
}

}  // namespace

int main() {
    asio::io_context loop{1};
    asio::co_spawn(loop, contest(), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    loop.run();
}
