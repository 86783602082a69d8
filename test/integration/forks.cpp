// A connection in a child process of the one that made it: what becomes of it there, its parent does not notice.
#include "../support/pools.hpp"

#include <coropg/pool.hpp>

#include <boost/asio/detached.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// Runs `work` in a child, and returns what that exits with.
template <class Work>
int in_child(async_face& face, Work work) {
    face.io.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child = ::fork();
    if (child == 0) {
        face.io.notify_fork(asio::execution_context::fork_child);
        ::alarm(20);
        work();
        ::_exit(0);
    }
    face.io.notify_fork(asio::execution_context::fork_parent);
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

template <class Work>
int in_child(sync_face&, Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        work();
        ::_exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forks)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_child_that_destroys_a_connection_does_not_end_it, Face, both_faces) {
    for (const conninfo& to : {conninfo{dsn()}, conninfo{tcp_dsn()}}) {
        Face face;
        std::optional<typename Face::connection> conn = face.connect(to);
        BOOST_TEST(AWAIT(conn->template fetch_one<int>("SELECT 1")) == 1);
        BOOST_TEST(in_child(face, [&] { conn.reset(); }) == 0);
        BOOST_TEST(AWAIT(conn->template fetch_one<int>("SELECT 2")) == 2);
    }
}

// A program that just forks tells Asio nothing of it: parent and child share what the event loop waits for.
BOOST_AUTO_TEST_CASE(nor_does_one_that_asio_was_not_told_of) {
    async_face face;
    auto conn = std::make_optional(face.connect());
    auto pool = std::make_optional<coropg::pool>(face.io.get_executor(), dsn(), pool_options{.max_size = 2});
    auto lease = std::make_optional(AWAIT(pool->acquire()));
    const auto work = [&]() -> asio::awaitable<int> {
        co_return co_await conn->fetch_one<int>("SELECT 1") + co_await pool->fetch_one<int>("SELECT 1") +
            co_await (*lease)->fetch_one<int>("SELECT 1");
    };
    BOOST_TEST(face.run(work()) == 3);
    for (int i = 0; i < 3; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20);
            conn.reset();
            lease.reset();
            pool.reset();
            ::_exit(0);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        BOOST_TEST(status == 0);
        BOOST_TEST(face.run(work()) == 3);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_child_that_replaces_a_connection_works_with_its_own, Face, both_faces) {
    Face face;
    std::optional<typename Face::connection> conn = face.connect();
    const auto replace = [&] {
        Face mine;
        conn = mine.connect();
        const int answer = mine([&] { return conn->template fetch_one<int>("SELECT 1"); });
        conn.reset();
        ::_exit(answer == 1 ? 0 : 1);
    };
    BOOST_TEST(in_child(face, replace) == 0);
    BOOST_TEST(AWAIT(conn->template fetch_one<int>("SELECT 2")) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_child_that_ends_a_transaction_does_not_end_it, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    std::optional tx{AWAIT(conn.begin())};
    BOOST_TEST(AWAIT(tx->template fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(in_child(face, [&] { tx.reset(); }) == 0);
    BOOST_TEST(AWAIT(tx->template fetch_one<int>("SELECT 2")) == 2);
    AWAIT(tx->commit());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(statements_of_a_child_are_refused, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    const auto use = [&] {
        try {
            face([&] { return conn.template fetch_one<int>("SELECT 2"); });
        } catch (const connection_error& e) {
            const bool is_told = contains(e.what(), "connect anew") && e.outcome() == outcome::not_sent;
            ::_exit(is_told && !conn.is_open() ? 0 : 1);
        }
        ::_exit(2);
    };
    BOOST_TEST(in_child(face, use) == 0);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 3")) == 3);
}

BOOST_AUTO_TEST_CASE(a_child_does_not_know_what_becomes_of_a_statement_of_its_parent) {
    async_face face;
    auto conn = face.connect();
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("SELECT 1"));
    std::optional<outcome> told;
    bool has_ended = false;
    const auto work = [&]() -> asio::awaitable<void> {
        try {
            co_await tx.execute("SELECT pg_sleep(0.05)");
        } catch (const error& e) {
            told = e.outcome();
        }
        has_ended = true;
    };
    asio::co_spawn(face.io, work(), asio::detached);
    face.io.restart();
    face.io.poll();
    const auto go_on = [&] {
        while (!has_ended) face.io.run_one();
    };
    const auto run = [&] {
        go_on();
        ::_exit(told == outcome::unknown ? 0 : 1);
    };
    BOOST_TEST(in_child(face, run) == 0);
    go_on();
    BOOST_TEST(!told.has_value());
    AWAIT(tx.commit());
}

// As a daemon does: the child runs the event loop of its parent, in which statements wait for a connection.
BOOST_AUTO_TEST_CASE(a_child_that_runs_the_loop_runs_nothing_again) {
    async_face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("DROP TABLE IF EXISTS fork_repeats; CREATE TABLE fork_repeats (id int)"));
    coropg::pool pool{face.io.get_executor(), dsn(), {.min_size = 1, .max_size = 1}};
    AWAIT(pool.wait());
    constexpr int each = 10;
    int succeeded = 0;
    int refused = 0;
    const auto insert = [&](int id) -> asio::awaitable<void> {
        co_await pool.execute("INSERT INTO fork_repeats SELECT $1 FROM pg_sleep(0.01)", id);
    };
    const auto lease = [&](int id) -> asio::awaitable<void> {
        pooled_connection mine = co_await pool.acquire();
        co_await mine->execute("INSERT INTO fork_repeats VALUES ($1)", id);
    };
    const auto count = [&](const std::exception_ptr& problem) { ++(problem ? refused : succeeded); };
    for (int id = 0; id < each; ++id) {
        asio::co_spawn(face.io, insert(id), count);
        asio::co_spawn(face.io, lease(each + id), count);
    }
    face.io.restart();
    while (pool.stats().requests_waiting < 2 * each - 1) BOOST_REQUIRE(face.io.run_one() == 1U);
    const auto go_on = [&] {
        while (refused + succeeded < 2 * each) face.io.run_one();
    };
    const auto run = [&] {
        go_on();
        ::_exit(succeeded);
    };
    BOOST_TEST(in_child(face, run) == 0);
    go_on();
    BOOST_TEST(refused == 0);
    const auto rows =
        AWAIT(conn.fetch_one<std::pair<int, int>>("SELECT count(*)::int, count(DISTINCT id)::int FROM fork_repeats"));
    BOOST_TEST(rows.first == 2 * each);
    BOOST_TEST(rows.second == 2 * each);
}

BOOST_AUTO_TEST_CASE(who_waits_in_a_child_is_told_in_time) {
    async_face face;
    coropg::pool pool{face.io.get_executor(), dsn(), {.max_size = 1, .acquire_timeout = 300ms}};
    auto lease = std::make_optional(after_login([&] { return AWAIT(pool.acquire()); }));
    int told = 0;
    const auto wait = [&]() -> asio::awaitable<void> { (void)co_await pool.acquire(); };
    asio::co_spawn(face.io, wait(), [&](const std::exception_ptr& problem) { told += problem != nullptr; });
    asio::co_spawn(face.io, pool.execute("SELECT 1"),
                   [&](const std::exception_ptr& problem, const result&) { told += problem != nullptr; });
    face.io.restart();
    while (pool.stats().requests_waiting < 2) BOOST_REQUIRE(face.io.run_one() == 1U);
    const auto run = [&] {
        while (told < 2) face.io.run_one();
    };
    BOOST_TEST(in_child(face, run) == 0);
    lease.reset();
}

BOOST_AUTO_TEST_CASE(hooks_of_a_blocking_pool_may_fork) {
    std::vector<pid_t> children;
    const auto fork = [&](sync::connection&) {
        if (const pid_t child = ::fork(); child != 0)
            children.push_back(child);
        else
            ::alarm(20);
        return true;
    };
    {
        sync::pool pool{dsn(), {.max_size = 1}};
        pool.after_connect(fork);
        pool.after_release(fork);
        const pid_t parent = ::getpid();
        try {
            const sync::pooled_connection conn = pool.acquire();
            if (::getpid() != parent) ::_exit(1);
        } catch (const usage_error& e) {
            ::_exit(::getpid() != parent && contains(e.what(), "make one there") ? 0 : 1);
        }
        if (::getpid() != parent) ::_exit(0);
        BOOST_TEST(pool.fetch_one<int>("SELECT 1") == 1);
        if (::getpid() != parent) ::_exit(0);
    }
    BOOST_TEST(children.size() == 3U);
    for (const pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        BOOST_TEST(status == 0);
    }
}

// Whatever the login waits for.
BOOST_AUTO_TEST_CASE(a_login_that_has_begun_goes_on_in_the_parent_alone) {
    async_face face;
    bool has_begun = false;
    bool has_ended = false;
    for (int turns = 1; !has_ended; ++turns) {
        std::optional<coropg::connection> made;
        std::string problem;
        const auto connect = [&]() -> asio::awaitable<void> {
            try {
                made.emplace(co_await coropg::connect(dsn()));
            } catch (const usage_error& e) {  // which nobody tries again
                problem = e.what();
            }
        };
        asio::co_spawn(face.io, connect(), asio::detached);
        face.io.restart();
        for (int i = 0; i < turns; ++i) face.io.run_one();
        has_ended = made.has_value();
        const auto run = [&] {
            while (!made && problem.empty()) face.io.run_one();
            ::_exit(contains(problem, "connect anew") ? 0 : 1);
        };
        if (has_ended) break;
        if (in_child(face, run) == 0)
            has_begun = true;
        else
            BOOST_TEST(!has_begun);  // the child begins one of its own
        BOOST_TEST(in_child(face, [&] { made.reset(); }) == 0);
        while (!made && problem.empty()) face.io.run_one();
        BOOST_TEST(problem == "");
        BOOST_TEST(AWAIT(made->fetch_one<int>("SELECT 1")) == 1);
    }
    BOOST_TEST(has_begun);
}

BOOST_AUTO_TEST_SUITE_END()
