// Runs one test text on both faces. A case is a BOOST_AUTO_TEST_CASE_TEMPLATE over `both_faces`, and writes
// AWAIT(conn.execute(...)) where a user writes `co_await` on the one and nothing on the other.
#pragma once

#include "busy.hpp"

#include <coropg/coropg.hpp>
#include <coropg/sync.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace coropg::test {

namespace asio = boost::asio;

/// The server of this run: test/integration needs one, `scripts/with-postgres` starts it.
inline std::string dsn() {
    const char* text = std::getenv("COROPG_DSN");
    BOOST_REQUIRE_MESSAGE(text != nullptr, "COROPG_DSN is not set: run by scripts/with-postgres or scripts/test");
    return text;
}

/// The same server by TCP, with a password.
inline std::string tcp_dsn() {
    const char* text = std::getenv("COROPG_TCP_DSN");
    return text != nullptr ? text : dsn();
}

struct async_face {
    using connection = coropg::connection;
    static constexpr bool is_async = true;

    connection connect(const conninfo& info = dsn()) { return run(coropg::connect(info)); }

    /// Runs the awaitable that `start` makes, to its end.
    template <class Start>
    auto operator()(Start&& start) {
        return run(start());
    }

    template <class T>
    T run(asio::awaitable<T> work) {
        std::optional<detail::gathered<T>> value;
        std::exception_ptr problem;
        bool ended = false;
        asio::co_spawn(io, detail::fill(std::move(work), value),
                       [&](std::exception_ptr e) { problem = e, ended = true; });
        io.restart();
        while (!ended) BOOST_REQUIRE(io.run_one() == 1U);
        if (problem) std::rethrow_exception(problem);
        if constexpr (!std::is_void_v<T>) return std::move(*value);
    }

    asio::io_context io;
};

struct sync_face {
    using connection = coropg::sync::connection;
    static constexpr bool is_async = false;

    connection connect(const conninfo& info = dsn()) { return sync::connect(info); }

    template <class Start>
    auto operator()(Start&& start) {
        return start();
    }
};

using both_faces = boost::mpl::list<async_face, sync_face>;

/// A temporary aggregate that passes for a named one: around AWAIT is no co_await, in which GCC 12 would destroy it twice.
template <class T>
const T& kept(const T& temporary) {
    return temporary;
}

#define AWAIT(...) face([&] { return __VA_ARGS__; })

/// The error that `work` throws, to look into; fails the test when there is none.
template <class Error, class Work>
Error error_of(Work&& work) {
    try {
        work();
    } catch (const Error& e) {
        return e;
    } catch (const std::exception& e) {
        BOOST_FAIL("expected " << detail::type_name<Error>() << ", got: " << e.what());
    }
    BOOST_FAIL("expected " << detail::type_name<Error>() << ", but nothing was thrown");
    std::abort();
}

#define ERROR_OF(type, ...) coropg::test::error_of<type>([&] { (void)AWAIT(__VA_ARGS__); })
#define VOID_ERROR_OF(type, ...) coropg::test::error_of<type>([&] { AWAIT(__VA_ARGS__); })

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace coropg::test
