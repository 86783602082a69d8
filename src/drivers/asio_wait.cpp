#include "asio_wait.hpp"

#include "../ops/aside.hpp"
#include "asio_descriptor.hpp"
#include "look_up_host.hpp"

#include <coropg/detail/drivers/descriptor.hpp>
#include <coropg/detail/drivers/handlers.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <poll.h>

#include <memory>
#include <string>
#include <system_error>

namespace coropg::detail {

namespace {

using boost::system::error_code;
using descriptor = asio::posix::stream_descriptor;

/// A wait with a deadline; the timer's handler may outlive the coroutine.
struct timed_wait {
    timed_wait(const asio::any_io_executor& executor, int socket)
        : side{executor, duplicate(socket).release()}, timer{executor} {}
    timed_wait(const timed_wait&) = delete;
    timed_wait& operator=(const timed_wait&) = delete;
    ~timed_wait() {
        if (home.is_left()) leave_to_parent(side);
    }

    const home_process home;
    descriptor side;
    asio::steady_timer timer;
    bool late = false;
};

/// Asio wakes for nothing now and then, when several threads run the event loop; libpq does not take that for an
/// answer.
bool is_ready(const wish& w) {
    pollfd entry{w.socket, static_cast<short>(w.readiness == want::read ? POLLIN : POLLOUT), 0};
    return ::poll(&entry, 1, 0) != 0;
}

asio::awaitable<answer> wait_for(wish w) {
    const auto wait = std::make_shared<timed_wait>(co_await asio::this_coro::executor, w.socket);
    if (w.deadline != no_deadline) {
        wait->timer.expires_at(w.deadline);
        wait->timer.async_wait([wait](error_code problem) {
            if (problem) return;
            wait->late = true;
            wait->side.cancel();
        });
    }
    const auto direction = w.readiness == want::read ? descriptor::wait_read : descriptor::wait_write;
    const auto begin = [wait, direction](auto handler) { wait->side.async_wait(direction, std::move(handler)); };
    try {
        do {
            co_await started_by<void(error_code)>(begin);
        } while (!wait->late && !is_ready(w));
    } catch (const boost::system::system_error&) {
        wait->timer.cancel();
        if (!wait->late) throw;
    }
    wait->timer.cancel();
    co_return wait->late ? answer::timed_out : answer::ready;
}

/// Beside the event loop, and not by Asio's resolver: that looks up one name at a time, its event loop cannot end before it
/// has, and who waits is never told when there is no memory for the addresses.
struct host_lookup : ops::aside_call {
    explicit host_lookup(const resolution& asked) : name{asked} {}

    resolution name;

 private:
    void work() noexcept override try { look_up_host(name); } catch (...) {
        name.problem = "out of memory";
    }
};

asio::awaitable<void> look_up(resolution& name) {
    try {
        const auto call = std::make_shared<host_lookup>(name);
        const ops::aside_threads::stay here{ops::aside_threads::of_lookups(), call};
        (void)co_await wait_for({.readiness = want::read, .socket = call->descriptor()});
        name = call->name;
        co_return;
    } catch (const boost::system::system_error&) {
        throw;
    } catch (const std::system_error& e) {
        name.problem = std::string{"no thread to look it up by: "} + e.what();
    }
}

}  // namespace

begun::~begun() {
    if (home_.is_left() && socket_ >= 0) (void)lead_nowhere(socket_);  // to end the work would say so to the server
}

void begun::require_home() const {
    if (home_.is_left()) throw connection_error{of_parent};
}

asio::awaitable<answer> grant(wish w) {
    if (w.name == nullptr) co_return co_await wait_for(w);
    co_await look_up(*w.name);
    co_return answer::ready;
}

}  // namespace coropg::detail
