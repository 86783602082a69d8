// What debug builds of the library notice: a connection that two threads use at the same time. And in all builds an
// event loop that does not run.
#include "../support/child.hpp"
#include "../support/faces.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <sstream>
#include <thread>

#if defined(__SANITIZE_THREAD__)
#define COROPG_TEST_TWO_THREADS 0  // it is told of the race that these tests make
#elif defined(NDEBUG)
#define COROPG_TEST_TWO_THREADS 0
#else
#define COROPG_TEST_TWO_THREADS 1
#endif

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace misuse_test {

/// Takes its time to be read.
struct slow {
    int n;
};

}  // namespace misuse_test

template <>
struct coropg::codec<misuse_test::slow> {
    static bool reads(oid from) { return codec<int>::reads(from); }
    static misuse_test::slow decode(const field& f) {
        std::this_thread::sleep_for(2s);
        return {codec<int>::decode(f)};
    }
};

BOOST_AUTO_TEST_SUITE(misuse)

#if COROPG_TEST_TWO_THREADS
BOOST_AUTO_TEST_CASE(a_second_thread_on_a_blocking_connection_is_refused) {
    auto conn = sync::connect(dsn());
    std::thread first{[&] { conn.execute("SELECT pg_sleep(2)"); }};
    std::this_thread::sleep_for(500ms);
    BOOST_CHECK_EXCEPTION(conn.execute("SELECT 1"), usage_error, [](const usage_error& e) {
        return contains(e.what(), "used by two threads at the same time") && contains(e.what(), "SELECT 1");
    });
    first.join();
    BOOST_TEST(conn.fetch_one<int>("SELECT 1") == 1);
    std::thread{[&] { BOOST_TEST(conn.fetch_one<int>("SELECT 2") == 2); }}.join();  // one after the other
}

BOOST_AUTO_TEST_CASE(a_second_thread_on_a_connection_ends_the_program_with_a_sentence) {
    const child_end end = end_of_child([] {
        asio::io_context io;
        std::optional<connection> conn;
        const auto read_slowly = [&]() -> asio::awaitable<void> {
            conn.emplace(co_await connect(dsn()));
            auto batch = conn->pipeline();
            auto one = batch.fetch_one<misuse_test::slow>("SELECT 1");
            auto two = batch.fetch_one<misuse_test::slow>("SELECT 2");
            co_await batch.run();
        };
        const auto intrude = [&]() -> asio::awaitable<void> {
            asio::steady_timer timer{io, 1s};
            co_await timer.async_wait(asio::use_awaitable);
            co_await conn->execute("SELECT 1");
        };
        asio::co_spawn(io, read_slowly(), asio::detached);
        asio::co_spawn(io, intrude(), asio::detached);
        std::thread other{[&] { io.run(); }};
        io.run();
        other.join();
    });
    BOOST_TEST(end.has_aborted());
    BOOST_TEST(contains(end.said, "coropg: a connection is used by two threads at the same time"));
    BOOST_TEST(contains(end.said, "must be a strand"));
}
#endif

BOOST_AUTO_TEST_CASE(a_deadline_that_the_event_loop_notices_late_is_logged) {
    std::ostringstream log;
    set_logger(std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
    async_face face;
    auto conn = face.connect();
    ERROR_OF(query_timeout, conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)"));
    BOOST_TEST(!contains(log.str(), "ms late"));
    asio::steady_timer blocking{face.io, 50ms};
    blocking.async_wait([](const boost::system::error_code&) { std::this_thread::sleep_for(1500ms); });
    ERROR_OF(query_timeout, conn.with({.timeout = 300ms}).execute("SELECT pg_sleep(30)"));
    BOOST_TEST(contains(log.str(), "ms late: the event loop did not run in that time"));
    set_logger(nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
