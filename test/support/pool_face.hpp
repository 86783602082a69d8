// A pool on an event loop that the test runs, and what must hold of it when nobody uses it any more.
#pragma once

#include "cancelling.hpp"
#include "pools.hpp"

#include <coropg/pool.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>

namespace coropg::test {

inline asio::awaitable<void> sleep_for(std::chrono::microseconds time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
}

inline double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A pool on an event loop, which is run by AWAIT and `run_until` alone.
struct pool_face : async_face {
    explicit pool_face(pool_options options = {}, const conninfo& info = dsn())
        : pool{io.get_executor(), info, options} {}
    ~pool_face() { run(pool.close(std::chrono::seconds{2})); }

    /// Runs the event loop until `is_so()`; false when it is not so in time.
    template <class Predicate>
    bool run_until(Predicate is_so, std::chrono::steady_clock::duration limit = stuck_after) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!is_so()) {
            if (std::chrono::steady_clock::now() >= end) return false;
            io.restart();
            io.run_one_for(std::chrono::milliseconds{5});
        }
        return true;
    }
    void run_for(std::chrono::steady_clock::duration time) {
        run_until([] { return false; }, time);
    }
    /// Does what can be done without waiting.
    void poll() {
        io.restart();
        while (io.poll() > 0) {
        }
    }

    /// Starts work that the test goes on beside.
    template <class T>
    cancellable start(asio::awaitable<T> work) {
        return {io, only_run(std::move(work))};
    }

    /// Teaches the pool that `SELECT 1` and `SELECT pg_sleep($1)` are short: others are put behind them.
    void make_known_as_short() {
        for (int i = 0; i < 50; ++i) {
            run(only_run(pool.execute("SELECT pg_sleep($1)", 0.0)));
            run(only_run(pool.execute("SELECT 1")));
        }
    }

    /// Nobody has anything of it, the numbers add up, and it serves.
    void require_whole() {
        BOOST_REQUIRE(run_until([&] { return pool.stats().lent == 0 && pool.stats().requests_waiting == 0; }));
        const pool_stats s = pool.stats();
        BOOST_TEST(s.granted == s.released);
        BOOST_TEST(s.requests_num == s.granted + s.timed_out + s.cancelled + s.refused + s.failed);
        BOOST_TEST(s.pool_size <= s.pool_max);
        BOOST_TEST(after_login([&] { return run(pool.fetch_one<int>("SELECT $1::int", 4711)); }) == 4711);
        std::vector<pooled_connection> all;
        for (std::size_t i = 0; i < s.pool_max; ++i) {
            all.push_back(after_login([&] { return run(pool.acquire()); }));
            BOOST_TEST(run(all.back()->fetch_one<int>("SELECT $1::int", static_cast<int>(i))) == static_cast<int>(i));
        }
    }

    coropg::pool pool;
};

/// So many connections of a pool, which all come back.
inline void fill(pool_face& face, std::size_t count) {
    std::vector<pooled_connection> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(after_login([&] { return face.run(face.pool.acquire()); }));
}

/// Somebody who can see and end the connections of others, from outside of the event loop.
class administrator {
 public:
    /// How many connections of the server have that application_name.
    int count(std::string_view application) {
        return conn_.fetch_one<int>("SELECT count(*)::int FROM pg_stat_activity WHERE application_name = $1",
                                    application);
    }
    /// Ends the server's process, and returns once it is gone.
    void terminate(int pid) { conn_.execute("SELECT pg_terminate_backend($1, 5000)", pid); }
    int terminate_all(std::string_view application) {
        return conn_.fetch_one<int>(
            "SELECT count(pg_terminate_backend(pid, 5000))::int FROM pg_stat_activity WHERE application_name = $1",
            application);
    }
    sync::connection& operator*() { return conn_; }
    sync::connection* operator->() { return &conn_; }

 private:
    sync::connection conn_ = sync::connect(dsn());
};

/// The server of this run, under a name by which it can be counted who is there.
inline conninfo named(std::string_view application, const conninfo& info = dsn()) {
    conninfo with_name{info};
    with_name.application_name(application);
    return with_name;
}

}  // namespace coropg::test
