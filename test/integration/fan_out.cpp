#include "../support/faces.hpp"

#include <boost/asio/strand.hpp>

#include <unistd.h>
#include <fstream>

using namespace coropg;
using namespace coropg::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_measurable = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool memory_is_measurable = false;
#else
constexpr bool memory_is_measurable = true;
#endif
#else
constexpr bool memory_is_measurable = true;
#endif

constexpr int mixed_statements = 100'000;
constexpr int mixed_coroutines = 200;
constexpr int mixed_kinds = 7;

std::size_t resident_bytes() {
    std::ifstream file{"/proc/self/statm"};
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::size_t>(::getpagesize());
}

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
    if (memory_is_measurable) BOOST_TEST(after <= before + 1024 * 1024);
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
