// Point selects of 64 coroutines over 4 connections, one thread: 16 coroutines share each connection, whose statements
// pipeline themselves; with the argument `pool`, a pool decides which statement goes where.

#include "contestant.hpp"

#include <coropg/coropg.hpp>
#include <coropg/pool.hpp>

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
template <class Database>
asio::awaitable<void> worker(Database& database, const std::vector<int>& ids, std::size_t first,
                             bench::stopwatch& watch) {
    for (std::size_t i = first; i < ids.size(); i += coroutines) {
        const auto started = bench::clock::now();
        const std::string name =
            co_await database.template fetch_one<std::string>("SELECT name FROM users WHERE id = $1", ids[i]);
        watch.lap(name, started);
    }
}

// The runner's orders are read blocking: between two rounds the loop has nothing else to do.
template <class WorkerOf>
asio::awaitable<void> rounds(const char* about, WorkerOf worker_of) {
    bench::announce(about);
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        bench::stopwatch watch{ids.size()};
        std::vector<asio::awaitable<void>> workers;
        for (std::size_t i = 0; i < coroutines; ++i) workers.push_back(worker_of(ids, i, watch));
        co_await coropg::gather(std::move(workers));
        watch.print();
    }
}

asio::awaitable<void> contest_of_pool() {
    const coropg::pool_options options{.min_size = connections, .max_size = connections};
    coropg::pool pool{co_await asio::this_coro::executor, bench::dsn(), options};
    co_await pool.wait();
    const auto of_pool = [&pool](const auto& ids, std::size_t first, auto& watch) {
        return worker(pool, ids, first, watch);
    };
    co_await rounds("coropg::pool, 64 coroutines, one-shot statements on 4 connections", of_pool);
    co_await pool.close();
}

asio::awaitable<void> contest() {
    std::vector<coropg::connection> lanes;
    for (std::size_t i = 0; i < connections; ++i) {
        coropg::connection conn = co_await coropg::connect(bench::dsn());
        lanes.push_back(std::move(conn));
    }
    const auto of_lane = [&lanes](const auto& ids, std::size_t first, auto& watch) {
        return worker(lanes[first % connections], ids, first, watch);
    };
    co_await rounds("coropg, 64 coroutines on 4 connections", of_lane);
    for (coropg::connection& conn : lanes) co_await conn.close();
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_pool = argc > 1 && std::string_view{argv[1]} == "pool";
    asio::io_context loop{1};
    asio::co_spawn(loop, is_pool ? contest_of_pool() : contest(), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    loop.run();
}
