// Both faces, as faces.hpp has them, for servers that do what they like: a verb ends by a value or by an error of coropg,
// in time, and nothing leaves the event loop in its place. What does not, fails as a std::logic_error.
#pragma once

#include "faces.hpp"

#include <stdexcept>
#include <string>

namespace coropg::test {

struct strict_async_face {
    using connection = coropg::connection;
    static constexpr bool is_async = true;

    connection connect(const conninfo& info) { return run(coropg::connect(info)); }

    template <class Start>
    auto operator()(Start&& start) {
        return run(start());
    }

    template <class T>
    T run(asio::awaitable<T> work) {
        const auto value = std::make_shared<std::optional<detail::gathered<T>>>();
        const auto problem = std::make_shared<std::exception_ptr>();
        const auto ended = std::make_shared<bool>(false);
        asio::co_spawn(io, fill(std::move(work), value), [problem, ended](std::exception_ptr e) {
            *problem = std::move(e);
            *ended = true;
        });
        io.restart();
        while (!*ended && turn()) continue;
        if (!*ended) throw std::logic_error{"a verb does not end"};
        if (*problem) std::rethrow_exception(*problem);
        if constexpr (!std::is_void_v<T>) return std::move(**value);
    }

    /// Runs what is ready still, of a connection that has ended for instance.
    void settle() {
        io.restart();
        guarded([this] { return io.poll(); });
    }

    asio::io_context io;

 private:
    template <class T>
    static asio::awaitable<void> fill(asio::awaitable<T> work,
                                      std::shared_ptr<std::optional<detail::gathered<T>>> value) {
        co_await detail::fill(std::move(work), *value);
    }

    bool turn() {
        return guarded([this] { return io.run_one_for(std::chrono::seconds{20}); }) == 1;
    }

    template <class Work>
    static std::size_t guarded(Work work) {
        try {
            return work();
        } catch (const std::exception& e) {
            throw std::logic_error{std::string{"an exception leaves the event loop: "} + e.what()};
        }
    }
};

struct strict_sync_face : sync_face {
    void settle() {}
};

using both_strict_faces = boost::mpl::list<strict_async_face, strict_sync_face>;

}  // namespace coropg::test
