// Deadlines and cancellation: who is told, and what the server is asked to end.
#include <coropg/detail/session.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

/// How long what is cancelled, or waited for by nobody any more, may take to end before the connection is given up.
constexpr std::chrono::seconds drain_time{2};
/// How long a cancelled statement may go on before it is cancelled again, and then twice as long each time: the first may
/// have come before the server had read the statement.
constexpr std::chrono::milliseconds patience{50};

/// What ends a transaction is not, lest nobody knew how it ended.
bool may_be_cancelled(const unit& u) { return !u.is_commit && u.ends == ending::none; }

}  // namespace

void session::expire(clock::time_point now) {
    if (drain_deadline_ <= now) return close("the server did not end in time what was cancelled or given up");
    if (cancel_again_ <= now) {
        cancel_again_ = no_deadline;
        cancelling_ = cancel_state::wanted;
    }
    if (first_deadline_ > now) return;
    hear_first();
    if (is_reset_late(now)) return close("the session was not reset in time for its next user");
    stop([now](const unit& u) { return u.deadline <= now; }, stop_cause::timeout, now);
    first_deadline_ = no_deadline;
    for (const unit_queue* units : {&queued_, &underway_})
        units->for_each([this](unit& u) { first_deadline_ = std::min(first_deadline_, u.deadline); });
}

void session::cancel(std::uint64_t ticket, clock::time_point now) {
    const auto is_meant = [ticket](const unit& u) {
        return u.ticket == ticket || (u.dependent && u.dependent->ticket == ticket);
    };
    hear_first();
    stop(is_meant, stop_cause::cancellation, now);
}

/// Ends all that somebody waits for, as `cancel` does.
void session::give_up_all(clock::time_point now) {
    const auto is_awaited = [](const unit& u) { return (u.waiting || u.dependent) && !u.is_stopped() && !u.is_last; };
    hear_first();
    stop(is_awaited, stop_cause::cancellation, now);
}

/// What has ended already, and what has come for those that have not, is to be known before somebody is told otherwise.
void session::hear_first() {
    if (state_ == state::pipelining && !underway_.empty()) receive();
}

template <class Affected>
void session::stop(Affected affected, stop_cause cause, clock::time_point now) {
    const auto is_dropped = [&](const unit& u) { return affected(u) && u.ends == ending::none; };
    queued_.extract_if(is_dropped).for_each([&](unit& u) {
        if (u.is_lookup) --lookups_;
        give_up(u, cause, "not sent", outcome::not_sent);
    });
    queued_.for_each([&](unit& u) {
        if (!affected(u)) return;
        give_up(u, cause, "not sent; the transaction is rolled back", outcome::not_sent);
        u.is_tombstone = false;
        u.end_scope(ending::rollback);
    });

    // Only a statement that runs alone may be cancelled: a cancel hits whatever runs when it arrives.
    if (underway_.size() == 1 && cancelling_ == cancel_state::none && may_be_cancelled(underway_.front())) {
        if (affected(underway_.front())) cancel_head(underway_.front(), cause, now);
        return;
    }
    bool is_left = false;
    underway_.for_each([&](unit& u) {
        if (!affected(u)) return;
        give_up(u, cause,
                u.is_commit ? "COMMIT was sent and is left to the server" : "it was sent and is left to the server",
                outcome::unknown);
        is_left = true;
    });
    if (is_left) limit_drain(now);
}

/// When nobody waits for anything under way, it has to end within the time of a drain, and nothing is sent behind it
/// until then.
void session::limit_drain(clock::time_point now) {
    bool is_awaited = false;
    underway_.for_each([&](const unit& u) { is_awaited = is_awaited || u.waiting || u.dependent || u.is_stopped(); });
    if (!is_awaited) drain_deadline_ = std::min(drain_deadline_, now + drain_time);
}

/// One that was left to the server, for others were on the wire with it, and has outlived them with none behind it: the
/// connection is not to wait for what nobody waits for.
void session::cancel_abandoned() {
    if (state_ != state::pipelining || underway_.size() != 1 || cancelling_ != cancel_state::none) return;
    unit& u = underway_.front();
    if (u.is_tombstone && !u.is_lookup && may_be_cancelled(u)) cancel_head(u, stop_cause::cancellation, clock::now());
}

void session::cancel_head(unit& u, stop_cause cause, clock::time_point now) {
    u.stopped = cause;
    u.deadline = no_deadline;
    u.ticket = 0;
    cancelling_ = cancel_state::wanted;
    drain_deadline_ = now + drain_time;
}

/// Tells the waiter of `u` that it was stopped. What is left in the queue is a tombstone.
void session::give_up(unit& u, stop_cause cause, std::string_view reason, outcome became) {
    unit_ptr told = std::move(u.dependent);
    if (!told) {
        told = std::make_unique<unit>(call_options{}, std::source_location{});
        told->waiting = std::move(u.waiting);
    }
    // A dependent unit is answered already; it waits for what its results consist of.
    const bool is_answered = !told->commands.empty();
    told->fail(stop_error(is_answered ? *told : u, cause, reason, is_answered ? outcome::executed : became));
    finished_.push_back(std::move(told));
    u.is_tombstone = true;
    u.keeps_results = u.is_transaction_id;
    u.deadline = no_deadline;
    u.ticket = 0;
}

std::optional<pq::cancel_request> session::take_cancel() {
    if (cancelling_ != cancel_state::wanted) return std::nullopt;
    cancelling_ = cancel_state::under_way;
    return pq::cancel_request{conn_.get()};
}

void session::cancel_ended(clock::time_point now) {
    const bool head_is_cancelled = !underway_.empty() && underway_.front().is_stopped();
    cancelling_ = head_is_cancelled ? cancel_state::delivered : cancel_state::none;
    if (head_is_cancelled)
        cancel_again_ = now + std::max<clock::duration>(patience, now - (drain_deadline_ - drain_time));
    else
        drain_deadline_ = no_deadline;
    finished_.append(std::move(held_));
}

}  // namespace coropg::detail
