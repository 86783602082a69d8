#include <coropg/detail/ops.hpp>
#include <coropg/detail/poll_driver.hpp>
#include <coropg/log.hpp>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace coropg::detail {

namespace {

/// What the socket became ready for by `deadline`; nothing when the timer went off first, which it may do too early.
want wait_for(int socket, want wanted, clock::time_point deadline, watchdog& timer) {
    timer.watch(deadline);
    std::array<pollfd, 2> entries{{{socket, 0, 0}, {timer.descriptor(), POLLIN, 0}}};
    if (has(wanted, want::read)) entries[0].events |= POLLIN;
    if (has(wanted, want::write)) entries[0].events |= POLLOUT;
    while (::poll(entries.data(), deadline == no_deadline ? 1 : 2, -1) < 0)
        if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "poll"};
    if (entries[1].revents != 0) timer.rest();
    const short seen = entries[0].revents;
    want ready = want::nothing;
    if ((seen & (POLLIN | POLLERR | POLLHUP)) != 0) ready = ready | want::read;
    if ((seen & (POLLOUT | POLLERR | POLLHUP)) != 0) ready = ready | want::write;
    return ready;
}

void resolve(resolution& name) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int problem = ::getaddrinfo(name.host.c_str(), name.port.c_str(), &hints, &list);
    if (problem != 0) {
        name.problem = ::gai_strerror(problem);
        return;
    }
    const std::unique_ptr<addrinfo, pq::freed_by<::freeaddrinfo>> owner{list};
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
            name.addresses.emplace_back(text.data());
    }
}

/// Waits wherever `work` has to; nothing when it has not ended by `limit`.
template <class T>
std::optional<T> drive(op<T> work, clock::time_point limit, watchdog& timer) {
    answer reply = answer::ready;
    while (const std::optional<wish> w = work.resume(reply)) {
        reply = answer::ready;
        if (w->name != nullptr) {
            resolve(*w->name);
            continue;
        }
        const clock::time_point deadline = std::min(w->deadline, limit);
        while (wait_for(w->socket, w->readiness, deadline, timer) == want::nothing) {
            if (clock::now() < deadline) continue;
            if (deadline == limit) return std::nullopt;
            reply = answer::timed_out;
            break;
        }
    }
    return work.take();
}

/// Waits until the server has taken note of a cancel, or the connection is given up.
void send_cancel(session& core, pq::cancel_request request, watchdog& timer) {
    const auto problem = drive(ops::cancel(std::move(request)), core.next_deadline(), timer);
    if (!problem) return core.expire(clock::now());
    if (!problem->empty()) log(log_level::warning, "cannot send a cancel: " + *problem);
    core.cancel_ended(clock::now());
    core.send();
}

}  // namespace

pq::connection poll_driver::connect(conninfo info) {
    watchdog timer;
    return *drive(ops::connect(std::move(info)), no_deadline, timer);
}

watchdog::~watchdog() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void watchdog::watch(clock::time_point next) {
    if (next >= watched_) return;
    if (descriptor_ < 0) descriptor_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    // Zero would disarm it.
    const auto at = std::max(std::chrono::nanoseconds{next.time_since_epoch()}, std::chrono::nanoseconds{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const itimerspec setting{{}, {seconds.count(), (at - seconds).count()}};
    if (descriptor_ < 0 || ::timerfd_settime(descriptor_, TFD_TIMER_ABSTIME, &setting, nullptr) < 0)
        throw std::system_error{errno, std::generic_category(), "cannot set a timer"};
    watched_ = next;
}

poll_driver::~poll_driver() {
    if (runner_.link_ == nullptr) return;
    runner_.core().close("its handle was destroyed");
    runner_.settle();
}

unit_ptr poll_runner::perform(unit_ptr&& u) const {
    unit_ptr mine;
    u->waiting.emplace([&mine](unit_ptr done) { mine = std::move(done); });
    core().submit(std::move(u));
    core().send();
    for (;;) {
        settle();
        if (mine) return mine;
        wait();
    }
}

void poll_runner::start(unit_ptr&& u) const {
    core().submit(std::move(u));
    core().send();
    settle();
}

/// Tells who waits for what has ended.
void poll_runner::settle() const {
    session& core = link_->core;
    core.deliver_notices();
    while (unit_ptr done = core.take_finished())
        if (done->waiting) done->waiting(std::move(done));
    if (!core.is_open()) core.release();
}

void poll_runner::wait() const try {
    session& core = link_->core;
    if (std::optional<pq::cancel_request> cancel = core.take_cancel())
        return send_cancel(core, std::move(*cancel), link_->timer);
    const clock::time_point next = core.next_deadline();
    const want ready = wait_for(core.socket(), core.wants(), next, link_->timer);
    if (ready != want::nothing) core.advance(ready);
    // Also while a server sends without end.
    if (next != no_deadline && link_->timer.rests() && !core.has_finished()) core.expire(clock::now());
} catch (const std::exception& e) {
    core().close(e.what());
}

}  // namespace coropg::detail
