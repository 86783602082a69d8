#include "aside.hpp"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace coropg::detail::ops {

namespace {

/// libpq writes to sockets that the server may have closed already, and PQcancel lets the signal end the program. It comes
/// to the thread that writes.
void ignore_sigpipe() noexcept {
    sigset_t broken_pipe;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

}  // namespace

aside_call::aside_call() {
    ended_.hang();
    if (ended_.descriptor() < 0) throw std::system_error{errno, std::generic_category(), "no descriptor to wait for"};
}

void aside_call::run() noexcept {
    work();
    ended_.ring();
}

aside_threads& aside_threads::of_cancels() {
    static aside_threads* const one = [] {
        ::pthread_atfork(nullptr, nullptr, [] { ::new (&of_cancels()) aside_threads; });
        return new aside_threads;
    }();
    return *one;
}

aside_threads& aside_threads::of_connects() {
    static aside_threads* const one = [] {
        ::pthread_atfork(nullptr, nullptr, [] { ::new (&of_connects()) aside_threads; });
        return new aside_threads;
    }();
    return *one;
}

void aside_threads::run(std::shared_ptr<aside_call> call) {
    const std::lock_guard lock{mutex_};
    if (running_ < most) {
        std::thread{[this] { work(); }}.detach();  // waits for the mutex
        ++running_;
    }
    waiting_.push_back(std::move(call));
}

void aside_threads::work() noexcept {
    ignore_sigpipe();
    std::unique_lock lock{mutex_};
    while (!waiting_.empty()) {
        std::shared_ptr<aside_call> next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next->run();
        next.reset();
        lock.lock();
    }
    --running_;
}

}  // namespace coropg::detail::ops
