#include "asio_wait.hpp"

#include "asio_descriptor.hpp"

#include <coropg/detail/drivers/descriptor.hpp>
#include <coropg/detail/drivers/handlers.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <poll.h>

#include <memory>

namespace coropg::detail {

namespace {

using boost::system::error_code;
using descriptor = asio::posix::stream_descriptor;

/// A name that is looked up. Asio cannot cancel a lookup: one that is not waited for any more is left behind.
struct host_lookup {
    explicit host_lookup(const asio::any_io_executor& executor) : resolver{executor}, end{executor} {
        end.expires_at(no_deadline);
    }

    asio::ip::tcp::resolver resolver;
    asio::steady_timer end;
    error_code problem = asio::error::operation_aborted;
    asio::ip::tcp::resolver::results_type found;
};

asio::awaitable<void> look_up_host(resolution& name) {
    const auto shared = std::make_shared<host_lookup>(co_await asio::this_coro::executor);
    const auto take = [shared](error_code problem, asio::ip::tcp::resolver::results_type found) {
        shared->problem = problem;
        shared->found = std::move(found);
        shared->end.cancel();
    };
    shared->resolver.async_resolve(name.host, name.port, take);
    const auto begin = [shared](auto handler) { shared->end.async_wait(std::move(handler)); };
    try {
        co_await started_by<void(error_code)>(begin);
    } catch (const boost::system::system_error&) {  // by `take`, or the program
    }
    shared->resolver.cancel();  // one that has not begun
    if (shared->problem == asio::error::operation_aborted) throw boost::system::system_error{shared->problem};
    if (shared->problem) name.problem = shared->problem.message();
    for (const auto& entry : shared->found) name.addresses.push_back(entry.endpoint().address().to_string());
}

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

}  // namespace

begun::~begun() {
    if (home_.is_left() && socket_ >= 0) (void)lead_nowhere(socket_);  // to end the work would say so to the server
}

void begun::require_home() const {
    if (home_.is_left()) throw connection_error{of_parent};
}

asio::awaitable<answer> grant(wish w) {
    if (w.name == nullptr) co_return co_await wait_for(w);
    co_await look_up_host(*w.name);
    co_return answer::ready;
}

}  // namespace coropg::detail
