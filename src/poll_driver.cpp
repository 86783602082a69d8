#include <coropg/detail/cancel_call.hpp>
#include <coropg/detail/ops.hpp>
#include <coropg/detail/poll_driver.hpp>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <future>
#include <system_error>

namespace coropg::detail {

namespace {

int milliseconds_until(clock::time_point deadline) {
    if (deadline == no_deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
}

/// What the socket became ready for; nothing when the deadline passed first.
want wait_for(int socket, want wanted, clock::time_point deadline) {
    pollfd entry{socket, 0, 0};
    if (has(wanted, want::read)) entry.events |= POLLIN;
    if (has(wanted, want::write)) entry.events |= POLLOUT;
    while (::poll(&entry, 1, milliseconds_until(deadline)) < 0)
        if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "poll"};
    want ready = want::nothing;
    if ((entry.revents & (POLLIN | POLLERR | POLLHUP)) != 0) ready = ready | want::read;
    if ((entry.revents & (POLLOUT | POLLERR | POLLHUP)) != 0) ready = ready | want::write;
    return ready;
}

/// Waits until the server has taken note of a cancel, or the connection is given up.
void send_cancel(session& core, pq::cancel_request request) {
    const auto ended = std::make_shared<std::promise<void>>();
    const auto call = cancel_call::start(std::move(request), [ended] { ended->set_value(); });
    if (ended->get_future().wait_until(core.next_deadline()) == std::future_status::ready) {
        core.cancel_ended(clock::now());
        return core.send();
    }
    call->abandon();
    core.expire(clock::now());
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

}  // namespace

pq::connection poll_driver::connect(conninfo info) {
    op<pq::connection> work = ops::connect(std::move(info));
    answer reply = answer::ready;
    while (const std::optional<wish> w = work.resume(reply)) {
        reply = answer::ready;
        if (w->name != nullptr)
            resolve(*w->name);
        else if (wait_for(w->socket, w->readiness, w->deadline) == want::nothing)
            reply = answer::timed_out;
    }
    return work.take();
}

poll_driver::~poll_driver() {
    if (runner_.core_ == nullptr) return;
    runner_.core_->close("its handle was destroyed");
    runner_.settle();
}

unit_ptr poll_runner::perform(unit_ptr&& u) const {
    unit_ptr mine;
    u->waiting.emplace([&mine](unit_ptr done) { mine = std::move(done); });
    core_->submit(std::move(u));
    core_->send();
    for (;;) {
        settle();
        if (mine) return mine;
        wait();
    }
}

void poll_runner::start(unit_ptr&& u) const {
    core_->submit(std::move(u));
    core_->send();
    settle();
}

/// Tells who waits for what has ended.
void poll_runner::settle() const {
    core_->deliver_notices();
    while (unit_ptr done = core_->take_finished())
        if (done->waiting) done->waiting(std::move(done));
    if (!core_->is_open()) core_->release();
}

void poll_runner::wait() const try {
    if (std::optional<pq::cancel_request> cancel = core_->take_cancel()) return send_cancel(*core_, std::move(*cancel));
    const want ready = wait_for(core_->socket(), core_->wants(), core_->next_deadline());
    if (ready != want::nothing) core_->advance(ready);
    // Also while a server sends without end.
    if (core_->has_finished() || core_->next_deadline() == no_deadline) return;
    if (const clock::time_point now = clock::now(); core_->next_deadline() <= now) core_->expire(now);
} catch (const std::exception& e) {
    core_->close(e.what());
}

}  // namespace coropg::detail
