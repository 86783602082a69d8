// Pools, leases and gather on four threads without a strand, and hooks that give connections back: what the thread
// sanitizer (--preset tsan) looks at. COROPG_TEST_FULL makes it 100 runs.

#include "../support/pool_face.hpp"

#include <coropg/gather.hpp>
#include <coropg/observer.hpp>
#include <coropg/sync_pool.hpp>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <optional>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

constexpr int threads_of_a_run = 4;
constexpr int coroutines_of_a_run = 16;
constexpr int turns_of_each = 22;

int runs() { return std::getenv("COROPG_TEST_FULL") != nullptr ? 100 : 2; }

void require_answer(bool own) {
    if (!own) throw std::logic_error{"got an answer that is not its own"};
}

asio::awaitable<void> share_a_connection(coropg::pool& pool, int n) {
    require_answer(co_await pool.fetch_one<int>("SELECT $1::int", n) == n);
}

asio::awaitable<void> run_a_script(coropg::pool& pool, int) {
    co_await pool.with({.timeout = 20s}).execute_script("SELECT 1; SELECT 2");
}

asio::awaitable<void> run_many(coropg::pool& pool, int n) {
    const std::vector<int> rows{n, n + 1, n + 2};
    require_answer(co_await pool.execute_many("SELECT $1::int", rows) == 3);
}

asio::awaitable<void> run_a_pipeline(coropg::pool& pool, int n) {
    auto p = pool.pipeline();
    auto first = p.fetch_one<int>("SELECT $1::int", n);
    auto second = p.fetch_one<int>("SELECT $1::int", n - 1);
    co_await p.run();
    require_answer(first.get() == n && second.get() == n - 1);
}

asio::awaitable<void> run_out_of_time(coropg::pool& pool, int) {
    try {
        co_await pool.with({.timeout = 1ms}).execute("SELECT pg_sleep(0.003)");
    } catch (const query_timeout&) {
    }
}

asio::awaitable<void> fail(coropg::pool& pool, int n) {
    bool failed = false;
    try {
        co_await pool.execute("SELECT 1 / ($1::int - $1::int)", n);
    } catch (const errors::division_by_zero&) {
        failed = true;
    }
    require_answer(failed);
}

asio::awaitable<void> use_a_lease(coropg::pool& pool, int n) {
    pooled_connection lease = co_await pool.acquire();
    require_answer(co_await lease->fetch_one<int>("SELECT $1::int", n) == n);
    if (n % 5 == 0) lease.discard();
    (void)pool.stats();
}

asio::awaitable<void> commit_in_the_pool(coropg::pool& pool, int n) {
    const auto work = [n](coropg::transaction& tx) -> asio::awaitable<void> {
        require_answer(co_await tx.fetch_one<int>("SELECT $1::int", n) == n);
    };
    co_await pool.with({.timeout = 20s}).transaction(work);
}

asio::awaitable<void> give_back_on_commit(coropg::pool& pool, int n) {
    pooled_connection lease = co_await pool.acquire();
    coropg::transaction tx = co_await lease->begin();
    require_answer(co_await tx.fetch_one<int>("SELECT $1::int", n) == n);
    tx.on_commit([&lease, n] { n % 2 == 0 ? lease.discard() : lease.release(); });
    co_await tx.commit();
}

asio::awaitable<void> give_back_on_notice(coropg::pool& pool, int n) {
    pooled_connection lease = co_await pool.acquire();
    lease->on_notice([&lease, n](const diagnostics&) { n % 2 == 0 ? lease.discard() : lease.release(); });
    try {
        co_await lease->execute_script("DO $$BEGIN RAISE NOTICE 'one'; RAISE NOTICE 'two'; END$$");
    } catch (const error&) {  // it ends with the lease
    }
}

asio::awaitable<void> gather_all(coropg::pool& pool, int n) {
    std::vector<asio::awaitable<void>> some;
    for (int i = 0; i < 8; ++i) some.push_back(share_a_connection(pool, n + i));
    some.push_back(use_a_lease(pool, n));
    some.push_back(run_out_of_time(pool, n));
    co_await gather({.max_concurrency = n % 2 == 0 ? 0U : 3U}, std::move(some));
    const auto [one, two] =
        co_await gather(pool.fetch_one<int>("SELECT $1::int", n), pool.fetch<int>("SELECT $1::int", n));
    require_answer(one == n && two.front() == n);
}

using turn = asio::awaitable<void> (*)(coropg::pool&, int);
constexpr std::array<turn, 11> turns{&share_a_connection,  &run_a_script,       &run_many,
                                     &run_a_pipeline,      &run_out_of_time,    &fail,
                                     &use_a_lease,         &commit_in_the_pool, &give_back_on_commit,
                                     &give_back_on_notice, &gather_all};

asio::awaitable<void> take_turns(coropg::pool& pool, int number) {
    for (int i = 0; i < turns_of_each; ++i)
        co_await turns[static_cast<std::size_t>(number + i) % turns.size()](pool, i);
}

/// Hooks of every kind that at times keep a connection from being used again.
template <class Pool, class Lent>
void set_hooks(Pool& pool, Lent lent) {
    const auto calls = std::make_shared<std::atomic<int>>(0);
    pool.before_acquire([calls, lent](auto& conn) { return lent(conn, ++*calls % 7 != 0); });
    pool.after_release([calls](auto& conn) { return ++*calls % 5 != 0 && conn.is_open(); });
}

/// Whether all answers were the right ones.
bool take_turn(sync::pool& pool, int n) {
    bool right = pool.fetch_one<int>("SELECT $1::int", n) == n;
    sync::pooled_connection lease = pool.acquire();
    lease->on_notice([&](const diagnostics&) { n % 2 == 0 ? lease.discard() : lease.release(); });
    sync::transaction tx = lease->begin();
    right = right && tx.fetch_one<int>("SELECT $1::int", n) == n;
    tx.on_commit([&lease, n] {
        if (n % 3 == 0) lease.release();
    });
    tx.commit();
    try {
        if (n % 3 == 1) lease->execute_script("DO $$BEGIN RAISE NOTICE 'one'; RAISE NOTICE 'two'; END$$");
    } catch (const error&) {
    }
    return right;
}

template <class Future>
auto result_in_time(Future future) {
    BOOST_REQUIRE_MESSAGE(future.wait_for(60s) == std::future_status::ready, "stuck");
    return future.get();
}

/// One coroutine for each thread.
template <class Work>
void run_on_all(asio::thread_pool& threads, Work& work) {
    std::vector<std::future<void>> ends;
    for (int i = 0; i < threads_of_a_run; ++i) ends.push_back(asio::co_spawn(threads, work(), asio::use_future));
    for (auto& end : ends) result_in_time(std::move(end));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(a_pool_serves_coroutines_that_have_no_strand) {
    const auto lent = [](coropg::connection& conn, bool stays) -> asio::awaitable<bool> {
        co_return stays&& conn.is_open();
    };
    for (int run = 0; run < runs(); ++run) {
        asio::thread_pool threads{threads_of_a_run};
        coropg::pool pool{threads.get_executor(), dsn(), {.min_size = 2, .max_size = 5}};
        if (run % 2 == 1) set_hooks(pool, lent);
        std::vector<std::future<void>> ends;
        for (int i = 0; i < coroutines_of_a_run; ++i)
            ends.push_back(asio::co_spawn(threads, take_turns(pool, i), asio::use_future));
        for (auto& end : ends) result_in_time(std::move(end));
        result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
        const pool_stats s = pool.stats();
        BOOST_TEST(s.lent == 0U);
        BOOST_TEST(s.granted == s.released);
    }
}

BOOST_AUTO_TEST_CASE(who_computes_behind_a_statement_holds_up_nobody) {
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 1}};
    std::promise<void> next_is_served;
    const auto first = [&]() -> asio::awaitable<void> {
        co_await pool.execute("SET application_name = 'first'");
        next_is_served.get_future().wait();
    };
    const auto second = [&]() -> asio::awaitable<void> {
        pooled_connection lease = co_await pool.acquire();
        co_await lease->execute("SELECT 1");
        next_is_served.set_value();
    };
    auto end = asio::co_spawn(threads, first(), asio::use_future);
    result_in_time(asio::co_spawn(threads, second(), asio::use_future));
    result_in_time(std::move(end));
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(nor_does_who_computes_behind_a_hook) {
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 1}};
    pool.before_acquire([](coropg::connection& conn) -> asio::awaitable<bool> { co_return conn.is_open(); });
    std::promise<void> is_given_back;
    std::promise<void> next_is_served;
    bool was_served = false;
    const auto first = [&]() -> asio::awaitable<void> {
        { const pooled_connection lease = co_await pool.acquire(); }
        is_given_back.set_value();
        was_served = next_is_served.get_future().wait_for(20s) == std::future_status::ready;
    };
    const auto second = [&]() -> asio::awaitable<void> {
        co_await pool.execute("SELECT 1");
        next_is_served.set_value();
    };
    auto end = asio::co_spawn(threads, first(), asio::use_future);
    is_given_back.get_future().wait();
    result_in_time(asio::co_spawn(threads, second(), asio::use_future));
    result_in_time(std::move(end));
    BOOST_TEST(was_served);
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(handlers_may_be_replaced_while_notices_are_told) {
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 1}};
    std::atomic<bool> is_told = false;
    const auto work = [&]() -> asio::awaitable<void> {
        pooled_connection lease = co_await pool.acquire();
        lease->on_notice([&is_told](const diagnostics&) { is_told = true; });
        auto p = lease->with({.timeout = 50ms}).pipeline();
        auto talking = p.execute("DO $$BEGIN FOR i IN 1..200000 LOOP RAISE NOTICE 'x'; END LOOP; END$$");
        p.sync();
        auto next = p.execute("SELECT 1");
        try {
            co_await p.run();
        } catch (const query_timeout&) {  // the server goes on to talk
        }
        const std::string with_memory(100, 'x');
        const auto limit = std::chrono::steady_clock::now() + 300ms;
        while (std::chrono::steady_clock::now() < limit)
            lease->on_notice([&is_told, with_memory](const diagnostics&) { is_told = !with_memory.empty(); });
        lease.discard();
    };
    for (int run = 0; run < runs(); ++run) result_in_time(asio::co_spawn(threads, work(), asio::use_future));
    BOOST_TEST(is_told);
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(what_goes_back_at_rest_can_be_had_at_once) {
    asio::io_context io;  // whose executor is no strand
    coropg::pool pool{io.get_executor(), conninfo{dsn()}, {.max_size = 1}};
    int pid = 0;
    const auto work = [&]() -> asio::awaitable<void> {
        {
            pooled_connection lease = co_await pool.acquire();
            pid = co_await lease->fetch_one<int>("SELECT pg_backend_pid()");
        }
        {
            auto next = co_await pool.try_acquire();
            BOOST_TEST_REQUIRE(next.has_value());
            BOOST_TEST(co_await (*next)->fetch_one<int>("SELECT pg_backend_pid()") == pid);
        }
        co_await pool.close();
    };
    asio::co_spawn(io, work(), [](const std::exception_ptr& problem) {
        if (problem) std::rethrow_exception(problem);
    });
    io.run();
    BOOST_TEST(pid != 0);
}

BOOST_AUTO_TEST_CASE(an_observer_may_give_back_the_connection_that_it_is_told_of) {
    struct giver final : observer {
        explicit giver(pooled_connection&& lent) : lease{std::move(lent)} {}
        void on_query(const query_event&) override { lease.release(); }
        pooled_connection lease;
    };
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 1}};
    int pid = 0;
    const auto work = [&]() -> asio::awaitable<void> {
        const auto eye = std::make_shared<giver>(co_await pool.acquire());
        connection& conn = *eye->lease;
        pid = co_await conn.fetch_one<int>("SELECT pg_backend_pid()");
        set_observer(eye);
        try {
            co_await conn.execute("SELECT 1");
        } catch (const error&) {
        }
        set_observer(nullptr);
        pooled_connection next = co_await pool.acquire();
        require_answer(co_await next->fetch_one<int>("SELECT pg_backend_pid()") == pid);
    };
    result_in_time(asio::co_spawn(threads, work(), asio::use_future));
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(what_goes_back_is_refused_at_once) {
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 2}};
    std::atomic<int> refused = 0;
    constexpr int turns_of_one = 200;
    const auto work = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < turns_of_one; ++i) {
            pooled_connection lease = co_await pool.acquire();
            auto mine = lease->with({});
            co_await mine.execute("SELECT 1");
            lease.release();
            try {
                co_await mine.execute("SELECT 2");
            } catch (const usage_error&) {
                ++refused;
            }
        }
    };
    run_on_all(threads, work);
    BOOST_TEST(refused == threads_of_a_run * turns_of_one);
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(a_transaction_whose_connection_goes_back_has_not_succeeded) {
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 2}};
    auto admin = sync::connect(dsn());
    admin.execute_script("DROP TABLE IF EXISTS given_back_within; CREATE TABLE given_back_within (n int)");
    std::atomic<int> refused = 0;
    constexpr int turns_of_one = 100;
    const auto work = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < turns_of_one; ++i) {
            pooled_connection lease = co_await pool.acquire();
            const auto give_back = [&lease](coropg::transaction& tx) -> asio::awaitable<void> {
                co_await tx.execute("INSERT INTO given_back_within VALUES (1)");
                lease.release();
            };
            try {
                co_await lease->transaction(give_back);
            } catch (const usage_error&) {
                ++refused;
            }
        }
    };
    run_on_all(threads, work);
    BOOST_TEST(refused == threads_of_a_run * turns_of_one);
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
    BOOST_TEST(admin.fetch_one<int>("SELECT count(*)::int FROM given_back_within") == 0);
    admin.execute_script("DROP TABLE given_back_within");
}

BOOST_AUTO_TEST_CASE(a_child_does_not_wait_for_threads_that_it_does_not_have) {
    asio::thread_pool threads{2};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 1}};
    std::optional<pooled_connection> lease;
    const auto lend = [&]() -> asio::awaitable<void> { lease.emplace(co_await pool.acquire()); };
    result_in_time(asio::co_spawn(threads, lend(), asio::use_future));
    std::atomic<bool> is_enough = false;
    const auto use = [&]() -> asio::awaitable<void> {
        while (!is_enough) (void)co_await (*lease)->fetch<int>("SELECT generate_series(1, 20000)");
    };
    auto end = asio::co_spawn(threads, use(), asio::use_future);
    for (int i = 0; i < 30; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1 + i % 5});  // at another moment of the statement
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(10);
            if (i % 2 == 0) (void)(*lease)->is_open();
            lease.reset();
            ::_exit(0);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        BOOST_TEST(status == 0);
    }
    is_enough = true;
    result_in_time(std::move(end));
    lease.reset();
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(a_statement_ends_behind_the_handler_that_gave_its_connection_back) {
    asio::thread_pool threads{threads_of_a_run};
    coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 1}};
    std::atomic<bool> has_handled = false;
    const auto work = [&]() -> asio::awaitable<bool> {
        pooled_connection lease = co_await pool.acquire();
        lease->on_notice([&](const diagnostics&) {
            lease.release();
            std::this_thread::sleep_for(20ms);  // long enough for the other threads to end the statement
            has_handled = true;
        });
        try {
            co_await lease->execute_script("DO $$BEGIN RAISE NOTICE 'one'; END$$");
        } catch (const error&) {
        }
        co_return has_handled;
    };
    BOOST_TEST(result_in_time(asio::co_spawn(threads, work(), asio::use_future)));
    result_in_time(asio::co_spawn(threads, pool.close(), asio::use_future));
}

BOOST_AUTO_TEST_CASE(a_pool_ends_under_the_hands_of_coroutines_that_have_no_strand) {
    const auto until_closed = [](coropg::pool& pool, int number) -> asio::awaitable<void> {
        try {
            for (int i = 0;; ++i) co_await turns[static_cast<std::size_t>(number + i) % turns.size()](pool, i);
        } catch (const error&) {
        }
    };
    for (int run = 0; run < runs(); ++run) {
        asio::thread_pool threads{threads_of_a_run};
        coropg::pool pool{threads.get_executor(), dsn(), {.max_size = 3}};
        result_in_time(asio::co_spawn(threads, share_a_connection(pool, run), asio::use_future));
        std::vector<std::future<void>> ends;
        for (int i = 0; i < coroutines_of_a_run; ++i)
            ends.push_back(asio::co_spawn(threads, until_closed(pool, i), asio::use_future));
        result_in_time(asio::co_spawn(threads, pool.close(run % 2 == 0 ? 0ms : 1s), asio::use_future));
        for (auto& end : ends) result_in_time(std::move(end));
    }
}

BOOST_AUTO_TEST_CASE(a_blocking_pool_serves_threads_whose_hooks_give_connections_back) {
    const auto lent = [](sync::connection& conn, bool stays) { return stays && conn.is_open(); };
    for (int run = 0; run < runs(); ++run) {
        sync::pool pool{dsn(), {.max_size = 3}};
        if (run % 2 == 1) set_hooks(pool, lent);
        std::atomic<int> wrong = 0;
        std::vector<std::jthread> all;
        for (int number = 0; number < threads_of_a_run; ++number)
            all.emplace_back([&pool, &wrong, number] {
                for (int i = 0; i < turns_of_each; ++i) wrong += take_turn(pool, number + i) ? 0 : 1;
            });
        all.clear();
        BOOST_TEST(wrong == 0);
        const pool_stats s = pool.stats();
        BOOST_TEST(s.lent == 0U);
        BOOST_TEST(s.granted == s.released);
    }
}

BOOST_AUTO_TEST_SUITE_END()
