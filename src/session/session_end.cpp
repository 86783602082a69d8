// The ends: of a unit, whose waiter is told, and of the connection. Nothing here throws: an error that there is no memory
// for is told as std::bad_alloc.
#include <coropg/detail/session/session.hpp>

#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/sqlstate.hpp>

#include "reports.hpp"

namespace coropg::detail {

namespace {

/// Of a unit that was sent on a connection that is lost. Until its Sync is sent, nothing can be stored of commands that
/// do not commit by themselves; within a transaction, nothing before COMMIT.
outcome lost_outcome(const unit& u, ending how) {
    // The server has said so already; libpq's own errors have no SQLSTATE.
    const bool is_refused = !u.sqlstate().empty() && !u.failed_fatally && !may_stay(u);
    if (how == ending::unheard || is_refused) return outcome::not_executed;
    return decides(u.is_for) || may_have_stored(u) ? outcome::unknown : outcome::not_executed;
}

/// Whether the server, or a pooler in front of it, gave up waiting at the moment at which `head` was sent.
bool is_unheard(const unit& head) {
    if (!head.failed_fatally || head.failed_command > 0) return false;
    const std::string_view code = head.sqlstate();
    return code == sqlstate::idle_session_timeout || code == sqlstate::idle_in_transaction_session_timeout ||
           (code == sqlstate::protocol_violation && head.server_message().starts_with("query_wait_timeout"));
}

std::string_view text_of_outcome(outcome became) {
    switch (became) {
        case outcome::not_sent: return "the statement was not sent";
        case outcome::unknown: return "the statement was sent, its outcome is not known";
        default: return "the statement has no effect";
    }
}

/// Why `u` ended with its connection, which was closed for `reason`.
std::exception_ptr closed_error(const unit& u, ending how, std::string_view reason, outcome became) {
    if (u.is_stopped())
        return stop_error(u, u.stopped, "the cancelled statement did not end and the connection is closed", became);
    std::string text = std::string{"the connection is closed: "}.append(reason).append("; ");
    if (decides(u.is_for) && became == outcome::unknown) {
        const auto id = u.within ? u.within->transaction_id : std::nullopt;
        return std::make_exception_ptr(
            commit_in_doubt{text + "COMMIT was sent, its answer did not come", u.site(), id});
    }
    text.append(text_of_outcome(became));
    if (how == ending::by_program) return std::make_exception_ptr(connection_closed{text, u.site(), became});
    return std::make_exception_ptr(connection_error{text, u.site(), became});
}

}  // namespace

void session::recycle(unit_ptr&& u) noexcept {
    if (u->has_problem()) u->start_over();  // an error does not outlive its statement, to be freed by another's thread
    if (!u->is_foreign) spares_.keep(std::move(u));
}

void session::finish(unit_ptr&& u) noexcept {
    if (u->is_stopped()) {
        canceller_.head_ended();
        const bool half_sent = u->sent < u->commands.size() && !u->exclusive;
        if (!u->has_problem() && (half_sent || u->sqlstate() == sqlstate::query_canceled))
            fail_by(*u, [&u] { return cancelled_error(*u); });
    }
    if (u->receiver) u->receiver->end(*u);
    if (u->is_for == purpose::reset) changes_.end_reset();
    if (u->is_for == purpose::lookup) return end_lookup(std::move(u));
    if (u->started != clock::time_point{} && !u->commands.empty())
        contain("the report of a statement", [&] { report(*u, PQbackendPID(native_handle())); });
    (canceller_.holds_ends() ? held_ : finished_).push_back(std::move(u));
}

void session::lose() {
    const unit* const head = underway_.empty() ? nullptr : &underway_.front();
    std::string reason = wire_.last_words().empty() ? wire_.last_message() : wire_.last_words();
    if (head != nullptr && head->failed_fatally) reason = head->server_message();
    log(log_level::error, "connection lost: " + reason);
    close(reason, head != nullptr && is_unheard(*head) ? ending::unheard : ending::any);
}

void session::close(std::string_view reason, ending how) noexcept {
    if (state_ == state::closed) return;
    state_ = state::closed;
    contain("the reason for the end of a connection", [&] { closed_because_ = reason; });
    ended_ = how;
    wire_.stop();
    canceller_.stop();
    transactions_.settled(false);
    finished_.append(std::move(held_));
    while (!underway_.empty()) fail_closed(underway_.pop_front(), true);
    while (!queued_.empty()) fail_closed(queued_.pop_front(), false);
}

unit_queue session::take_all() {
    unit_queue all = std::move(finished_);
    all.append(std::move(held_));
    all.append(std::move(underway_));
    all.append(std::move(queued_));
    return all;
}

void session::fail_closed(unit_ptr&& u, bool sent) noexcept {
    if (u->is_stopped() || !u->has_problem()) {
        fail_by(*u, [&] {
            if (!sent) return closed_error(*u, ended_, closed_because_, outcome::not_sent);
            const bool goes_on = wire_.is_left();  // in the parent of this process
            const outcome became = goes_on ? outcome::unknown : lost_outcome(*u, ended_);
            return closed_error(*u, ended_, closed_because_, became);
        });
    }
    finish(std::move(u));
}

}  // namespace coropg::detail
