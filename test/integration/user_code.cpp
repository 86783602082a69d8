// Where the program's code runs: last in a turn of the driver, by the queue of its own executor, or just before a blocking
// verb returns. Whatever it does there finds the driver in order.

#include "../support/pool_face.hpp"

#include <coropg/log.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// What a handler throws out of the event loop.
struct thrown {};

/// A connection on an executor of an event loop that the test runs.
struct on_executor {
    explicit on_executor(bool on_strand) {
        executor = on_strand ? asio::any_io_executor{asio::make_strand(io)} : io.get_executor();
        std::optional<connection> made;
        asio::co_spawn(executor, detail::fill(coropg::connect(dsn()), made), [](const std::exception_ptr&) {});
        io.run();
        conn = std::move(made);
        BOOST_TEST_REQUIRE(conn.has_value());
    }

    template <class Handler>
    void start(const unchecked_sql& sql, Handler handler) {
        asio::co_spawn(executor, only_run(conn->execute(sql)), std::move(handler));
    }
    /// Runs the event loop to its end, whatever is thrown out of it.
    void run() {
        const auto end = std::chrono::steady_clock::now() + stuck_after;
        for (bool has_ended = false; !has_ended;) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
            io.restart();
            try {
                io.run_until(end);
                has_ended = true;
            } catch (const thrown&) {
            } catch (const asio::multiple_exceptions&) {  // several of a strand
            }
        }
    }

    asio::io_context io;
    asio::any_io_executor executor;
    std::optional<connection> conn;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(user_code)

BOOST_AUTO_TEST_CASE(handlers_that_throw_leave_the_connection_working) {
    for (const bool on_strand : {false, true})
        for (const int statements : {1, 5}) {
            on_executor here{on_strand};
            int called = 0;
            for (int i = 0; i < statements; ++i)
                here.start(unchecked_sql{"SELECT 1"}, [&called](const std::exception_ptr&) {
                    ++called;
                    throw thrown{};
                });
            here.run();
            BOOST_TEST(called == statements);
            const auto go_on = [](connection& conn) -> asio::awaitable<void> {
                BOOST_TEST(co_await conn.fetch_one<int>("SELECT 2") == 2);
                bool is_late = false;
                try {
                    co_await conn.with({.timeout = 50ms}).execute("SELECT pg_sleep(30)");
                } catch (const query_timeout&) {
                    is_late = true;
                }
                BOOST_TEST(is_late);
                BOOST_TEST(co_await conn.fetch_one<int>("SELECT 3") == 3);
            };
            std::exception_ptr problem;
            bool ended = false;
            asio::co_spawn(here.executor, go_on(*here.conn),
                           [&](std::exception_ptr p) { problem = std::move(p), ended = true; });
            here.run();
            BOOST_TEST((ended && !problem));
        }
}

BOOST_AUTO_TEST_CASE(a_handler_may_destroy_the_connection_that_others_wait_for) {
    for (const bool on_strand : {false, true}) {
        on_executor here{on_strand};
        int ended = 0;
        for (int i = 0; i < 5; ++i)
            here.start(unchecked_sql{"SELECT 1"}, [&](const std::exception_ptr&) {
                here.conn.reset();
                ++ended;
            });
        here.run();
        BOOST_TEST(ended == 5);
    }
}

BOOST_AUTO_TEST_CASE(a_handler_may_run_the_event_loop) {
    on_executor here{false};
    int ended = 0;
    bool asked_more = false;
    const auto run_until = [&](const int wanted) {
        const auto end = std::chrono::steady_clock::now() + stuck_after;
        while (ended < wanted && std::chrono::steady_clock::now() < end) here.io.run_one_until(end);
    };
    const auto count = [&](const std::exception_ptr& problem) { ended += problem ? 100 : 1; };
    here.start(unchecked_sql{"SELECT 1"}, [&](const std::exception_ptr&) {
        ++ended;
        here.start(unchecked_sql{"SELECT 4"}, count);
        run_until(4);  // the two that ended with it, and the new one
        asked_more = true;
    });
    here.start(unchecked_sql{"SELECT 2"}, count);
    here.start(unchecked_sql{"SELECT 3"}, count);
    here.run();
    BOOST_TEST((asked_more && ended == 4));
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_nothing_in_place) {
    async_face face;
    auto conn = face.connect();
    asio::cancellation_signal signal;
    bool ended = false;
    bool ended_in_place = false;
    const auto cancel_the_second = [&]() -> asio::awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        asio::co_spawn(executor, only_run(conn.with({.timeout = 300ms}).execute("SELECT pg_sleep(30)")),
                       [](const std::exception_ptr&) {});
        asio::co_spawn(executor, only_run(conn.execute("SELECT 1")),
                       asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&) { ended = true; }));
        co_await sleep_for(20ms);
        signal.emit(asio::cancellation_type::terminal);
        ended_in_place = ended;
    };
    face.run(cancel_the_second());
    face.io.restart();
    face.io.run_for(stuck_after);
    BOOST_TEST((ended && !ended_in_place));
}

BOOST_AUTO_TEST_CASE(refusals_let_others_run) {
    async_face face;
    auto conn = face.connect();
    AWAIT(conn.close());
    bool stopped = false;
    int refused = 0;
    const auto stop = [&]() -> asio::awaitable<void> {
        co_await sleep_for(1ms);
        stopped = true;
    };
    const auto insist = [&]() -> asio::awaitable<void> {
        for (; !stopped && refused < 1'000'000; ++refused) try {
                co_await conn.execute("SELECT 1");
            } catch (const connection_error&) {
            }
    };
    asio::co_spawn(face.io, stop(), asio::detached);
    face.run(insist());
    BOOST_TEST((stopped && refused > 0));
}

BOOST_AUTO_TEST_CASE(users_of_a_pool_do_not_wait_for_each_others_code) {
    asio::io_context io;
    coropg::pool pool{io.get_executor(), dsn(), {.min_size = 1, .max_size = 1}};
    std::promise<void> second_went_on;
    std::atomic<int> done{0};
    std::atomic<bool> was_alone{false};
    const auto first = [&]() -> asio::awaitable<void> {
        co_await pool.execute("SELECT 1");
        was_alone = second_went_on.get_future().wait_for(stuck_after) != std::future_status::ready;
        ++done;
    };
    const auto second = [&]() -> asio::awaitable<void> {
        co_await pool.execute("SELECT 2");
        second_went_on.set_value();
        ++done;
    };
    const auto start = [&]() -> asio::awaitable<void> {
        co_await pool.wait();
        asio::co_spawn(asio::make_strand(io), first(), asio::detached);
        asio::co_spawn(asio::make_strand(io), second(), asio::detached);
    };
    asio::co_spawn(io, start(), asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { io.run_for(2 * stuck_after); });
    const auto limit = std::chrono::steady_clock::now() + 2 * stuck_after;
    while (done < 2 && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    io.stop();
    for (std::thread& t : threads) t.join();
    BOOST_TEST((done == 2 && !was_alone));
}

BOOST_AUTO_TEST_CASE(others_who_use_a_lease_are_not_told_in_place_when_it_is_given_back) {
    for (const bool for_good : {false, true}) {
        pool_face face;
        pooled_connection lease = AWAIT(face.pool.acquire());
        bool is_told = false;
        bool is_told_in_place = false;
        const auto wait = [&](connection& conn) -> asio::awaitable<void> {
            try {
                co_await conn.execute("SELECT pg_sleep(30)");
            } catch (const error&) {
            }
            is_told = true;
        };
        const auto give_back = [&]() -> asio::awaitable<void> {
            co_await sleep_for(20ms);
            for_good ? lease.discard() : lease.release();
            is_told_in_place = is_told;
        };
        asio::co_spawn(face.io, wait(*lease), asio::detached);
        AWAIT(give_back());
        BOOST_TEST(face.run_until([&] { return is_told; }));
        BOOST_TEST(!is_told_in_place);
    }
}

BOOST_AUTO_TEST_CASE(others_who_use_a_lease_are_told_when_the_pool_gives_its_connection_up) {
    for (const std::string_view why : {"drain", "resize", "close", "used up"}) {
        pool_face face{{.max_size = 2, .max_uses = why == "used up" ? 1U : 0U}};
        pooled_connection lease = AWAIT(face.pool.acquire());
        const pooled_connection other = AWAIT(face.pool.acquire());
        bool is_told = false;
        const auto wait = [&](connection& conn) -> asio::awaitable<void> {
            try {
                co_await conn.execute("SELECT pg_sleep(5)");
            } catch (const error&) {
                is_told = true;
            }
        };
        asio::co_spawn(face.io, wait(*lease), asio::detached);
        face.poll();
        if (why == "drain") face.pool.drain();
        if (why == "resize") face.pool.resize(0, 1);
        if (why == "close") asio::co_spawn(face.io, face.pool.close(1s), asio::detached);
        face.poll();
        lease.release();
        BOOST_TEST(face.run_until([&] { return is_told; }), why);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hook_of_a_commit_may_give_the_connection_back, Face, both_faces) {
    for (const bool for_good : {false, true}) {
        pool_of<Face> face{{.max_size = 1}};
        auto lease = AWAIT(face.pool.acquire());
        auto tx = AWAIT(lease->begin());
        AWAIT(tx.execute("SELECT 1"));
        int called = 0;
        tx.on_commit([&] {
            ++called;
            for_good ? lease.discard() : lease.release();
        });
        AWAIT(tx.commit());
        BOOST_TEST(called == 1);
        BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT 1")) == 1);
        BOOST_TEST(face.pool.stats().pool_size == 1U);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_notice_may_cost_the_connection, Face, both_faces) {
    for (const bool for_good : {false, true}) {
        pool_of<Face> face{{.max_size = 1}};
        auto lease = AWAIT(face.pool.acquire());
        int heard = 0;
        lease->on_notice([&](const diagnostics&) {
            ++heard;
            for_good ? lease.discard() : lease.release();
        });
        try {
            AWAIT(lease->execute_script("DO $$BEGIN RAISE NOTICE 'one'; RAISE NOTICE 'two'; END$$"));
        } catch (const error&) {
            BOOST_TEST(Face::is_async);  // told before the statement was
        }
        BOOST_TEST(heard == 1);
        BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT 1")) == 1);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_notice_may_destroy_what_it_belongs_to, Face, both_faces) {
    struct owner {
        typename Face::connection conn;
        int heard = 0;
    };
    Face face;
    auto all = std::make_unique<owner>(face.connect());
    all->conn.on_notice([&all, mine = all.get()](const diagnostics&) {
        ++mine->heard;
        all.reset();
    });
    try {
        AWAIT(all->conn.execute_script("DO $$BEGIN RAISE NOTICE 'one'; RAISE NOTICE 'two'; END$$"));
    } catch (const connection_error&) {
        BOOST_TEST(Face::is_async);
    }
    BOOST_TEST(!all);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_handler_of_notices_is_never_copied, Face, both_faces) {
    struct counter {
        counter() = default;
        counter(const counter& other) : count{other.count}, forbids_copies{other.forbids_copies} {
            if (*forbids_copies) throw std::runtime_error{"copied"};
        }
        void operator()(const diagnostics&) { ++count; }

        int count = 0;
        std::shared_ptr<bool> forbids_copies = std::make_shared<bool>();
    };
    Face face;
    auto conn = face.connect();
    counter handler;
    const auto last = std::make_shared<int>();
    const auto forbids_copies = handler.forbids_copies;
    conn.on_notice([handler, last](const diagnostics& d) mutable {
        handler(d);
        *last = handler.count;
    });
    *forbids_copies = true;
    for (int i = 1; i <= 3; ++i) {
        AWAIT(conn.execute_script("DO $$BEGIN RAISE NOTICE 'one'; END$$"));
        BOOST_TEST(*last == i);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(notices_of_a_commit_come_before_its_hooks, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script(R"(
        CREATE TEMP TABLE noted (id int);
        CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE NOTICE 'deferred'; RETURN NULL; END$$;
        CREATE CONSTRAINT TRIGGER told AFTER INSERT ON noted DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.tell())"));
    std::string order;
    conn.on_notice([&](const diagnostics&) { order += "notice "; });
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO noted VALUES (1)"));
    tx.on_commit([&] { order += "hook "; });
    AWAIT(tx.commit());
    BOOST_TEST(order == "notice hook ");
}

BOOST_AUTO_TEST_CASE(a_transaction_whose_connection_went_back_has_not_succeeded) {
    pool_of<sync_face> blocking{{.max_size = 1}};
    auto lease = blocking.pool.acquire();
    const auto give_back = [&](sync::transaction& tx) {
        tx.execute("SELECT 1");
        lease.release();
    };
    BOOST_CHECK_THROW(lease->transaction(give_back), usage_error);

    pool_face face{{.max_size = 1}};
    pooled_connection other = AWAIT(face.pool.acquire());
    const auto give_other_back = [&](transaction& tx) -> asio::awaitable<int> {
        co_await tx.execute("SELECT 1");
        other.release();
        co_return 1;
    };
    error_of<usage_error>([&] { AWAIT(other->transaction(give_other_back)); });
}

BOOST_AUTO_TEST_CASE(what_still_waits_is_freed_with_its_event_loop) {
    // At each step: a statement that is refused again and again, a cancel, and one-shots of a pool.
    for (int steps = 0; steps < 60; ++steps) {
        const auto alive = std::make_shared<int>();
        auto io = std::make_unique<asio::io_context>();
        const auto refused = [](std::shared_ptr<int> held) -> asio::awaitable<void> {
            const std::shared_ptr<int> mine = std::move(held);
            connection conn = co_await coropg::connect(dsn());
            transaction tx = co_await conn.begin();
            co_await tx.execute("SELECT 1");
            for (;;) try {
                    co_await conn.execute("SELECT 1");
                } catch (const usage_error&) {
                }
        };
        const auto cancelled = [](std::shared_ptr<int> held) -> asio::awaitable<void> {
            const std::shared_ptr<int> mine = std::move(held);
            connection conn = co_await coropg::connect(dsn());
            for (;;) try {
                    co_await conn.with({.timeout = 1ms}).execute("SELECT pg_sleep(30)");
                } catch (const query_timeout&) {
                }
        };
        const auto pooled = [](std::shared_ptr<int> held) -> asio::awaitable<void> {
            const std::shared_ptr<int> mine = std::move(held);
            coropg::pool pool{co_await asio::this_coro::executor, dsn(), {.max_size = 1}};
            for (;;) co_await pool.execute("SELECT 1");
        };
        const auto returned = [](std::shared_ptr<int> held) -> asio::awaitable<void> {
            const std::shared_ptr<int> mine = std::move(held);
            const auto executor = co_await asio::this_coro::executor;
            coropg::pool pool{executor, dsn(), {.max_size = 1}};
            for (;;) {
                pooled_connection lease = co_await pool.acquire();
                asio::post(executor, [&lease] { lease.release(); });
                try {
                    co_await lease->execute("SELECT pg_sleep(30)");
                } catch (const operation_aborted&) {
                }
            }
        };
        asio::co_spawn(*io, refused(alive), asio::detached);
        asio::co_spawn(*io, cancelled(alive), asio::detached);
        asio::co_spawn(*io, pooled(alive), asio::detached);
        asio::co_spawn(*io, returned(alive), asio::detached);
        for (int i = 0; i < 2 * steps; ++i) io->run_one_for(5ms);
        io.reset();
        BOOST_TEST(alive.use_count() == 1, "after " << 2 * steps << " steps");
    }
}

namespace {

/// Of a hook; it asks its pool before it answers.
template <class Pool>
struct telling : std::exception {
    explicit telling(const Pool& asked) : pool{&asked} {}
    [[nodiscard]] const char* what() const noexcept override {
        (void)pool->stats();
        return "told by a hook";
    }

    const Pool* pool;
};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(an_exception_of_a_hook_may_ask_the_pool, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1, .acquire_timeout = 20ms}};
    using told = telling<decltype(face.pool)>;
    const auto fail = [&](conninfo&) { throw told{face.pool}; };
    if constexpr (Face::is_async)
        face.pool.before_connect([&](conninfo& info) -> asio::awaitable<void> {
            fail(info);
            co_return;
        });
    else
        face.pool.before_connect(fail);
    // Until one has waited for the next attempt to connect, which is not made at once.
    const auto e = error_of<pool_timeout>([&] {
        for (int i = 0; i < 100; ++i) BOOST_CHECK_THROW(AWAIT(face.pool.acquire()), told);
    });
    BOOST_TEST(contains(e.what(), "last error: told by a hook"), e.what());
}

namespace {

struct mute : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(an_exception_of_a_hook_may_say_nothing, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1, .acquire_timeout = 20ms}};
    if constexpr (Face::is_async)
        face.pool.before_connect([](conninfo&) -> asio::awaitable<void> {
            throw mute{};
            co_return;
        });
    else
        face.pool.before_connect([](conninfo&) { throw mute{}; });
    error_of<pool_timeout>([&] {
        for (int i = 0; i < 100; ++i) BOOST_CHECK_THROW(AWAIT(face.pool.acquire()), mute);
    });
    BOOST_TEST(face.pool.stats().requests_waiting == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pipeline_without_a_connection_tells_its_handles, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1, .acquire_timeout = 20ms}};
    auto held = after_login([&] { return AWAIT(face.pool.acquire()); });
    auto p = face.pool.pipeline();
    auto first = p.template fetch_one<int>("SELECT 1");
    p.sync();
    auto second = p.execute("SELECT 2");
    VOID_ERROR_OF(pool_timeout, p.run());
    BOOST_CHECK_THROW(first.get(), pool_timeout);
    BOOST_CHECK_THROW(second.get(), pool_timeout);
    auto moved = std::move(second);
    BOOST_CHECK_THROW(second.get(), usage_error);
}

BOOST_AUTO_TEST_CASE(who_is_cancelled_as_the_pool_lends_is_told_by_an_error_of_ours) {
    pool_face face{{.max_size = 1}};
    const auto use_transaction = [](transaction& tx) { return only_run(tx.execute("SELECT 1")); };
    auto pipeline = face.pool.pipeline();
    auto piped = pipeline.execute("SELECT 1");
    for (const int verb : {0, 1, 2}) {
        auto held = AWAIT(face.pool.acquire());
        auto work = face.start(verb == 0   ? face.pool.execute_script("SELECT 1")
                               : verb == 1 ? face.pool.transaction(use_transaction)
                                           : pipeline.run());
        face.poll();
        asio::post(face.io, [&] {
            held.release();
            work.cancel();
        });
        BOOST_TEST((work.error<operation_aborted>().outcome() == outcome::not_sent));
    }
    BOOST_CHECK_THROW(piped.get(), operation_aborted);
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(a_hook_may_keep_the_connection_that_comes_back) {
    int returned = 0;
    pool_face face{{.max_size = 1}};
    std::optional<connection> kept;
    face.pool.after_release([&](connection& conn) {
        if (++returned == 1) kept.emplace(std::move(conn));
        return true;
    });
    pooled_connection first = AWAIT(face.pool.acquire());
    first.release();
    BOOST_TEST_REQUIRE(face.run_until([&] { return kept.has_value(); }));
    pooled_connection second = AWAIT(face.pool.acquire());
    BOOST_TEST(AWAIT(kept->fetch_one<int>("SELECT 1")) == 1);
    kept.reset();
    BOOST_TEST(AWAIT(second->fetch_one<int>("SELECT 2")) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_moved_from_refuses_statements, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto moved = std::move(conn);
    error_of<usage_error>([&] { AWAIT(conn.execute("SELECT 1")); });
    BOOST_TEST(!conn.is_open());
    BOOST_TEST(conn.backend_pid() == 0);
    BOOST_TEST(conn.server_version() == 0);
    BOOST_TEST(AWAIT(moved.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_pool_moved_from_refuses_everything, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1}};
    auto other = std::move(face.pool);
    auto& gone = face.pool;
    ERROR_OF(usage_error, gone.execute("SELECT 1"));
    VOID_ERROR_OF(usage_error, gone.execute_script("SELECT 1"));
    ERROR_OF(usage_error, gone.with({}).execute("SELECT 1"));
    ERROR_OF(usage_error, gone.acquire());
    ERROR_OF(usage_error, gone.try_acquire());
    VOID_ERROR_OF(usage_error, gone.wait());
    VOID_ERROR_OF(usage_error, gone.close());
    VOID_ERROR_OF(usage_error, gone.transaction([](auto& tx) { return tx.execute("SELECT 1"); }));
    auto p = gone.pipeline();
    p.execute("SELECT 1");
    VOID_ERROR_OF(usage_error, p.run());
    BOOST_CHECK_THROW((void)gone.stats(), usage_error);
    BOOST_CHECK_THROW(gone.drain(), usage_error);
    BOOST_CHECK_THROW(gone.resize(1, 1), usage_error);
    face.pool = std::move(other);
    BOOST_TEST(AWAIT(face.pool.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE(a_blocking_verb_tells_notices_last) {
    sync::connection conn = sync::connect(dsn());
    std::vector<int> heard;
    conn.on_notice([&](const diagnostics&) { heard.push_back(conn.fetch_one<int>("SELECT 7")); });
    conn.execute_script("DO $$BEGIN RAISE NOTICE 'one'; RAISE NOTICE 'two'; END$$");
    BOOST_TEST((heard == std::vector<int>{7, 7}));
    BOOST_CHECK_THROW(conn.execute_script("DO $$BEGIN RAISE NOTICE 'three'; RAISE 'failed'; END$$"), server_error);
    BOOST_TEST((heard == std::vector<int>{7, 7, 7}));
    BOOST_TEST(conn.fetch_one<int>("SELECT 8") == 8);
}

BOOST_AUTO_TEST_SUITE_END()
