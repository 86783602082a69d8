#include <coropg/detail/ops/ops.hpp>

#ifndef LIBPQ_HAS_ASYNC_CANCEL
#include "aside.hpp"

#include <memory>
#include <system_error>
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

/// libpq before 17 blocks, and without a limit in time.
struct blocking_cancel : aside_call {
    explicit blocking_cancel(pq::cancel_request r) : request{std::move(r)} {}

    pq::cancel_request request;
    std::string problem;

 private:
    void work() noexcept override { problem = request.send_and_wait(); }
};

}  // namespace

op<std::string> cancel(pq::cancel_request request) {
    try {
        const auto call = std::make_shared<blocking_cancel>(std::move(request));
        const aside_threads::stay here{aside_threads::of_cancels(), call};
        do {
            co_await wish{want::read, call->descriptor()};
        } while (!call->has_ended());  // the waiter may be woken for nothing
        co_return std::move(call->problem);
    } catch (const std::system_error& e) {
        co_return e.what();
    }
}

#endif

}  // namespace coropg::detail::ops
