// Deadlines and cancellation: who is told, and what the server is asked to end.
#include <coropg/detail/session/session.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

/// Whether a reset among these should have ended.
bool has_late_reset(const unit_queue& units, clock::time_point now) {
    bool is_late = false;
    units.for_each([&](const unit& u) { is_late = is_late || (u.is_for == purpose::reset && u.deadline <= now); });
    return is_late;
}

/// One that is answered already waits for what its results consist of.
void fail_stopped(unit& u, stop_cause cause, std::string_view reason, outcome became) noexcept {
    fail_by(u, [&] {
        if (u.unknown_types.empty()) return stop_error(u, cause, reason, became);
        return stop_error(u, cause, "it was executed, but the types of its result are not known yet",
                          outcome::executed);
    });
}

}  // namespace

void session::expire(clock::time_point now) noexcept {
    switch (canceller_.expire(now)) {
        case canceller::due::nothing: return;
        case canceller::due::end: return close("the server did not end in time what was cancelled or given up");
        case canceller::due::deadlines: break;
    }
    // A unit whose answer has come already has ended, and must not be told otherwise.
    if (!underway_.empty()) receive();
    if (changes_.is_resetting() && (has_late_reset(queued_, now) || has_late_reset(underway_, now)))
        return close("the session was not reset in time for its next user");
    guard(*this, [&] { stop([now](const unit& u) { return u.deadline <= now; }, stop_cause::timeout, now); });
    canceller_.forget_deadlines();
    for (const unit_queue* units : {&queued_, &underway_})
        units->for_each([this](const unit& u) { canceller_.expect(u.deadline); });
}

void session::cancel(std::span<const std::uint64_t> tickets, clock::time_point now) noexcept {
    const auto is_named = [tickets](const unit& u) {
        return u.ticket != 0 && std::ranges::binary_search(tickets, u.ticket);
    };
    const auto is_meant = [&](const unit& u) { return is_named(u) || (u.dependent && is_named(*u.dependent)); };
    if (!underway_.empty()) receive();
    guard(*this, [&] { stop(is_meant, stop_cause::cancellation, now); });
}

/// Ends all that somebody waits for, as `cancel` does.
void session::give_up_all(clock::time_point now) {
    const auto is_awaited = [](const unit& u) {
        return (u.waiting || u.dependent) && !u.is_stopped() && u.is_for != purpose::farewell;
    };
    if (!underway_.empty()) receive();
    stop(is_awaited, stop_cause::cancellation, now);
}

template <class Affected>
void session::stop(Affected affected, stop_cause cause, clock::time_point now) {
    using fate = canceller::fate;
    const auto is_dropped = [&](const unit& u) { return affected(u) && canceller::of_queued(u.is_for) == fate::drop; };
    unit_queue dropped = queued_.extract_if(is_dropped);
    while (!dropped.empty()) drop(dropped.pop_front(), cause);
    queued_.for_each([&](unit& u) {
        if (affected(u)) roll_back(u, cause);
    });

    const bool is_alone = underway_.size() == 1;
    bool is_left = false;
    underway_.for_each([&](unit& u) {
        if (!affected(u)) return;
        if (canceller_.of_sent(u.is_for, is_alone) == fate::cancel) return cancel_head(u, cause, now);
        give_up(
            u, cause,
            decides(u.is_for) ? "COMMIT was sent and is left to the server" : "it was sent and is left to the server",
            outcome::unknown);
        is_left = true;
    });
    if (is_left) limit_wait(now);
    send_away();
}

/// Ends what may run elsewhere, if it would have to wait here for the end of a cancel.
void session::send_away() {
    if (canceller_.may_send()) return;
    unit_queue moved = queued_.extract_if([](const unit& u) { return u.may_move; });
    while (!moved.empty()) {
        unit_ptr u = moved.pop_front();
        fail_by(*u, [&u] {
            return std::make_exception_ptr(connection_error{"what is before it is being cancelled", u->site()});
        });
        finished_.push_back(std::move(u));
    }
}

/// Ends one that was taken out of the queue.
void session::drop(unit_ptr&& u, stop_cause cause) noexcept {
    if (u->is_for == purpose::lookup) types_.end_lookup(nullptr);
    unit_ptr told = u->dependent ? std::move(u->dependent) : std::move(u);
    fail_stopped(*told, cause, "not sent", outcome::not_sent);
    finished_.push_back(std::move(told));
}

/// Replaces the end of a scope by a rollback.
void session::roll_back(unit& u, stop_cause cause) {
    give_up(u, cause, "not sent; the transaction is rolled back", outcome::not_sent);
    u.is_tombstone = false;
    u.end_scope(purpose::rollback);
}

/// When nobody waits for anything under way, it has to end in time, and nothing is sent behind it
/// until then.
void session::limit_wait(clock::time_point now) {
    bool is_awaited = false;
    underway_.for_each([&](const unit& u) { is_awaited = is_awaited || u.waiting || u.dependent || u.is_stopped(); });
    if (!is_awaited) canceller_.limit_wait(now);
}

/// One that was left to the server, for others were on the wire with it, and has outlived them with none behind it: the
/// connection is not to wait for what nobody waits for.
void session::cancel_abandoned() {
    if (state_ != state::pipelining || underway_.size() != 1) return;
    unit& u = underway_.front();
    const bool is_meant = u.is_tombstone && u.is_for != purpose::lookup;
    if (is_meant && canceller_.of_sent(u.is_for, true) == canceller::fate::cancel)
        cancel_head(u, stop_cause::cancellation, clock::now());
}

void session::cancel_head(unit& u, stop_cause cause, clock::time_point now) {
    u.stopped = cause;
    u.deadline = no_deadline;
    u.ticket = 0;
    canceller_.cancel_head(now);
}

/// Tells the waiter of `u` that it was stopped. What is left in the queue is a tombstone.
void session::give_up(unit& u, stop_cause cause, std::string_view reason, outcome became) {
    unit_ptr told = std::move(u.dependent);
    if (told) {
        fail_stopped(*told, cause, reason, became);
    } else {
        told = std::make_unique<unit>(call_options{}, std::source_location{});
        told->waiting = std::move(u.waiting);
        fail_by(*told, [&] { return stop_error(u, cause, reason, became); });
    }
    finished_.push_back(std::move(told));
    u.is_tombstone = true;
    u.keeps_results = u.is_for == purpose::transaction_id;
    u.deadline = no_deadline;
    u.ticket = 0;
}

std::optional<pq::cancel_request> session::take_cancel() {
    if (!canceller_.take()) return std::nullopt;
    return pq::cancel_request{native_handle()};
}

void session::cancel_ended(clock::time_point now) noexcept {
    canceller_.ended(now, !underway_.empty() && underway_.front().is_stopped());
    finished_.append(std::move(held_));
}

}  // namespace coropg::detail
