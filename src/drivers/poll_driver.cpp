#include <coropg/detail/drivers/poll_driver.hpp>
#include <coropg/detail/ops/ops.hpp>
#include <coropg/log.hpp>

#include "turn.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

namespace coropg::detail {

namespace {

/// The readiness of the socket by `deadline`; nothing if the timer went off first, which it may do too early, or
/// there was an interruption.
want wait_for(int socket, want wanted, clock::time_point deadline, watchdog& timer, const bell* interruption) {
    std::array<pollfd, 3> entries{
        {{socket, 0, 0}, {}, {interruption == nullptr ? -1 : interruption->descriptor(), POLLIN, 0}}};
    if (has(wanted, want::read)) entries[0].events |= POLLIN;
    if (has(wanted, want::write)) entries[0].events |= POLLOUT;
    timer.poll(std::span{entries}.first(interruption == nullptr ? 2 : 3), deadline);
    const short seen = entries[0].revents;
    want ready = want::nothing;
    if ((seen & (POLLIN | POLLERR | POLLHUP)) != 0) ready = ready | want::read;
    if ((seen & (POLLOUT | POLLERR | POLLHUP)) != 0) ready = ready | want::write;
    return ready;
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
    const clock::time_point deadline = std::min(asked.deadline, p.limit);
    while (wait_for(asked.socket, asked.readiness, deadline, timer, p.interruption) == want::nothing) {
        if (p.is_over()) return std::nullopt;
        if (clock::now() >= deadline) return answer::timed_out;
    }
    return answer::ready;
}

pq::connection poll_driver::connect(conninfo info) { return *poll_work{ops::connect(std::move(info))}.go_on({}); }

void poll_link::throw_parted() { throw usage_error{"the connection went back to its pool"}; }

poll_driver::~poll_driver() {
    if (runner_.link_ == nullptr || !runner_.link_->has_session()) return;
    runner_.core().notices().clear();
    runner_.core().close("its handle was destroyed", ending::by_program);
    runner_.complete();
}

unit_ptr poll_runner::perform(unit_ptr&& u) const {
    const turn mine_alone{link_->here().user};
    if (mine_alone.is_intruder())
        throw usage_error{"the connection is used by two threads at the same time", u->site()};
    unit_ptr mine;
    u->waiting.emplace([&mine](unit_ptr done) { mine = std::move(done); });
    core().submit(std::move(u));
    core().send();
    for (;;) {
        complete();
        if (mine) return mine;
        wait();
    }
}

void poll_runner::start(unit_ptr&& u) const {
    core().submit(std::move(u));
    core().send();
    complete();
}

bool poll_runner::wait_until_idle(const patience& p) const {
    bool is_over = false;
    for (;;) {
        complete();
        if (!core().is_open() || !core().has_leftovers()) return true;
        if (is_over) return false;
        wait(p);
        is_over = p.is_over();
    }
}

/// Tells who waits for what has ended.
void poll_runner::complete() const {
    session& core = this->core();
    while (unit_ptr done = core.take_finished())
        if (done->waiting) contain("a waiter", [&done] { done->waiting(std::move(done)); });
    if (!core.is_open()) core.release();
}

void poll_runner::wait(const patience& p) const try {
    auto& [core, timer, user] = link_->here();
    if (std::optional<pq::cancel_request> cancel = core.take_cancel()) return send_cancel(core, std::move(*cancel));
    const clock::time_point next = core.next_deadline();
    const want ready = wait_for(core.socket(), core.wants(), std::min(next, p.limit), timer, p.interruption);
    if (ready != want::nothing) core.advance(ready);
    // Also while a server sends without end.
    if (next != no_deadline && timer.rests() && core.finished_count() == 0) core.expire(clock::now());
} catch (const std::exception& e) {
    core().close(text_of(e));
} catch (...) {
    core().close(unknown_exception);
}

}  // namespace coropg::detail
