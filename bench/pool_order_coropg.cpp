// Whom a pool's short statements wait for: beside a slow statement that has just begun, and beside clients that give up.
// Prints the time of a short statement in milliseconds.

#include "contestant.hpp"

#include <coropg/coropg.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t tries = 1000;
constexpr std::size_t at_a_time = 10;

asio::awaitable<void> pause(std::chrono::steady_clock::duration how_long) {
    asio::steady_timer timer{co_await asio::this_coro::executor, how_long};
    co_await timer.async_wait(asio::use_awaitable);
}

struct times {
    std::vector<double> ms;

    void print(const std::string& about) {
        std::ranges::sort(ms);
        std::printf("%-60s p50 %8.2f  p99 %8.2f  worst %8.2f  (%zu tries)\n", about.c_str(), ms[ms.size() / 2],
                    ms[ms.size() * 99 / 100], ms.back(), ms.size());
        std::fflush(stdout);
    }
};

asio::awaitable<void> time_short(coropg::pool& pool, times& out) {
    const auto began = bench::clock::now();
    co_await pool.execute("SELECT 1");
    out.ms.push_back(std::chrono::duration<double, std::milli>(bench::clock::now() - began).count());
}

asio::awaitable<void> run_slow(coropg::pool& pool) { co_await pool.execute("SELECT pg_sleep(0.3)"); }

/// With so many connections, idle for so long that a sign of life is owed.
asio::awaitable<void> beside_slow(std::size_t warm, std::size_t count, times& out) {
    const auto executor = co_await asio::this_coro::executor;
    for (std::size_t i = 0; i < count; ++i) {
        const coropg::pool_options options{.min_size = warm, .max_size = 10};
        coropg::pool pool{executor, bench::dsn(), options};
        co_await pool.wait();
        co_await pause(600ms);
        bool is_slow_over = false;
        asio::co_spawn(executor, run_slow(pool), [&is_slow_over](const std::exception_ptr&) { is_slow_over = true; });
        co_await pause(std::chrono::milliseconds{1 + i % 5});
        co_await time_short(pool, out);
        while (!is_slow_over) co_await pause(10ms);
        co_await pool.close();
    }
}

asio::awaitable<void> give_up_again_and_again(coropg::pool& pool, const bool& is_over) {
    while (!is_over) {
        try {
            co_await pool.with({.timeout = 50ms}).execute("SELECT pg_sleep(1)");
        } catch (const coropg::error&) {
            continue;
        }
    }
}

asio::awaitable<void> ask_again_and_again(coropg::pool& pool, std::size_t times_asked, times& out) {
    for (std::size_t i = 0; i < times_asked; ++i) {
        co_await pause(5ms);
        co_await time_short(pool, out);
    }
}

asio::awaitable<void> beside_impatient(times& out) {
    const auto executor = co_await asio::this_coro::executor;
    const coropg::pool_options options{.min_size = 4, .max_size = 4};
    coropg::pool pool{executor, bench::dsn(), options};
    co_await pool.wait();
    bool is_over = false;
    std::size_t left = 3;
    for (std::size_t i = 0; i < 3; ++i)
        asio::co_spawn(executor, give_up_again_and_again(pool, is_over),
                       [&left](const std::exception_ptr&) { --left; });
    std::size_t patient = 4;
    for (std::size_t i = 0; i < 4; ++i)
        asio::co_spawn(executor, ask_again_and_again(pool, tries / 4, out),
                       [&](const std::exception_ptr&) { --patient; });
    while (patient > 0) co_await pause(10ms);
    is_over = true;
    while (left > 0) co_await pause(10ms);
    co_await pool.close();
}

void run_all(asio::io_context& loop) {
    loop.restart();
    loop.run();
}

}  // namespace

int main() {
    coropg::set_logger(nullptr);
    asio::io_context loop{1};
    const auto fail = [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    };
    for (const std::size_t warm : {0, 1, 4}) {
        times out;
        for (std::size_t i = 0; i < at_a_time; ++i)
            asio::co_spawn(loop, beside_slow(warm, tries / at_a_time, out), fail);
        run_all(loop);
        out.print("a slow one 1 to 5 ms before, connections up: " + std::to_string(warm));
    }
    times out;
    asio::co_spawn(loop, beside_impatient(out), fail);
    run_all(loop);
    out.print("4 clients beside 3 that give up after 50 ms, 4 connections");
}
