#include <coropg/detail/ops/ops.hpp>

#ifndef LIBPQ_HAS_ASYNC_CANCEL
#include <coropg/detail/drivers/bell.hpp>

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#endif

namespace coropg::detail::ops {

// A connection of its own -> CancelRequest -> the server closes it, once it has told the process to cancel.
#ifdef LIBPQ_HAS_ASYNC_CANCEL

op<std::string> cancel(pq::cancel_request request) {
    PGcancelConn* const conn = request.native_handle();
    if (PQcancelStart(conn) == 1) {
        want next = want::write;
        for (;;) {
            co_await wish{next, PQcancelSocket(conn)};
            const PostgresPollingStatusType status = PQcancelPoll(conn);
            if (status == PGRES_POLLING_OK) co_return std::string{};
            if (status == PGRES_POLLING_FAILED) break;
            next = status == PGRES_POLLING_READING ? want::read : want::write;
        }
    }
    co_return PQcancelErrorMessage(conn);
}

#else

namespace {

/// PQcancel writes to a socket that the server may have closed already, and lets the signal end the program. It comes to
/// the thread that writes.
void ignore_sigpipe() noexcept {
    sigset_t broken_pipe;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

/// libpq before 17 blocks, and without a limit in time: a thread that nobody has to wait for, and what it tells.
struct blocking_cancel {
    explicit blocking_cancel(pq::cancel_request r) : request{std::move(r)} {
        ended.hang();
        if (ended.descriptor() < 0)
            throw std::system_error{errno, std::generic_category(), "no descriptor for a cancel"};
    }

    void run() {
        ignore_sigpipe();
        problem = request.send_and_wait();
        ended.ring();
    }

    pq::cancel_request request;
    bell ended;
    std::string problem;
};

/// Runs them on a few threads, which end when there is nothing left: many statements may time out at once, and a server
/// that is away keeps a thread for as long as the kernel tries to reach it.
class cancel_threads {
 public:
    /// One for the process, for the threads outlive what a program destroys at its end; a child begins with none.
    static cancel_threads& instance() {
        static cancel_threads* const one = [] {
            ::pthread_atfork(nullptr, nullptr, [] { ::new (&instance()) cancel_threads; });
            return new cancel_threads;
        }();
        return *one;
    }

    void run(std::shared_ptr<blocking_cancel> call) {
        const std::lock_guard lock{mutex_};
        if (running_ < most) {
            std::thread{[this] { work(); }}.detach();  // waits for the mutex
            ++running_;
        }
        waiting_.push_back(std::move(call));
    }

 private:
    static constexpr std::size_t most = 16;

    void work() {
        std::unique_lock lock{mutex_};
        while (!waiting_.empty()) {
            const std::shared_ptr<blocking_cancel> next = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            next->run();
            lock.lock();
        }
        --running_;
    }

    std::mutex mutex_;
    std::deque<std::shared_ptr<blocking_cancel>> waiting_;
    std::size_t running_ = 0;
};

}  // namespace

op<std::string> cancel(pq::cancel_request request) {
    try {
        const auto call = std::make_shared<blocking_cancel>(std::move(request));
        cancel_threads::instance().run(call);
        do {
            co_await wish{want::read, call->ended.descriptor()};
        } while (!call->ended.has_rung());  // the waiter may be woken for nothing
        co_return std::move(call->problem);
    } catch (const std::system_error& e) {
        co_return e.what();
    }
}

#endif

}  // namespace coropg::detail::ops
