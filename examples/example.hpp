// What the examples share: where the server is, a check, and an event loop to run one coroutine on.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <concepts>
#include <cstdlib>
#include <exception>
#include <future>
#include <iostream>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;

/// The server to talk to. "" leaves it to libpq's own environment (PGHOST, PGDATABASE, ...) and defaults.
inline std::string dsn() {
    const char* const set = std::getenv("COROPG_DSN");
    return set == nullptr ? "" : set;
}

/// Every example checks what it shows.
inline void expect(bool condition, std::source_location where = std::source_location::current()) {
    if (!condition) throw std::runtime_error{"not as expected: line " + std::to_string(where.line())};
}

/// Runs a function; returns the exit code for main.
template <std::invocable Work>
int run(Work work) try {
    work();
    return EXIT_SUCCESS;
} catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return EXIT_FAILURE;
}

/// Runs a coroutine to its end; returns the exit code for main.
inline int run(asio::awaitable<void> work) {
    return run([&work] {
        asio::io_context loop{1};
        std::future<void> done = asio::co_spawn(loop, std::move(work), asio::use_future);
        loop.run();
        done.get();
    });
}
