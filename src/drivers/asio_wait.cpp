#include "asio_wait.hpp"

#include "asio_descriptor.hpp"

#include <coropg/detail/drivers/descriptor.hpp>
#include <coropg/detail/drivers/handlers.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <poll.h>

#include <memory>

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

}  // namespace

begun::~begun() {
    if (home_.is_left() && socket_ >= 0) (void)lead_nowhere(socket_);  // to end the work would say so to the server
}

void begun::require_home() const {
    if (home_.is_left()) throw usage_error{of_parent};
}

asio::awaitable<answer> grant(wish w) {
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

}  // namespace coropg::detail
