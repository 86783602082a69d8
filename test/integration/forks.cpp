// A connection in a child process of the one that made it: what becomes of it there, its parent does not notice.
#include "../support/faces.hpp"

#include <coropg/pool.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <optional>

using namespace coropg;
using namespace coropg::test;

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

BOOST_AUTO_TEST_SUITE_END()
