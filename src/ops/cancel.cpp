#include <coropg/detail/ops/ops.hpp>

#ifndef LIBPQ_HAS_ASYNC_CANCEL
#include <coropg/detail/drivers/bell.hpp>

#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>
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

/// libpq before 17 blocks, and without a limit in time: a thread that nobody has to wait for, and what it tells.
struct blocking_cancel {
    explicit blocking_cancel(pq::cancel_request r) : request{std::move(r)} {
        ended.hang();
        if (ended.descriptor() < 0)
            throw std::system_error{errno, std::generic_category(), "no descriptor for a cancel"};
    }

    void run() {
        problem = request.send_and_wait();
        ended.ring();
    }

    pq::cancel_request request;
    bell ended;
    std::string problem;
};

}  // namespace

op<std::string> cancel(pq::cancel_request request) {
    try {
        const auto call = std::make_shared<blocking_cancel>(std::move(request));
        std::thread{[call] { call->run(); }}.detach();
        do {
            co_await wish{want::read, call->ended.descriptor()};
        } while (!call->ended.has_rung());  // the waiter may be woken for nothing
        co_return std::move(call->problem);
    } catch (const std::system_error& e) {
        co_return e.what();
    }
}

#endif

}  // namespace coropg::detail::ops
