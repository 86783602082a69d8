#include "../support/cancelling.hpp"
#include "../support/memory.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <functional>

using namespace coropg;
using namespace coropg::test;

namespace {

constexpr int mixed_statements = 100'000;
constexpr int mixed_coroutines = 200;
constexpr int mixed_kinds = 7;

struct labelled {
    int number;
    std::string label;
    std::optional<double> half;
};

/// One statement of a kind that `i` decides; throws unless the answer is its own. `await` runs what a verb returns.
#define MIXED(AWAIT_, RETURN_)                                                                                   \
    switch (i % mixed_kinds) {                                                                                   \
        case 0: require(AWAIT_ conn.template fetch_one<int>("SELECT $1", i) == i); break;                        \
        case 1:                                                                                                  \
            require(AWAIT_ conn.template fetch_one<std::string>("SELECT $1::text || '!'", std::to_string(i)) ==  \
                    std::to_string(i) + "!");                                                                    \
            break;                                                                                               \
        case 2: {                                                                                                \
            const labelled l = AWAIT_ conn.template fetch_one<labelled>(                                         \
                "SELECT $1 AS number, 'n' || $1::text AS label, NULL::float8 AS half", i);                       \
            require(l.number == i && l.label == "n" + std::to_string(i) && !l.half);                             \
            break;                                                                                               \
        }                                                                                                        \
        case 3: {                                                                                                \
            bool failed = false;                                                                                 \
            try {                                                                                                \
                AWAIT_ conn.execute("SELECT 1 / ($1::int - $1::int), $2::int", i, i);                            \
            } catch (const errors::division_by_zero& e) {                                                        \
                failed = e.sql() == "SELECT 1 / ($1::int - $1::int), $2::int";                                   \
            }                                                                                                    \
            require(failed);                                                                                     \
            break;                                                                                               \
        }                                                                                                        \
        case 4: {                                                                                                \
            const std::vector<int> v = AWAIT_ conn.template fetch<int>("SELECT generate_series($1, $1 + 4)", i); \
            require(v.size() == 5 && v.back() == i + 4);                                                         \
            break;                                                                                               \
        }                                                                                                        \
        case 5: {                                                                                                \
            bool failed = false;                                                                                 \
            try {                                                                                                \
                AWAIT_ conn.execute("SELECT * FROM no_such_table WHERE x = $1", i);                              \
            } catch (const errors::undefined_table&) {                                                           \
                failed = true;                                                                                   \
            }                                                                                                    \
            require(failed);                                                                                     \
            break;                                                                                               \
        }                                                                                                        \
        default: {                                                                                               \
            const std::vector<int> many{i, i + 1, i + 2};                                                        \
            require(AWAIT_ conn.execute_many("SELECT $1::int", many) == 3);                                      \
        }                                                                                                        \
    }                                                                                                            \
    RETURN_

void require(bool own_answer) {
    if (!own_answer) throw std::logic_error{"got an answer that is not its own"};
}

asio::awaitable<void> mixed(coropg::connection& conn, int i) { MIXED(co_await, co_return;) }

void mixed(coropg::sync::connection& conn, int i) { MIXED(, return;) }

asio::awaitable<void> mixed_range(coropg::connection& conn, int first, int last) {
    for (int i = first; i < last; ++i) co_await mixed(conn, i);
}

void run_mixed(async_face& face, coropg::connection& conn, int first, int last) {
    face([&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> work;
        const int share = (last - first) / mixed_coroutines;
        for (int c = 0; c < mixed_coroutines; ++c)
            work.push_back(mixed_range(conn, first + c * share, first + (c + 1) * share));
        co_await gather(std::move(work));
    });
}

void run_mixed(sync_face&, coropg::sync::connection& conn, int first, int last) {
    for (int i = first; i < last; ++i) mixed(conn, i);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fan_out)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hundred_thousand_mixed_statements_get_their_own_answers_in_flat_memory, Face,
                              both_faces) {
    Face face;
    auto conn = face.connect();
    run_mixed(face, conn, 0, mixed_statements / 5);
    const std::size_t before = resident_bytes();
    run_mixed(face, conn, mixed_statements / 5, mixed_statements);
    const std::size_t after = resident_bytes();
    BOOST_TEST_MESSAGE("resident: " << before / 1024 << " KiB, then " << after / 1024 << " KiB");
    if (can_measure_memory()) BOOST_TEST(after <= before + 1024 * 1024);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(gather_returns_the_results_in_order, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if constexpr (Face::is_async) {
        face([&]() -> asio::awaitable<void> {
            auto [one, names] = co_await gather(conn.template fetch_one<int>("SELECT 1"),
                                                conn.template fetch<std::string>("SELECT 'x' UNION ALL SELECT 'y'"));
            BOOST_TEST(one == 1);
            BOOST_TEST(names.size() == 2U);
            std::vector<asio::awaitable<int>> work;
            for (int i = 0; i < 1000; ++i) work.push_back(conn.template fetch_one<int>("SELECT $1::int", i));
            const std::vector<int> v = co_await gather(std::move(work));
            BOOST_TEST_REQUIRE(v.size() == 1000U);
            for (int i = 0; i < 1000; ++i) BOOST_TEST(v[static_cast<std::size_t>(i)] == i);
            std::vector<asio::awaitable<int>> none;
            const std::vector<int> nothing = co_await gather(std::move(none));
            BOOST_TEST(nothing.empty());
        });
    } else {
        auto [one, names] = sync::gather(conn.template fetch_one<int>("SELECT 1"),
                                         conn.template fetch<std::string>("SELECT 'x' UNION ALL SELECT 'y'"));
        BOOST_TEST(one == 1);
        BOOST_TEST(names.size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(gather_rethrows_the_first_error_once_all_have_ended) {
    async_face face;
    auto conn = face.connect();
    face([&]() -> asio::awaitable<void> {
        co_await conn.execute_script("CREATE TEMP TABLE g (x int)");
        bool failed = false;
        try {
            co_await gather(conn.execute("INSERT INTO g VALUES (1)"), conn.execute("SELECT 1 / 0"),
                            conn.execute("SELECT * FROM nowhere"), conn.execute("INSERT INTO g VALUES (2)"));
        } catch (const errors::division_by_zero&) {
            failed = true;
        }
        BOOST_TEST(failed);
        const auto count = co_await conn.fetch_one<std::int64_t>("SELECT count(*) FROM g");
        BOOST_TEST(count == 2);
    });
}

BOOST_AUTO_TEST_CASE(no_more_run_at_once_than_max_concurrency) {
    async_face face;
    for (const std::size_t limit : {1U, 8U, 100U, 1000U, 0U}) {
        std::size_t running = 0;
        std::size_t most = 0;
        const auto child = [&](int i) -> asio::awaitable<int> {
            most = std::max(most, ++running);
            for (int turns = i % 5; turns >= 0; --turns) co_await asio::post(face.io, asio::use_awaitable);
            --running;
            co_return i;
        };
        std::vector<asio::awaitable<int>> work;
        for (int i = 0; i < 100; ++i) work.push_back(child(i));
        const std::vector<int> results =
            face([&] { return gather(gather_options{.max_concurrency = limit}, std::move(work)); });
        BOOST_TEST_REQUIRE(results.size() == 100U);
        for (int i = 0; i < 100; ++i) BOOST_TEST(results[static_cast<std::size_t>(i)] == i);
        BOOST_TEST(most == (limit == 0 ? 100U : std::min<std::size_t>(limit, 100U)));
    }
}

BOOST_AUTO_TEST_CASE(the_next_starts_when_any_of_those_that_run_ends) {
    async_face face;
    asio::steady_timer last_has_started{face.io, asio::steady_timer::time_point::max()};
    const auto waits_for_the_last = [&]() -> asio::awaitable<int> {
        boost::system::error_code woken;
        co_await last_has_started.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        co_return 1;
    };
    const auto ends_at_once = []() -> asio::awaitable<void> { co_return; };
    const auto last = [&]() -> asio::awaitable<std::string> {
        last_has_started.cancel();
        co_return "last";
    };
    face([&]() -> asio::awaitable<void> {
        const auto [one, nothing, text] =
            co_await gather({.max_concurrency = 2}, waits_for_the_last(), ends_at_once(), last());
        BOOST_TEST(one == 1);
        BOOST_TEST((nothing == std::monostate{}));
        BOOST_TEST(text == "last");
    });
}

BOOST_AUTO_TEST_CASE(statements_can_be_gathered_some_at_a_time) {
    async_face face;
    auto conn = face.connect();
    face([&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<int>> work;
        for (int i = 0; i < 500; ++i) work.push_back(conn.fetch_one<int>("SELECT $1::int", i));
        const std::vector<int> v = co_await gather({.max_concurrency = 8}, std::move(work));
        BOOST_TEST_REQUIRE(v.size() == 500U);
        for (int i = 0; i < 500; ++i) BOOST_TEST(v[static_cast<std::size_t>(i)] == i);
        std::vector<asio::awaitable<void>> scripts;
        for (int i = 0; i < 3; ++i) scripts.push_back(conn.execute_script("SELECT 1; SELECT 2"));
        co_await gather({.max_concurrency = 1}, std::move(scripts));
        std::vector<asio::awaitable<void>> none;
        co_await gather({.max_concurrency = 1}, std::move(none));
    });
}

BOOST_AUTO_TEST_CASE(an_error_does_not_keep_the_rest_from_starting) {
    async_face face;
    int started = 0;
    const auto child = [&](int i) -> asio::awaitable<void> {
        ++started;
        if (i % 10 == 3) throw std::out_of_range{std::to_string(i)};
        co_return;
    };
    std::vector<asio::awaitable<void>> work;
    for (int i = 0; i < 100; ++i) work.push_back(child(i));
    const auto e = error_of<std::out_of_range>(
        [&] { face([&] { return gather(gather_options{.max_concurrency = 4}, std::move(work)); }); });
    BOOST_TEST(e.what() == std::string{"3"});
    BOOST_TEST(started == 100);
}

/// Some end in the loop that starts them, some inside the handlers of those before them.
BOOST_AUTO_TEST_CASE(a_hundred_thousand_that_end_at_once_do_not_grow_the_stack) {
    async_face face;
    constexpr int count = 100'000;
    const auto child = [&](int i) -> asio::awaitable<int> {
        if (i % 3 == 0) co_await asio::dispatch(face.io, asio::use_awaitable);
        if (i % 1000 == 1) co_await asio::post(face.io, asio::use_awaitable);
        co_return i;
    };
    for (const std::size_t limit : {0U, 1U, 8U}) {
        std::vector<asio::awaitable<int>> work;
        for (int i = 0; i < count; ++i) work.push_back(child(i));
        const std::vector<int> results =
            face([&] { return gather(gather_options{.max_concurrency = limit}, std::move(work)); });
        std::int64_t sum = 0;
        for (const int i : results) sum += i;
        BOOST_TEST(sum == std::int64_t{count} * (count - 1) / 2);
    }
    std::vector<asio::awaitable<int>> inline_only;
    const auto dispatched = [&](int i) -> asio::awaitable<int> {
        co_await asio::dispatch(face.io, asio::use_awaitable);
        co_return i;
    };
    for (int i = 0; i < count; ++i) inline_only.push_back(dispatched(i));
    BOOST_TEST(face([&] { return gather(gather_options{.max_concurrency = 1}, std::move(inline_only)); }).size() ==
               static_cast<std::size_t>(count));
}

BOOST_AUTO_TEST_CASE(threads_may_end_its_children_at_the_same_time) {
    asio::thread_pool threads{4};
    const auto work = [](int value) -> asio::awaitable<int> {
        for (int i = 0; i < value % 5; ++i) co_await asio::post(asio::use_awaitable);
        if (value % 50 == 49) throw std::runtime_error{"the one"};
        co_return value;
    };
    for (const std::size_t limit : {0U, 1U, 7U})
        for (int round = 0; round < 50; ++round) {
            std::vector<asio::awaitable<int>> children;
            for (int i = 0; i < 100; ++i) children.push_back(work(i));
            auto all = gather_settled({.max_concurrency = limit}, std::move(children));
            const auto ends = asio::co_spawn(threads, std::move(all), asio::use_future).get();
            int sum = 0;
            for (const auto& end : ends) sum += end.has_value() ? end.value() : -1;
            BOOST_TEST_REQUIRE(sum == 100 * 99 / 2 - 49 - 99 - 2);
            auto two = gather(work(3), work(4));
            BOOST_TEST_REQUIRE((asio::co_spawn(threads, std::move(two), asio::use_future).get() == std::tuple{3, 4}));
        }
}

BOOST_AUTO_TEST_CASE(those_not_started_when_it_is_cancelled_end_as_cancelled) {
    async_face face;
    auto conn = face.connect();
    int started = 0;
    std::vector<settled<void>> ends;
    const auto child = [&]() -> asio::awaitable<void> {
        ++started;
        co_await conn.execute("SELECT pg_sleep(30)");
    };
    const auto settling = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> work;
        for (int i = 0; i < 20; ++i) work.push_back(child());
        ends = co_await gather_settled({.max_concurrency = 1}, std::move(work));
    };
    cancellable running{face.io, settling()};
    await_sleep(face.io, conn);
    running.cancel();
    running.wait();
    BOOST_TEST(started == 1);
    BOOST_TEST_REQUIRE(ends.size() == 20U);
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto e = error_of<operation_aborted>([&] { ends[i].value(); });
        BOOST_TEST((e.outcome() == (i == 0 ? outcome::failed : outcome::not_sent)));
    }
    BOOST_TEST(usable_or_closed(face.io, conn));

    const auto gathering = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> work;
        for (int i = 0; i < 20; ++i) work.push_back(child());
        co_await gather({.max_concurrency = 1}, std::move(work));
    };
    cancellable again{face.io, gathering()};
    await_sleep(face.io, conn);
    again.cancel_inside();
    BOOST_TEST((again.error<operation_aborted>().outcome() == outcome::failed));
    BOOST_TEST(started == 2);
}

// Each cancel looks through the queue of the connection: one for each child would take the square of their number.
BOOST_AUTO_TEST_CASE(all_children_are_cancelled_in_one_turn_of_their_connection) {
    constexpr int children = 2000;
    async_face face;
    auto conn = face.connect();
    int ended = 0;
    const auto child = [&]() -> asio::awaitable<void> {
        try {
            co_await conn.execute("SELECT pg_sleep(30)");
        } catch (const error&) {
            ++ended;
        }
    };
    const auto gathering = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> work;
        for (int i = 0; i < children; ++i) work.push_back(child());
        co_await gather(std::move(work));
    };
    cancellable running{face.io, gathering()};
    await_sleep(face.io, conn);
    const auto before = std::chrono::steady_clock::now();
    running.cancel();
    std::size_t turns = 0;
    for (; ended == 0 && turns < children; ++turns) face.io.run_one();
    BOOST_TEST(turns < 20U);
    BOOST_TEST(ended > children / 2);
    running.wait();
    BOOST_TEST(ended == children);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
    BOOST_TEST_MESSAGE("all had ended after " << took.count() << " ms");
    (void)usable_or_closed(face.io, conn);  // those on the wire are left to the server, which may take too long
}

BOOST_AUTO_TEST_CASE(a_child_that_heeds_no_cancellation_does_not_hide_those_not_started) {
    async_face face;
    asio::cancellation_signal signal;
    int started = 0;
    const auto stubborn = [&]() -> asio::awaitable<void> {
        ++started;
        signal.emit(asio::cancellation_type::terminal);
        co_return;
    };
    std::exception_ptr problem;
    bool ended = false;
    const auto all = [&]() -> asio::awaitable<void> {
        co_await gather({.max_concurrency = 1}, stubborn(), stubborn());
    };
    asio::co_spawn(face.io, all(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) {
                       problem = e;
                       ended = true;
                   }));
    face.io.restart();
    face.io.run();
    BOOST_TEST(ended);
    BOOST_TEST(started == 1);
    BOOST_TEST(static_cast<bool>(problem));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(gather_settled_returns_a_value_or_an_error_for_each, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const auto check = [](auto& one, auto& failed, auto& none, auto& pair) {
        BOOST_TEST(one.has_value());
        BOOST_TEST(one.value() == 1);
        BOOST_TEST(!one.error());
        BOOST_TEST(!failed.has_value());
        BOOST_CHECK_THROW(failed.value(), errors::division_by_zero);
        BOOST_CHECK_THROW(std::rethrow_exception(failed.error()), errors::division_by_zero);
        BOOST_TEST(none.has_value());
        none.value();
        BOOST_TEST(std::get<1>(std::move(pair).value()) == "x");
    };
    using pair = std::tuple<int, std::string>;
    if constexpr (Face::is_async) {
        face([&]() -> asio::awaitable<void> {
            auto [one, failed, none, two] = co_await gather_settled(
                conn.template fetch_one<int>("SELECT 1"), conn.template fetch_one<int>("SELECT 1 / 0"),
                conn.execute_script("SELECT 2"), conn.template fetch_one<pair>("SELECT 2, 'x'"));
            check(one, failed, none, two);
            std::vector<asio::awaitable<int>> work;
            for (int i = 0; i < 10; ++i) work.push_back(conn.template fetch_one<int>("SELECT 10 / $1::int", i));
            const std::vector<settled<int>> ends = co_await gather_settled({.max_concurrency = 3}, std::move(work));
            BOOST_TEST_REQUIRE(ends.size() == 10U);
            BOOST_CHECK_THROW(ends[0].value(), errors::division_by_zero);
            for (int i = 1; i < 10; ++i) BOOST_TEST(ends[static_cast<std::size_t>(i)].value() == 10 / i);
            std::vector<asio::awaitable<int>> nothing;
            const std::vector<settled<int>> no_ends = co_await gather_settled(std::move(nothing));
            BOOST_TEST(no_ends.empty());
            const auto [single] = co_await gather_settled(conn.template fetch_one<pair>("SELECT 3, 'y'"));
            BOOST_TEST(std::get<0>(single.value()) == 3);
        });
    } else {
        auto [one, failed, none, two] = sync::gather_settled(
            [&] { return conn.template fetch_one<int>("SELECT 1"); },
            [&] { return conn.template fetch_one<int>("SELECT 1 / 0"); }, [&] { conn.execute_script("SELECT 2"); },
            [&] { return conn.template fetch_one<pair>("SELECT 2, 'x'"); });
        check(one, failed, none, two);
        std::vector<std::function<int()>> work;
        for (int i = 0; i < 10; ++i)
            work.push_back([&conn, i] { return conn.template fetch_one<int>("SELECT 10 / $1::int", i); });
        const std::vector<settled<int>> ends = sync::gather_settled(std::move(work));
        BOOST_TEST_REQUIRE(ends.size() == 10U);
        BOOST_CHECK_THROW(ends[0].value(), errors::division_by_zero);
        for (int i = 1; i < 10; ++i) BOOST_TEST(ends[static_cast<std::size_t>(i)].value() == 10 / i);
    }
}

BOOST_AUTO_TEST_CASE(statements_run_in_the_order_in_which_they_are_awaited) {
    async_face face;
    auto conn = face.connect();
    face([&]() -> asio::awaitable<void> {
        co_await conn.execute_script("CREATE TEMP TABLE o (i serial, v int)");
        std::vector<asio::awaitable<result>> work;
        for (int i = 0; i < 500; ++i) work.push_back(conn.execute("INSERT INTO o (v) VALUES ($1)", i));
        co_await gather(std::move(work));
        const auto out_of_order = co_await conn.fetch_one<std::int64_t>("SELECT count(*) FROM o WHERE i <> v + 1");
        BOOST_TEST(out_of_order == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_lost_connection_ends_everything_that_is_queued) {
    async_face face;
    set_logger(nullptr);
    auto conn = face.connect();
    std::vector<asio::awaitable<int>> work;
    work.push_back(conn.fetch_one<int>("SELECT 1 FROM pg_terminate_backend(pg_backend_pid()), pg_sleep(10)"));
    for (int i = 0; i < 50; ++i) work.push_back(conn.fetch_one<int>("SELECT $1", i));
    int lost = 0;
    for (auto& one : work)
        asio::co_spawn(face.io, std::move(one), [&](std::exception_ptr e, int) {
            try {
                if (e) std::rethrow_exception(e);
            } catch (const connection_error&) {
                ++lost;
            }
        });
    face.io.restart();
    face.io.run();
    BOOST_TEST(lost == 51);
}

BOOST_AUTO_TEST_CASE(destroying_a_connection_ends_what_is_under_way) {
    async_face face;
    std::optional<coropg::connection> conn{face.connect()};
    int lost = 0;
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(face.io, conn->fetch_one<int>("SELECT 1 FROM pg_sleep(10)"), [&](std::exception_ptr e, int) {
            try {
                if (e) std::rethrow_exception(e);
            } catch (const connection_error& told) {
                ++lost;
                BOOST_TEST(contains(told.what(), "destroyed"));
            }
        });
    face.io.restart();
    face.io.poll();
    conn.reset();
    face.io.run();
    BOOST_TEST(lost == 3);
}

BOOST_AUTO_TEST_CASE(a_coroutine_may_destroy_its_connection_while_others_wait_on_it) {
    async_face face;
    auto conn = std::make_unique<coropg::connection>(face.connect());
    int lost = 0;
    const auto killer = [&]() -> asio::awaitable<void> {
        co_await conn->execute("SELECT 1");
        conn.reset();
    };
    asio::co_spawn(face.io, killer(), [](std::exception_ptr e) { BOOST_TEST(!e); });
    asio::co_spawn(face.io, conn->execute("SELECT pg_sleep(10)"),
                   [&](std::exception_ptr e, result) { lost += e ? 1 : 0; });
    face.io.restart();
    face.io.run();
    BOOST_TEST(lost == 1);
}

BOOST_AUTO_TEST_CASE(an_io_context_destroyed_with_work_under_way_leaks_nothing) {
    auto io = std::make_unique<asio::io_context>();
    bool called = false;
    const auto session = []() -> asio::awaitable<void> {
        coropg::connection conn = co_await coropg::connect(dsn());
        std::vector<asio::awaitable<result>> work;
        for (int i = 0; i < 3; ++i) work.push_back(conn.execute("SELECT pg_sleep(10)"));
        co_await gather(std::move(work));
    };
    asio::co_spawn(*io, session(), [&](std::exception_ptr) { called = true; });
    io->run_for(std::chrono::milliseconds{200});
    io.reset();
    BOOST_TEST(!called);
}

BOOST_AUTO_TEST_CASE(coroutines_of_another_executor_are_resumed_on_their_own) {
    async_face face;
    auto conn = face.connect();
    auto strand = asio::make_strand(face.io);
    bool ended = false;
    const auto session = [&]() -> asio::awaitable<void> {
        const int one = co_await conn.fetch_one<int>("SELECT 1");
        BOOST_TEST(one == 1);
        BOOST_TEST(strand.running_in_this_thread());
    };
    asio::co_spawn(strand, session(), [&](std::exception_ptr e) { ended = !e; });
    face.io.restart();
    face.io.run();
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_SUITE_END()
