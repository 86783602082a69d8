#include "aside.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
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

#ifdef __GLIBC__
/// A password may still be proved for a server that wants it to take long. OpenSSL is taken down at the end of a program,
/// and would take the thread along.
void end_without_cleaning_up(int status, void*) {
    if (aside_threads::of_connects().wait_until_idle(std::chrono::seconds{1})) return;
    std::cout.flush();
    std::clog.flush();
    std::fflush(nullptr);
    ::_exit(status);
}

/// Once a thread computes: what OpenSSL does at the end of a program comes later then.
void expect_the_end() noexcept {
    static const int is_expected = ::on_exit(&end_without_cleaning_up, nullptr);
    (void)is_expected;
}
#else
void expect_the_end() noexcept {}
#endif

}  // namespace

aside_call::aside_call() {
    ended_.hang();
    if (ended_.descriptor() < 0) throw std::system_error{errno, std::generic_category(), "no descriptor to wait for"};
}

void aside_call::run() noexcept {
    begun_at_ = clock::now();
    work();
    ended_.ring();
}

bool aside_call::is_starved() const noexcept {
    const clock::time_point now = clock::now();
    const clock::time_point begun = std::min(begun_at_.load(), now);
    return begun - made_at_ > now - begun;
}

/// A child process has none of the threads, so it begins anew. The mutex is held meanwhile: what a thread is at is done.
template <aside_threads& (*One)()>
aside_threads* aside_threads::make_for_every_process() {
    const auto begin_anew = [] {
        One().mutex_.unlock();
        ::new (&One()) aside_threads;
    };
    ::pthread_atfork([] { One().mutex_.lock(); }, [] { One().mutex_.unlock(); }, begin_anew);
    return new aside_threads;
}

aside_threads& aside_threads::of_cancels() {
    static aside_threads* const one = make_for_every_process<&of_cancels>();
    return *one;
}

aside_threads& aside_threads::of_connects() {
    static aside_threads* const one = make_for_every_process<&of_connects>();
    return *one;
}

aside_threads& aside_threads::of_lookups() {
    static aside_threads* const one = make_for_every_process<&of_lookups>();
    return *one;
}

aside_threads::stay::stay(aside_threads& threads, std::shared_ptr<aside_call> call)
    : threads_{threads}, call_{std::move(call)} {
    const std::lock_guard lock{threads_.mutex_};
    threads_.at_work_.reserve(most);
    if (threads_.has_room()) threads_.start_one();
    threads_.waiting_.push_back(call_);
}

aside_threads::stay::~stay() {
    const std::lock_guard lock{threads_.mutex_};
    if (call_->has_ended() || std::erase(threads_.waiting_, call_) > 0) return;
    const auto job = threads_.find(call_.get());
    if (job == threads_.at_work_.end()) return;  // a thread of the parent process is at it
    job->is_forsaken = true;
    ++threads_.forsaken_;
    if (&threads_ == &of_connects()) expect_the_end();
    if (threads_.waiting_.empty() || !threads_.has_room()) return;
    try {
        threads_.start_one();
    } catch (...) {  // no thread to be had, or no memory: those there are go on with what waits
    }
}

std::vector<aside_threads::job>::iterator aside_threads::find(const aside_call* call) noexcept {
    return std::ranges::find(at_work_, call, &job::call);
}

/// Takes the oldest call that waits, once the mutex is free.
void aside_threads::start_one() {
    std::thread{[this] { work(); }}.detach();
    ++running_;
}

void aside_threads::work() noexcept {
    ignore_sigpipe();
    std::unique_lock lock{mutex_};
    while (!waiting_.empty() && running_ - forsaken_ <= most_awaited) {
        std::shared_ptr<aside_call> next = std::move(waiting_.front());
        waiting_.pop_front();
        at_work_.push_back({next.get(), false});
        lock.unlock();
        next->run();
        lock.lock();
        const auto done = find(next.get());
        if (done->is_forsaken) --forsaken_;
        at_work_.erase(done);
        next.reset();
    }
    --running_;
    if (running_ == 0) idle_.notify_all();
}

bool aside_threads::wait_until_idle(std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    return idle_.wait_for(lock, patience, [this] { return running_ == 0; });
}

}  // namespace coropg::detail::ops
