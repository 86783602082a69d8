#include <coropg/detail/session/session.hpp>

#include <coropg/detail/ops/ops.hpp>
#include <coropg/detail/sql/scanner.hpp>
#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/sqlstate.hpp>

#include "../hang_up.hpp"
#include "reports.hpp"

#include <algorithm>

namespace coropg::detail {

namespace {

/// Units on the wire at a time. More would not keep the server busier, but be told "outcome not known" when the
/// connection is lost, and run unnamed while the Parse of the first of them is under way.
constexpr std::size_t max_underway = 128;
/// Of what came while nothing was under way; a server that talks without end must not keep the caller.
constexpr int most_reads = 64;
/// A statement that comes sooner after the last one that found the connection idle is part of a busy run.
constexpr std::chrono::microseconds idle_after{200};

constexpr std::string_view foreign_encoding =
    "client_encoding was set to another one than UTF8, which values and quoting rely on";
constexpr std::string_view out_of_step =
    "the answers do not belong to the statements: a pooler may have mixed up its clients (see docs/poolers.md)";
const char* const malformed = "the server's answer does not fit the protocol: ";

/// A COMMIT by hand that a constraint or a conflict has refused, which ends the transaction.
bool has_failed_to_commit(const unit& u) {
    if (u.within || u.failed_command >= u.commands.size()) return false;
    const bool is_refused = u.sqlstate().starts_with("23") || u.sqlstate().starts_with("40");
    return is_refused && scan_sql(u.text_of(u.commands[u.failed_command]).sql).ends_transaction;
}

}  // namespace

void session::submit(unit_ptr&& u) noexcept {
    if (u->group) unit_group::enter(*u);
    if (is_observed()) u->started = clock::now();
    if (wire_.is_left()) close(of_parent, ending::by_program);
    hear_after_idling();
    if (state_ == state::closed) {
        if (u->ends_scope() && !u->within->ended) transactions_.leave(*u->within);
        return fail_closed(std::move(u), false);
    }
    try {
        if (const statement_text* const text = record_ ? u->site_text() : nullptr)
            record_->note(text->is_composed ? without_values(text->sql) : text->sql);
        if (const char* const problem = transactions_.refusal(u->is_for, u->within.get()))
            throw usage_error{problem, u->site()};
        if (u->is_for == purpose::commit) ask_for_transaction_id(*u);
    } catch (...) {
        u->fail(std::current_exception());
        return finish(std::move(u));
    }
    if (u->ends_scope()) transactions_.leave(*u->within);
    canceller_.expect(u->deadline);
    const bool may_be_late = u->may_be_late;
    const bool may_move = u->may_move;
    queued_.push_back(std::move(u));
    if (may_be_late) expire(clock::now());
    if (may_move) send_away();
}

want session::wants() const noexcept {
    switch (state_) {
        case state::closed: return want::nothing;
        case state::exclusive: return exclusive_wants_;
        case state::pipelining: break;
    }
    const bool may_read = !underway_.empty() && !underway_.front().holds_back();
    // While it flushes, a server that waits for us to read must not be kept waiting.
    if (wire_.is_full()) return may_read ? want::both : want::write;
    return may_read ? want::read : want::nothing;
}

void session::advance(want ready) noexcept {
    if (wire_.is_left()) return close(of_parent, ending::by_program);
    const bool is_supplied = exclusive_caller_ != nullptr && exclusive_caller_->is_ready();
    if (state_ == state::exclusive && (is_supplied || has(ready, exclusive_wants_)))
        guard(*this, [this] { resume_exclusive(); });
    else if (state_ == state::pipelining && has(ready, want::read))
        receive();
    send();
}

bool session::is_quiet() const noexcept {
    return state_ == state::pipelining && !changes_.is_dirty() && queued_.empty() && underway_.empty() &&
           !transactions_.current() && canceller_.is_idle() && !inbox_.has_handler() && wire_.is_at_rest();
}

bool session::has_leftovers() const noexcept {
    return !underway_.empty() || !canceller_.is_idle() || !wire_.is_at_rest();
}

// ---------------------------------------------------------------------------------------------------- sending

void session::send() noexcept {
    guard(*this, [this] {
        if (wire_.is_full()) wire_.flush();
        cancel_abandoned();
        while (state_ == state::pipelining && !wire_.is_full()) {
            const bool is_unit_open = !underway_.empty() && !underway_.back().sync_sent;
            if (is_unit_open) {
                if (wire_.awaits_answers(underway_.back())) break;
                if (!wire_.feed(underway_.back())) return lose();
                deallocate_evicted();
            } else if (may_go_on()) {
                take_next();
            } else {
                break;
            }
        }
        if (state_ == state::pipelining && wire_.has_unflushed()) wire_.flush();
    });
    spares_.clean_up();
}

/// Whether the turn of the queue's head has come.
bool session::may_go_on() {
    if (queued_.empty() || underway_.size() >= max_underway) return false;
    if (transactions_.is_beginning() || !canceller_.may_send()) return false;
    if (!underway_.empty() && underway_.back().is_streamed()) return false;
    const unit& head = queued_.front();
    if (begins_transaction(head) && may_begin_by_hand(underway_)) return false;
    if (head.exclusive && !underway_.empty()) {
        if (head.is_for == purpose::farewell) limit_wait(clock::now());
        return false;
    }
    return !head.parameters.has_unresolved() || (!types_.is_looking_up() && !may_alter_types(underway_));
}

/// Begins the queue's head, unless it ends here or waits for a lookup of its types. Its scope is opened last: a lookup
/// goes before BEGIN.
void session::take_next() {
    unit& u = queued_.front();
    if (ends_unsent(u)) return finish(queued_.pop_front());
    if (u.parameters.has_unresolved() && !fill_types(u)) return;
    if (u.within && !open(u)) return finish(queued_.pop_front());
    if (u.exclusive) return start_exclusive();
    if (u.changes != session_change::none) note_change(u);
    underway_.push_back(queued_.pop_front());
}

/// Statements that left the cache are dropped on the server by units that nobody waits for. Not in a transaction, which
/// could have failed.
void session::deallocate_evicted() {
    if (!wire_.statements().has_evicted() || transactions_.is_open() || may_begin_by_hand(underway_)) return;
    for (const std::string& name : wire_.statements().take_evicted()) {
        queued_.push_front(own_unit("DEALLOCATE \"" + name + "\""));
    }
}

// --------------------------------------------------------------------------------------------------- receiving

/// The server may have ended the connection while nothing was under way. Who reads that first, knows that the statement
/// was not sent. Within a busy run that would cost a system call for each statement.
void session::hear_after_idling() noexcept {
    if (state_ != state::pipelining || !underway_.empty() || !queued_.empty()) return;
    const clock::time_point now = clock::now();
    if (now - std::exchange(woken_, now) < idle_after) return;
    // The end of the connection may stand behind notices.
    for (int left = most_reads; left > 0 && state_ == state::pipelining && is_readable(socket()); --left) receive();
}

void session::receive() noexcept try {
    if (state_ != state::pipelining) return;
    if (wire_.is_left()) return close(of_parent, ending::by_program);
    const bool is_alive = wire_.read();
    while (state_ == state::pipelining && !underway_.empty()) {
        unit& head = underway_.front();
        switch (wire_.next(head)) {
            case wire::event::rows: on_rows(head); continue;
            case wire::event::answer: on_answer(head); continue;
            case wire::event::sync: on_sync(); continue;
            case wire::event::copy: refuse_copy(head); continue;
            case wire::event::out_of_step: close(out_of_step); continue;
            case wire::event::malformed: close(malformed + wire_.complaint()); continue;
            case wire::event::nothing: break;
        }
        break;
    }
    if (state_ == state::pipelining && (!is_alive || wire_.is_lost())) return lose();
    if (state_ == state::pipelining && !wire_.take_unasked(!underway_.empty())) return close(out_of_step);
    if (state_ == state::pipelining && !wire_.last_words().empty()) lose();
} catch (const std::bad_alloc& e) {
    close(text_of(e));
} catch (const std::exception& e) {
    guard(*this, [&] { close(std::string{"the answer to a question of the driver cannot be read: "} + text_of(e)); });
} catch (...) {
    close(unknown_exception);
}

void session::on_rows(unit& u) {
    result some = wire_.take_rows();
    if (!u.is_streamed()) return;  // nobody wants them any more
    types_.note_types(u, some);
    u.receiver->rows(u, u.answered - u.opening_commands, std::move(some));
}

void session::on_answer(unit& u) {
    command& c = u.commands[u.answered];
    note_tag(u, c);
    if (u.keeps_results && c.is_wanted) types_.note_types(u, c.answer);
    hand_over(u, c);
}

/// Hands over a result before the Sync if it can: it takes far more memory than the values read from it. One with
/// columns of unknown types cannot be read yet.
void session::hand_over(unit& u, command& c) {
    const bool is_kept = u.keeps_results && c.is_wanted;
    const bool is_own = u.answered >= u.opening_commands;
    if (is_kept && (!u.receiver || !is_own || !u.unknown_types.empty())) return;
    const bool is_counted = !u.keeps_results || u.started != clock::time_point{};
    if (is_counted) u.affected_rows += c.answer.affected_rows();
    if (is_kept) u.receiver->answer(u, u.answered - u.opening_commands);
    c.answer = {};
}

void session::on_sync() {
    unit_ptr u = underway_.pop_front();
    if (underway_.empty()) canceller_.emptied();
    try {
        learn_from(std::move(u));
    } catch (...) {
        if (!u) throw;
        if (!u->failed() && !u->unknown_types.empty()) u->fail(std::current_exception());
        finish(std::move(u));
        throw;
    }
}

/// Notes what the end of a unit tells of the session, and ends the unit, or has something done for it before. What this
/// throws closes the connection.
void session::learn_from(unit_ptr&& u) {
    if (!wire_.speaks_utf8()) {
        finish(std::move(u));
        return close(foreign_encoding);
    }
    types_.settle(u->alters, wire_.is_at_rest());
    if (u->failed()) {
        if (u->is_for == purpose::reset) refuse_behind_reset(*u);
        forget_what_broke(*u);
        note_refused_write(*u);
        if (has_failed_to_commit(*u)) transactions_.tagged("ROLLBACK");
        if (is_to_be_replayed(*u)) return replay(std::move(u));
    }
    if (u->within)
        note_scope(*u);
    else if (u->is_for == purpose::statements && underway_.empty())
        transactions_.settled(!wire_.is_at_rest());
    if (u->unknown_types.empty() || u->failed()) return finish(std::move(u));
    const std::vector<oid> unknown = u->unknown_types;
    const unit& asking = *u;
    look_up({}, unknown, std::move(u), asking);
}

/// libpq cannot leave COPY in pipeline mode, so the connection ends here. SQL that begins with COPY never gets this
/// far.
void session::refuse_copy(unit& u) {
    u.fail(std::make_exception_ptr(
        usage_error{"COPY moves data of its own: use copy_in or copy_out; the connection is closed",
                    u.site_of(u.answered), outcome::not_executed}));
    close("a statement began a COPY");
}

// --------------------------------------------------------------------------------------------------- exclusive work

void session::start_exclusive() {
    if (!wire_.leave_pipeline()) return wire_.is_lost() ? lose() : close(out_of_step);
    note_change(queued_.front());
    state_ = state::exclusive;
    underway_.push_back(queued_.pop_front());
    unit& u = underway_.front();
    u.sync_sent = true;
    u.running.emplace(u.exclusive(native_handle(), u));
    resume_exclusive();
}

void session::resume_exclusive() {
    unit& u = underway_.front();
    if (const std::optional<wish> w = u.running->resume()) {
        exclusive_wants_ = w->readiness;
        exclusive_caller_ = w->caller;
    } else {
        end_exclusive();
    }
}

void session::end_exclusive() {
    unit& u = underway_.front();
    std::string complaint;
    try {
        u.running->take();
    } catch (const ops::malformed_answer& e) {
        complaint = std::string{malformed} + e.what();
    } catch (const errors::query_canceled&) {
        u.fail(u.is_stopped() ? cancelled_error(u) : std::current_exception());
    } catch (...) {
        u.fail(std::current_exception());
    }
    exclusive_wants_ = want::nothing;
    exclusive_caller_ = nullptr;
    state_ = state::pipelining;
    if (u.is_for != purpose::farewell && wire_.is_lost()) return lose();
    if (!complaint.empty()) return close(complaint);
    if (u.within)
        note_scope(u);
    else
        transactions_.settled(!wire_.is_at_rest());
    const bool is_last = u.is_for == purpose::farewell;
    if (wire_.is_at_rest()) types_.undo();  // a script may have rolled back
    types_.settle(u.alters, wire_.is_at_rest());
    finish(underway_.pop_front());
    if (is_last) return close("closed by close()", ending::by_program);
    if (!wire_.enter_pipeline()) return lose();
    if (!wire_.speaks_utf8()) close(foreign_encoding);
}

}  // namespace coropg::detail
