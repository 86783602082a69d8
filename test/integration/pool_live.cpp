// The asynchronous pool with a real server: waiting, its end, closing, draining, hooks.
// docs/pool.md names a test for each behaviour.

#include "../support/pool_face.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

asio::awaitable<int> pid_of(coropg::pool& pool) {
    pooled_connection conn = co_await pool.acquire();
    co_return conn->backend_pid();
}

asio::awaitable<void> hold_for(coropg::pool& pool, std::chrono::microseconds time) {
    const pooled_connection conn = co_await pool.acquire();
    co_await sleep_for(time);
}

/// Asks the pool about itself whenever a statement has ended.
struct curious final : observer {
    explicit curious(coropg::pool& p) : pool{p} {}
    void on_query(const query_event& e) override {
        heard += contains(e.sql, "given_up");
        std::this_thread::sleep_for(30ms);  // long enough for the answer to what was given up
        (void)pool.stats();
    }

    coropg::pool& pool;
    int heard = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_live)

// ------------------------------------------------------------------------------------------------------- waiting

BOOST_AUTO_TEST_CASE(a_wait_ends_at_its_time_and_not_much_later) {
    pool_face face{{.max_size = 1, .acquire_timeout = 100ms}};
    const pooled_connection held = after_login([&] { return AWAIT(face.pool.acquire()); });
    double best = 1;
    for (int i = 0; i < 5; ++i) {
        const auto start = std::chrono::steady_clock::now();
        ERROR_OF(pool_timeout, face.pool.acquire());
        const double took = seconds_since(start);
        BOOST_TEST(took >= 0.1);
        best = std::min(best, took);
    }
    BOOST_TEST(best <= 0.12);
}

BOOST_AUTO_TEST_CASE(the_time_of_a_one_shot_includes_its_wait) {
    pool_face face{{.max_size = 1}};
    const pooled_connection held = AWAIT(face.pool.acquire());
    const auto start = std::chrono::steady_clock::now();
    ERROR_OF(query_timeout, face.pool.with({.timeout = 50ms}).execute("SELECT 1"));
    BOOST_TEST(seconds_since(start) < within(1));
}

BOOST_AUTO_TEST_CASE(a_connect_goes_on_for_others_when_the_one_who_caused_it_is_cancelled) {
    pool_face face{{.max_size = 1}};
    cancellable first = face.start(face.pool.acquire());
    cancellable second = face.start(face.pool.acquire());
    face.io.restart();
    face.io.run_one();
    face.io.run_one();
    first.cancel_inside();
    first.error<operation_aborted>();
    second.wait();
    BOOST_TEST(face.pool.stats().connections_num == 1U);
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(an_end_of_a_wait_that_races_with_the_hand_over_loses_no_connection) {
    pool_face face{{.min_size = 1, .max_size = 1, .acquire_timeout = 3ms}};
    const cancellable first = face.start(face.pool.acquire());  // which may be too late for its connection
    BOOST_REQUIRE(face.run_until([&] { return first.has_ended() && face.pool.stats().pool_available == 1; }));
    int granted = 0;
    int timed_out = 0;
    int cancelled = 0;
    for (int i = 0; i < 300; ++i) {
        cancellable holder = face.start(hold_for(face.pool, 2800us + std::chrono::microseconds{i % 20 * 20}));
        face.poll();
        cancellable waiter = face.start(face.pool.acquire());
        face.poll();
        if (i % 3 == 0) {
            face.run_until([&] { return holder.has_ended(); });
            waiter.cancel_inside();
        }
        try {
            waiter.wait();
            ++granted;
        } catch (const pool_timeout&) {
            ++timed_out;
        } catch (const operation_aborted&) {
            ++cancelled;
        }
        holder.wait();
        BOOST_REQUIRE(face.run_until([&] { return face.pool.stats().lent == 0; }));
    }
    BOOST_TEST_MESSAGE(granted << " granted, " << timed_out << " timed out, " << cancelled << " cancelled");
    BOOST_TEST(granted > 0);
    BOOST_TEST(face.pool.stats().connections_num == 1U);
}

BOOST_AUTO_TEST_CASE(who_is_cancelled_in_the_turn_of_a_grant_passes_it_on) {
    pool_face face{{.max_size = 1}};
    for (const bool is_released_first : {true, false}) {
        pooled_connection held = AWAIT(face.pool.acquire());
        cancellable first = face.start(face.pool.acquire());
        cancellable second = face.start(face.pool.acquire());
        face.poll();
        if (is_released_first) held.release();
        first.cancel_inside();
        if (!is_released_first) held.release();
        second.wait();
        try {
            first.wait();  // it was granted, and went back
        } catch (const operation_aborted&) {
        } catch (const boost::system::system_error&) {
        }
    }
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(it_may_begin_without_a_server) {
    pool_face face{{.min_size = 3, .acquire_timeout = 300ms}};
    bool is_up = false;
    face.pool.before_connect([&](conninfo& info) -> asio::awaitable<void> {
        if (!is_up) info.host("127.0.0.1").port(1);
        co_return;
    });
    const auto e = VOID_ERROR_OF(pool_timeout, face.pool.wait());
    BOOST_TEST(contains(e.snapshot().last_error, "port 1"), e.what());
    is_up = true;
    after_login([&] { AWAIT(face.pool.wait()); });
    BOOST_TEST(face.pool.stats().pool_available == 3U);
}

BOOST_AUTO_TEST_CASE(who_waits_for_what_he_holds_is_told_so_and_the_pool_goes_on) {
    pool_face face{{.max_size = 1, .acquire_timeout = 50ms}};
    after_login([&] { return AWAIT(face.pool.acquire()); });
    unsigned line = 0;
    const auto twice = [&]() -> asio::awaitable<void> {
        line = std::source_location::current().line() + 1;
        const pooled_connection outer = co_await face.pool.acquire();
        const pooled_connection inner = co_await face.pool.acquire();
    };
    const auto e = VOID_ERROR_OF(pool_timeout, twice());
    BOOST_REQUIRE(e.snapshot().holders.size() == 1U);
    BOOST_TEST(e.snapshot().holders[0].where.line() == line);
    BOOST_TEST(contains(e.what(), "pool_live.cpp:" + std::to_string(line)), e.what());
    face.require_whole();
}

// -------------------------------------------------------------------------------------------------- cancellation

BOOST_AUTO_TEST_CASE(an_acquire_is_cancelled_while_it_waits) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::total}) {
        pool_face face{{.max_size = 1}};
        pooled_connection held = AWAIT(face.pool.acquire());
        cancellable waiter = face.start(face.pool.acquire());
        face.poll();
        BOOST_TEST(face.pool.stats().requests_waiting == 1U);
        waiter.cancel_inside(type);
        const auto e = waiter.error<operation_aborted>();
        BOOST_TEST((e.outcome() == outcome::not_sent));
        BOOST_TEST(face.pool.stats().cancelled == 1U);
        held.release();
        face.require_whole();
    }
}

BOOST_AUTO_TEST_CASE(a_one_shot_is_cancelled_while_it_waits) {
    pool_face face{{.max_size = 1}};
    pooled_connection held = AWAIT(face.pool.acquire());
    cancellable waiter = face.start(face.pool.execute("CREATE TABLE pool_live_never ()"));
    face.poll();
    waiter.cancel_inside();
    const auto e = waiter.error<operation_aborted>();
    BOOST_TEST((e.outcome() == outcome::not_sent));
    BOOST_TEST(e.sql() == "CREATE TABLE pool_live_never ()");
    held.release();
    face.require_whole();
    BOOST_TEST(AWAIT(face.pool.fetch_one<bool>("SELECT to_regclass('pool_live_never') IS NULL")));
}

BOOST_AUTO_TEST_CASE(a_one_shot_is_cancelled_on_the_server) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::total}) {
        administrator admin;
        pool_face face{{.max_size = 1}, named("pool_live_cancel")};
        AWAIT(face.pool.execute("SELECT 1"));
        cancellable sleeper = face.start(face.pool.execute("SELECT pg_sleep(30)"));
        const auto sleeps = [&] {
            return admin->fetch_one<bool>(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'pool_live_cancel' "
                "AND wait_event = 'PgSleep')");
        };
        BOOST_REQUIRE(face.run_until(sleeps));
        sleeper.cancel_inside(type);
        const auto e = sleeper.error<operation_aborted>();
        BOOST_TEST((e.outcome() == outcome::failed));
        BOOST_TEST((sleeper.took() < within(2s)));
        face.require_whole();
        BOOST_TEST(face.pool.stats().connections_num == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_one_shot_with_others_on_its_wire_is_left_to_the_server) {
    pool_face face{{.max_size = 1}};
    face.make_known_as_short();
    cancellable first = face.start(face.pool.execute("SELECT pg_sleep($1)", 0.2));
    cancellable second = face.start(face.pool.execute("SELECT pg_sleep($1)", 0.0));
    face.poll();
    first.cancel_inside();
    const auto e = first.error<operation_aborted>();
    BOOST_TEST((e.outcome() == outcome::unknown));
    second.wait();
    face.require_whole();
}

/// One connection, where a cancel of one statement is under way, and whoever comes is sent away until it has ended.
struct cancelling_pool : pool_face {
    explicit cancelling_pool(const pool_options& options) : pool_face{options} { make_known_as_short(); }

    void begin_cancel() {
        long_one.emplace(start(pool.execute("SELECT pg_sleep($1)", 30.0)));
        poll();
        long_one->cancel();
        turn(3);
    }
    void turn(int times) {
        io.restart();
        while (times-- > 0) io.poll_one();
    }

    std::optional<cancellable> long_one;
};

BOOST_AUTO_TEST_CASE(one_that_is_cancelled_while_it_moves_ends_as_operation_aborted) {
    cancelling_pool face{{.max_size = 1}};
    for (int turns = 1; turns < 3; ++turns) {  // in the first it begins: who is cancelled before is told by Asio
        face.begin_cancel();
        cancellable moving = face.start(face.pool.execute("SELECT pg_sleep($1)", 30.0));
        face.turn(turns);
        moving.cancel();
        moving.error<operation_aborted>();
        face.long_one->error<operation_aborted>();
    }
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(one_that_moves_is_served_before_those_who_came_later) {
    cancelling_pool face{{.max_size = 1}};
    const auto when = [&] {
        return face.pool.fetch_one<double>("SELECT extract(epoch FROM clock_timestamp())::float8");
    };
    for (int i = 0; i < 50; ++i) (void)AWAIT(when());
    for (int turns = 0; turns < 12; ++turns) {
        face.begin_cancel();
        double served = 0;
        double served_later = 0;
        const auto move = [&]() -> asio::awaitable<void> { served = co_await when(); };
        const auto come_later = [&]() -> asio::awaitable<void> {
            pooled_connection conn = co_await face.pool.acquire();
            served_later = co_await conn->fetch_one<double>("SELECT extract(epoch FROM clock_timestamp())::float8");
        };
        cancellable moving = face.start(move());
        face.turn(turns);
        cancellable later = face.start(come_later());
        moving.wait();
        later.wait();
        BOOST_TEST(served < served_later);
        face.long_one->error<operation_aborted>();
    }
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(one_shots_are_cancelled_at_any_time) {
    pool_face face{{.max_size = 2}};
    int ended_well = 0;
    for (int i = 0; i < 300; ++i) {
        std::vector<cancellable> work;
        for (int k = 0; k < 5; ++k) work.push_back(face.start(face.pool.fetch_one<int>("SELECT $1::int", k)));
        face.io.restart();
        for (int turns = 0; turns < 5 + i % 30; ++turns) face.io.run_one_for(1ms);  // the first 5 begin
        for (int k = 0; k < 5; k += 2) work[static_cast<std::size_t>(k)].cancel_inside();
        for (cancellable& each : work) try {
                each.wait();
                ++ended_well;
            } catch (const operation_aborted&) {
            } catch (const boost::system::system_error&) {
            }
    }
    BOOST_TEST(ended_well >= 600);
    face.require_whole();
}

// ----------------------------------------------------------------------------------------------------- its end

BOOST_AUTO_TEST_CASE(closing_waits_for_what_is_lent_and_refuses_the_rest) {
    pool_face face{{.max_size = 1}};
    pooled_connection held = AWAIT(face.pool.acquire());
    cancellable waiter = face.start(face.pool.acquire());
    cancellable statement = face.start(face.pool.execute("SELECT 1"));
    face.poll();
    cancellable closing = face.start(face.pool.close(10s));
    waiter.error<pool_closed>();
    statement.error<pool_closed>();
    ERROR_OF(pool_closed, face.pool.acquire());
    ERROR_OF(pool_closed, face.pool.execute("SELECT 1"));
    BOOST_TEST(!AWAIT(face.pool.try_acquire()).has_value());
    BOOST_TEST(AWAIT(held->fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(!closing.has_ended());
    const auto start = std::chrono::steady_clock::now();
    held.release();
    closing.wait();
    BOOST_TEST(seconds_since(start) < within(1));
    BOOST_TEST(face.pool.stats().pool_size == 0U);
    AWAIT(face.pool.close());
}

BOOST_AUTO_TEST_CASE(closing_ends_what_does_not_come_back_in_time) {
    pool_face face{{.max_size = 2}};
    fill(face, 2);  // so that both statements are sent at once
    pooled_connection held = AWAIT(face.pool.acquire());
    cancellable lent = face.start(held->execute("SELECT pg_sleep(30)"));
    cancellable one_shot = face.start(face.pool.execute("SELECT pg_sleep(30)"));
    face.run_for(50ms);
    const auto start = std::chrono::steady_clock::now();
    AWAIT(face.pool.close(100ms));
    const auto e = lent.error<connection_error>();
    BOOST_TEST(contains(e.what(), "its pool was closed"), e.what());
    BOOST_TEST((e.outcome() == outcome::unknown));
    one_shot.error<connection_error>();
    BOOST_TEST(seconds_since(start) < within(2));
    held.release();
    BOOST_TEST(face.run_until([&] { return face.pool.stats().pool_size == 0; }));
}

BOOST_AUTO_TEST_CASE(closing_cuts_off_who_takes_later_what_was_granted_before) {
    pool_face face{{.max_size = 1}};
    pooled_connection held = AWAIT(face.pool.acquire());
    asio::io_context busy;
    bool is_open = true;
    const auto take = [&]() -> asio::awaitable<void> {
        pooled_connection lease = co_await face.pool.acquire();
        is_open = lease->is_open();
    };
    auto end = asio::co_spawn(busy, take(), asio::use_future);
    busy.poll();
    BOOST_REQUIRE(face.run_until([&] { return face.pool.stats().requests_waiting == 1; }));
    held.release();
    BOOST_REQUIRE(face.run_until([&] { return face.pool.stats().requests_waiting == 0; }));
    AWAIT(face.pool.close(1ms));
    busy.run();
    end.get();
    BOOST_TEST(!is_open);
    BOOST_TEST(face.run_until([&] { return face.pool.stats().pool_size == 0; }));
}

BOOST_AUTO_TEST_CASE(waiting_and_closing_are_cancelled_as_a_statement_is) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::total}) {
        const auto check = [type](pool_face& face, cancellable&& waiting) {
            face.run_for(20ms);
            waiting.cancel(asio::cancellation_type::partial);  // which is meant for no operation of ours
            face.run_for(20ms);
            BOOST_TEST(!waiting.has_ended());
            waiting.cancel(type);
            waiting.error<operation_aborted>();
            BOOST_TEST((waiting.took() < within(1s)));
        };
        {
            pool_face face{{.min_size = 1, .max_size = 1}};
            face.pool.before_connect([](conninfo&) { return sleep_for(1h); });
            check(face, face.start(face.pool.wait()));
        }
        pool_face face{{.max_size = 1}};
        pooled_connection held = AWAIT(face.pool.acquire());
        check(face, face.start(face.pool.close(1h)));
    }
}

BOOST_AUTO_TEST_CASE(a_loop_on_a_closed_pool_is_not_a_recursion) {
    pool_face face;
    AWAIT(face.pool.close());
    const auto insist = [&]() -> asio::awaitable<int> {
        int refused = 0;
        for (int i = 0; i < 100'000; ++i) {
            auto statement = face.pool.execute("SELECT 1");
            try {
                co_await std::move(statement);
            } catch (const pool_closed&) {
                ++refused;
            }
        }
        co_return refused;
    };
    BOOST_TEST(AWAIT(insist()) == 100'000);
}

BOOST_AUTO_TEST_CASE(closing_does_not_wait_for_a_connect) {
    pool_face face{{.max_size = 1}};
    face.pool.before_connect([](conninfo&) { return sleep_for(30s); });
    cancellable waiter = face.start(face.pool.acquire());
    face.run_for(20ms);
    const auto start = std::chrono::steady_clock::now();
    AWAIT(face.pool.close(10s));
    BOOST_TEST(seconds_since(start) < within(1));
    waiter.error<pool_closed>();
}

BOOST_AUTO_TEST_CASE(what_is_lent_outlives_the_pool) {
    async_face face;
    administrator admin;
    std::optional<coropg::pool> pool{std::in_place, face.io.get_executor(), named("pool_live_orphan"), pool_options{}};
    std::optional<pooled_connection> held = AWAIT(pool->acquire());
    pool.reset();
    BOOST_TEST(AWAIT((*held)->fetch_one<int>("SELECT 1")) == 1);
    held.reset();
    face.io.restart();
    face.io.run();  // nothing keeps it
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (admin.count("pool_live_orphan") > 0) BOOST_REQUIRE(std::chrono::steady_clock::now() < limit);
}

BOOST_AUTO_TEST_CASE(an_event_loop_ends_in_the_midst_of_all) {
    for (const bool pool_goes_first : {true, false}) {
        std::optional<pooled_connection> held;
        auto io = std::make_unique<asio::io_context>();
        auto pool = std::make_unique<coropg::pool>(io->get_executor(), dsn(), pool_options{.max_size = 2});
        const auto hold = [](coropg::pool& p, std::optional<pooled_connection>& place) -> asio::awaitable<void> {
            place = co_await p.acquire();
            co_await (*place)->execute("SELECT pg_sleep(30)");
        };
        const auto wait = [](coropg::pool& p) -> asio::awaitable<void> {
            const pooled_connection conn = co_await p.acquire();
            co_await sleep_for(30s);
        };
        const auto ask = [](coropg::pool& p) -> asio::awaitable<void> { co_await p.execute("SELECT pg_sleep(30)"); };
        asio::co_spawn(*io, hold(*pool, held), asio::detached);
        for (int i = 0; i < 3; ++i) asio::co_spawn(*io, wait(*pool), asio::detached);
        for (int i = 0; i < 3; ++i) asio::co_spawn(*io, ask(*pool), asio::detached);
        const auto limit = std::chrono::steady_clock::now() + stuck_after;
        while (!held.has_value() && std::chrono::steady_clock::now() < limit) io->run_one_for(stuck_after);
        BOOST_REQUIRE(held.has_value());
        io->run_for(50ms);
        held.reset();
        asio::co_spawn(*io, hold(*pool, held), asio::detached);
        io->run_for(20ms);
        if (pool_goes_first) pool.reset();
        held.reset();
        io->stop();
        if (!pool_goes_first) pool.reset();
        io.reset();
    }
}

BOOST_AUTO_TEST_CASE(an_event_loop_ends_with_a_pool_in_one_of_its_coroutines) {
    auto io = std::make_unique<asio::io_context>();
    const auto serve = [](asio::io_context& context) -> asio::awaitable<void> {
        coropg::pool pool{context.get_executor(), dsn(), pool_options{.min_size = 1, .max_size = 1}};
        const pooled_connection conn = co_await pool.acquire();
        co_await pool.execute("SELECT 1");  // never
    };
    asio::co_spawn(*io, serve(*io), asio::detached);
    io->run_for(50ms);
    io.reset();
}

BOOST_AUTO_TEST_CASE(connections_come_back_on_other_threads) {
    asio::io_context io;
    const auto guard = asio::make_work_guard(io);
    coropg::pool pool{io.get_executor(), dsn(), {.max_size = 4}};
    std::atomic<int> wrong{0};
    std::atomic<int> done{0};
    const auto work = [&](int tag) -> asio::awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            if (i % 2 == 0) {
                pooled_connection conn = co_await pool.acquire();
                if (co_await conn->fetch_one<int>("SELECT $1::int", tag) != tag) ++wrong;
                std::thread{[moved = std::move(conn)] {}}.detach();
            } else if (co_await pool.fetch_one<int>("SELECT $1::int", tag) != tag) {
                ++wrong;
            }
        }
        ++done;
    };
    constexpr int workers = 16;
    for (int tag = 0; tag < workers; ++tag) asio::co_spawn(asio::make_strand(io), work(tag), asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { io.run(); });
    const auto limit = std::chrono::steady_clock::now() + stuck_after;
    while ((done < workers || pool.stats().lent > 0) && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(1ms);
    io.stop();
    for (std::thread& t : threads) t.join();
    BOOST_TEST(done == workers);
    BOOST_TEST(wrong == 0);
    BOOST_TEST(pool.stats().lent == 0U);
    BOOST_TEST(pool.stats().pool_size <= 4U);
}

// A coroutine on an event loop of its own uses a pool of another one.
BOOST_AUTO_TEST_CASE(event_loops_share_a_pool) {
    asio::io_context home;
    const auto guard = asio::make_work_guard(home);
    coropg::pool pool{home.get_executor(), dsn(), {.max_size = 2}};
    std::thread there{[&] { home.run(); }};
    async_face face;
    for (int i = 0; i < 20; ++i) {
        pooled_connection conn = AWAIT(pool.acquire());
        BOOST_TEST(AWAIT(conn->fetch_one<int>("SELECT $1::int", i)) == i);
        conn.release();
        BOOST_TEST(AWAIT(pool.fetch_one<int>("SELECT $1::int", i)) == i);
    }
    AWAIT(pool.close());
    home.stop();
    there.join();
    BOOST_TEST(pool.stats().pool_size == 0U);
}

BOOST_AUTO_TEST_CASE(draining_replaces_all_connections) {
    pool_face face{{.min_size = 2, .max_size = 2}};
    AWAIT(face.pool.wait());
    const int idle = AWAIT(pid_of(face.pool));
    pooled_connection held = AWAIT(face.pool.acquire());
    const int lent = held->backend_pid();
    face.pool.drain();
    BOOST_TEST(AWAIT(held->fetch_one<int>("SELECT 1")) == 1);
    held.release();
    AWAIT(face.pool.wait());
    pooled_connection first = AWAIT(face.pool.acquire());
    pooled_connection second = AWAIT(face.pool.acquire());
    for (const int pid : {first->backend_pid(), second->backend_pid()}) BOOST_TEST((pid != idle && pid != lent));
}

BOOST_AUTO_TEST_CASE(an_event_loop_ends_with_a_closed_pool) {
    asio::io_context io;
    coropg::pool pool{io.get_executor(), dsn(), {.max_size = 1}};
    const auto use = [](coropg::pool& p) -> asio::awaitable<void> {
        co_await p.with({.timeout = 30s}).execute("SELECT 1");
        {
            pooled_connection conn = co_await p.acquire();
            co_await conn->with({.timeout = 30s}).execute("SELECT 1");
        }
        co_await p.close();
    };
    asio::co_spawn(io, use(pool), asio::detached);
    const auto start = std::chrono::steady_clock::now();
    io.run();
    BOOST_TEST(seconds_since(start) < within(5));
}

BOOST_AUTO_TEST_CASE(who_waits_for_the_pool_may_go_with_his_event_loop) {
    asio::io_context io;
    conninfo nowhere;
    nowhere.host("127.0.0.1").port(1);
    coropg::pool pool{io.get_executor(), nowhere, {.min_size = 1, .acquire_timeout = 50ms}};
    const auto guard = asio::make_work_guard(io);
    std::thread thread{[&io] { io.run(); }};
    for (const bool in_time : {true, false}) {
        asio::io_context boot;
        auto ended = asio::co_spawn(boot, pool.wait(), asio::use_future);
        boot.run_for(in_time ? 10s : 5ms);
        if (in_time) BOOST_CHECK_THROW(ended.get(), pool_timeout);
    }
    pool.drain();
    asio::co_spawn(io, pool.close(), asio::use_future).get();
    io.stop();
    thread.join();
}

BOOST_AUTO_TEST_CASE(an_observer_may_ask_the_pool) {
    pool_face face{{.max_size = 1}};
    face.make_known_as_short();
    const auto observer = std::make_shared<curious>(face.pool);
    set_observer(observer);
    cancellable first = face.start(face.pool.execute("SELECT pg_sleep($1)", 0.1));
    cancellable second = face.start(face.pool.with({.timeout = 30ms}).execute("SELECT pg_sleep($1) AS given_up", 0.02));
    (void)second.error<query_timeout>();
    first.wait();
    face.require_whole();
    set_observer(nullptr);
    BOOST_TEST(observer->heard == 1);
}

BOOST_AUTO_TEST_CASE(a_child_leaves_what_is_lent_to_its_parent_alone) {
    auto io = std::make_unique<asio::io_context>();
    auto pool = std::make_unique<coropg::pool>(io->get_executor(), dsn(), pool_options{.max_size = 2});
    std::optional<pooled_connection> held;
    std::optional<pooled_connection> discarded;
    const auto use = [&]() -> asio::awaitable<void> {
        held.emplace(co_await pool->acquire());
        discarded.emplace(co_await pool->acquire());
    };
    asio::co_spawn(*io, use(), asio::detached);
    io->run_for(1s);
    BOOST_REQUIRE((held && discarded));
    io->notify_fork(asio::execution_context::fork_prepare);
    const pid_t child = ::fork();
    if (child == 0) {
        io->notify_fork(asio::execution_context::fork_child);
        discarded->discard();
        held.reset();
        pool.reset();
        io.reset();
        ::_exit(0);
    }
    io->notify_fork(asio::execution_context::fork_parent);
    int status = -1;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
    const auto go_on = [&]() -> asio::awaitable<void> {
        const int sum =
            co_await (*held)->fetch_one<int>("SELECT 1") + co_await (*discarded)->fetch_one<int>("SELECT 2");
        BOOST_TEST(sum == 3);
        held.reset();
        discarded.reset();
        co_await pool->close();
    };
    auto ended = asio::co_spawn(*io, go_on(), asio::use_future);
    io->restart();
    io->run();
    ended.get();
}

// Another thread may hold the mutex of the pool while it forks.
BOOST_AUTO_TEST_CASE(a_child_is_refused_whatever_the_threads_of_its_parent_do) {
    pool_face face{{.max_size = 2}};
    std::atomic<bool> is_over = false;
    std::thread other{[&] {
        while (!is_over) (void)face.pool.stats();
    }};
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        face.io.notify_fork(asio::execution_context::fork_prepare);
        const pid_t child = ::fork();
        if (child == 0) {
            face.io.notify_fork(asio::execution_context::fork_child);
            ::alarm(10);
            try {
                AWAIT(face.pool.acquire());
            } catch (const usage_error&) {
                ::_exit(0);
            }
            ::_exit(1);
        }
        face.io.notify_fork(asio::execution_context::fork_parent);
        int status = -1;
        ::waitpid(child, &status, 0);
        if (status == 0) ++refused;
    }
    is_over = true;
    other.join();
    BOOST_TEST(refused == 40);
}

BOOST_AUTO_TEST_CASE(a_child_leaves_the_connections_of_its_parent_alone) {
    pool_face face{{.max_size = 2}};
    const int pid = AWAIT(pid_of(face.pool));
    face.io.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child = ::fork();
    if (child == 0) {
        face.io.notify_fork(asio::execution_context::fork_child);
        int refused = 0;
        const auto count = [&](auto work) {
            try {
                work();
            } catch (const usage_error&) {
                ++refused;
            }
        };
        count([&] { AWAIT(face.pool.acquire()); });
        count([&] { AWAIT(face.pool.execute("SELECT 1")); });
        count([&] { AWAIT(face.pool.wait()); });
        count([&] { (void)face.pool.stats(); });
        count([&] { face.pool.resize(1, 2); });
        count([&] { face.pool.drain(); });
        count([&] { AWAIT(face.pool.close()); });
        { const coropg::pool ends_here = std::move(face.pool); }
        ::_exit(refused);
    }
    face.io.notify_fork(asio::execution_context::fork_parent);
    int status = -1;
    ::waitpid(child, &status, 0);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 7));
    BOOST_TEST(AWAIT(pid_of(face.pool)) == pid);
    face.require_whole();
}

BOOST_AUTO_TEST_SUITE_END()
