#include <coropg/detail/ops.hpp>
#include <coropg/detail/poll_driver.hpp>
#include <coropg/log.hpp>

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace coropg::detail {

namespace {

/// What the socket became ready for by `deadline`; nothing when the timer went off first, which it may do too early, or
/// there was an interruption.
want wait_for(int socket, want wanted, clock::time_point deadline, watchdog& timer, const bell* interruption) {
    timer.watch(deadline);
    std::array<pollfd, 3> entries{{{socket, 0, 0},
                                   {deadline == no_deadline ? -1 : timer.descriptor(), POLLIN, 0},
                                   {interruption == nullptr ? -1 : interruption->descriptor(), POLLIN, 0}}};
    if (has(wanted, want::read)) entries[0].events |= POLLIN;
    if (has(wanted, want::write)) entries[0].events |= POLLOUT;
    while (::poll(entries.data(), interruption == nullptr ? 2 : 3, -1) < 0)
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

/// Waits until the server has taken note of a cancel, or the connection is given up.
void send_cancel(session& core, pq::cancel_request request) {
    const auto problem = poll_work{ops::cancel(std::move(request))}.go_on({core.next_deadline()});
    if (!problem) return core.expire(clock::now());
    if (!problem->empty()) log(log_level::warning, "cannot send a cancel: " + *problem);
    core.cancel_ended(clock::now());
    core.send();
}

}  // namespace

std::optional<answer> wait_for(const wish& asked, const patience& p, watchdog& timer) {
    if (asked.name != nullptr) {
        resolve(*asked.name);
        return answer::ready;
    }
    const clock::time_point deadline = std::min(asked.deadline, p.limit);
    while (wait_for(asked.socket, asked.readiness, deadline, timer, p.interruption) == want::nothing) {
        if (p.is_over()) return std::nullopt;
        if (clock::now() >= deadline) return answer::timed_out;
    }
    return answer::ready;
}

pq::connection poll_driver::connect(conninfo info) { return *poll_work{ops::connect(std::move(info))}.go_on({}); }

unique_fd::~unique_fd() {
    if (fd_ >= 0) ::close(fd_);
}

void bell::hang() {
    if (descriptor_.get() < 0) descriptor_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
}

void bell::ring() noexcept {
    has_rung_ = true;
    const std::uint64_t once = 1;
    if (descriptor_.get() >= 0) (void)!::write(descriptor_.get(), &once, sizeof once);
}

void watchdog::watch(clock::time_point next) {
    if (next >= watched_) return;
    if (descriptor() < 0) descriptor_ = unique_fd{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    // Zero would disarm it.
    const auto at = std::max(std::chrono::nanoseconds{next.time_since_epoch()}, std::chrono::nanoseconds{1});
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const itimerspec setting{{}, {seconds.count(), (at - seconds).count()}};
    if (descriptor() < 0 || ::timerfd_settime(descriptor(), TFD_TIMER_ABSTIME, &setting, nullptr) < 0)
        throw std::system_error{errno, std::generic_category(), "cannot set a timer"};
    watched_ = next;
}

void poll_link::throw_parted() { throw usage_error{"the connection went back to its pool"}; }

poll_driver::~poll_driver() {
    if (runner_.link_ == nullptr || !runner_.link_->has_session()) return;
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

bool poll_runner::drain(const patience& p) const {
    bool is_over = false;
    for (;;) {
        settle();
        if (!core().is_open() || !core().has_leftovers()) return true;
        if (is_over) return false;
        wait(p);
        is_over = p.is_over();
    }
}

/// Tells who waits for what has ended.
void poll_runner::settle() const {
    session& core = this->core();
    core.deliver_notices();
    while (unit_ptr done = core.take_finished())
        if (done->waiting) done->waiting(std::move(done));
    if (!core.is_open()) core.release();
}

void poll_runner::wait(const patience& p) const try {
    auto& [core, timer] = link_->here();
    if (std::optional<pq::cancel_request> cancel = core.take_cancel()) return send_cancel(core, std::move(*cancel));
    const clock::time_point next = core.next_deadline();
    const want ready = wait_for(core.socket(), core.wants(), std::min(next, p.limit), timer, p.interruption);
    if (ready != want::nothing) core.advance(ready);
    // Also while a server sends without end.
    if (next != no_deadline && timer.rests() && !core.has_finished()) core.expire(clock::now());
} catch (const std::exception& e) {
    core().close(e.what());
}

}  // namespace coropg::detail
