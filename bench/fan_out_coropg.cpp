// Point selects of 64 coroutines over 4 connections, one thread: 16 coroutines share each connection, whose statements
// pipeline themselves.

#include "contestant.hpp"

#include <coropg/coropg.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <utility>

namespace asio = boost::asio;

namespace {

constexpr std::size_t connections = 4;
constexpr std::size_t coroutines = 64;

// Selects every 64th id, beginning with the given one.
asio::awaitable<void> worker(coropg::connection& conn, const std::vector<int>& ids, std::size_t first,
                             bench::stopwatch& watch) {
    for (std::size_t i = first; i < ids.size(); i += coroutines) {
        const auto started = bench::clock::now();
        const std::string name = co_await conn.fetch_one<std::string>("SELECT name FROM users WHERE id = $1", ids[i]);
        watch.lap(name, started);
    }
}

// The runner's orders are read blocking: between two rounds the loop has nothing else to do.
asio::awaitable<void> contest() {
    std::vector<coropg::connection> lanes;
    for (std::size_t i = 0; i < connections; ++i) {
        coropg::connection conn = co_await coropg::connect(bench::dsn());
        lanes.push_back(std::move(conn));
    }
    bench::announce("coropg, 64 coroutines on 4 connections");
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        bench::stopwatch watch{ids.size()};
        std::vector<asio::awaitable<void>> workers;
        for (std::size_t i = 0; i < coroutines; ++i) workers.push_back(worker(lanes[i % connections], ids, i, watch));
        co_await coropg::gather(std::move(workers));
        watch.print();
    }
    for (coropg::connection& conn : lanes) co_await conn.close();
}

}  // namespace

int main() {
    asio::io_context loop{1};
    asio::co_spawn(loop, contest(), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    loop.run();
}
