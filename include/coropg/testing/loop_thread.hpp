// A thread with an event loop, on which the proxy and the fake server live.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>
#include <type_traits>
#include <utility>

namespace coropg::testing::detail {

class loop_thread {
 public:
    [[nodiscard]] boost::asio::io_context& io() { return io_; }

    /// Runs until nothing is left to do.
    void start() {
        thread_ = std::thread{[this] { io_.run(); }};
    }
    void join() { thread_.join(); }

    /// Runs `work` on the thread, while the caller waits. Whatever only that thread touches needs no lock.
    template <class Work>
    std::invoke_result_t<Work&> run(Work work) {
        std::packaged_task<std::invoke_result_t<Work&>()> task{std::move(work)};
        auto done = task.get_future();
        boost::asio::post(io_, [task = std::move(task)]() mutable { task(); });
        return done.get();
    }

 private:
    boost::asio::io_context io_{1};
    std::thread thread_;
};

}  // namespace coropg::testing::detail
