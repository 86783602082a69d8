#include <coropg/detail/session.hpp>
#include <coropg/detail/type_lookup.hpp>
#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>
#include <coropg/sqlstate.hpp>

#include <algorithm>
#include <span>

namespace coropg::detail {

namespace {

/// How much a large unit writes before it asks whether the socket took it. With 8 KiB in its buffer libpq tries to send
/// at the end of each message, whether the socket is full or not.
constexpr std::size_t flush_bytes = 8 * 1024;
/// What a statement writes beside its SQL and its parameters: Bind, Describe and Execute; and for each parameter its
/// format and its length.
constexpr std::size_t statement_bytes = 75;
constexpr std::size_t parameter_bytes = 6;

/// Units on the wire at a time. More would not keep the server busier, but be told "outcome not known" when the
/// connection is lost, and run unnamed while the Parse of the first of them is under way.
constexpr std::size_t max_underway = 128;
/// Statements of one unit on the wire at a time. libpq keeps 32 bytes for each, and without a limit only the buffers of
/// the kernel would limit them: by TCP they take 500,000 small statements, 16 MB. This many are 0.1 s of work or more,
/// and their answers far more than the 8 KiB that a server may hold back until the Sync.
constexpr std::size_t max_unanswered = 32 * 1024;
/// Once for a statement that broke, once for a type.
constexpr int max_replays = 2;
/// Units kept for reuse.
constexpr std::size_t max_spare = 64;

/// Whether answers have to come before more of the unit is sent.
bool is_full(const unit& u) {
    const bool has_ended = u.failed() || u.is_stopped() || u.is_tombstone;
    return !has_ended && u.sent < u.commands.size() && u.sent - u.answered >= max_unanswered;
}

constexpr int binary_results = 1;

std::exception_ptr cancelled(const unit& u) {
    return stop_error(u, u.stopped, "the server cancelled the statement", outcome::failed);
}

/// Of a unit that was sent on a connection that is lost. Until its Sync is sent, nothing of it can be stored; within a
/// transaction, nothing before COMMIT.
outcome lost_outcome(const unit& u) {
    const bool decided = u.is_commit || (!u.within && u.sync_sent);
    return decided ? outcome::unknown : outcome::not_executed;
}

bool is_observed() {
    return current_observer() != nullptr || slow_query_threshold().count() > 0 || should_log(log_level::debug);
}

std::string_view described(outcome became) {
    switch (became) {
        case outcome::not_sent: return "the statement was not sent";
        case outcome::unknown: return "the statement was sent, its outcome is not known";
        default: return "the statement has no effect";
    }
}

/// Whether a type that `u` sends was dropped, or made anew with another OID.
bool is_of_wrong_type(const unit& u) {
    const std::string_view code = u.sqlstate();
    const bool vanished =
        code == sqlstate::internal_error && u.server_message().starts_with("cache lookup failed for type");
    return vanished || code == sqlstate::undefined_object || code == sqlstate::datatype_mismatch;
}

}  // namespace

session::session(pq::connection conn) : conn_{std::move(conn)} {
    PQsetnonblocking(conn_.get(), 1);
    PQsetNoticeReceiver(conn_.get(), take_notice, this);
    PQenterPipelineMode(conn_.get());
}

session::~session() = default;

unit_ptr session::make_unit(call_options options, std::source_location where, const std::shared_ptr<scope>& within) {
    if (spare_.empty()) return std::make_unique<unit>(options, where, within);
    unit_ptr u = spare_.pop_front();
    u->begin(options, where, within);
    return u;
}

void session::recycle(unit_ptr&& u) noexcept {
    if (u->has_problem()) u->start_over();  // an error does not outlive its statement, to be freed by another's thread
    if (!u->is_foreign && used_.size() + spare_.size() < max_spare && u->is_small()) used_.push_back(std::move(u));
}

void session::clean_up() noexcept {
    while (!used_.empty()) {
        unit_ptr u = used_.pop_front();
        u->clear();
        spare_.push_front(std::move(u));
    }
}

void session::submit(unit_ptr&& u) {
    if (is_observed()) u->started = clock::now();
    if (record_ && !u->commands.empty()) record_->note(u->site_sql());
    if (u->group) unit_group::enter(*u);
    if (state_ == state::closed) {
        if (u->ends != ending::none && !u->within->ended) leave(*u->within);
        return fail_closed(std::move(u), false);
    }
    if (!admit(*u)) return finish(std::move(u));
    if (u->ends == ending::commit) ask_for_transaction_id(*u);
    if (u->ends != ending::none) leave(*u->within);
    first_deadline_ = std::min(first_deadline_, u->deadline);
    const bool may_be_late = u->may_be_late;
    queued_.push_back(std::move(u));
    if (may_be_late) expire(clock::now());
}

want session::wants() const noexcept {
    switch (state_) {
        case state::closed: return want::nothing;
        case state::exclusive: return exclusive_wants_;
        case state::pipelining: break;
    }
    // While it flushes, a server that waits for us to read must not be kept waiting.
    if (unflushed_) return want::both;
    return underway_.empty() ? want::nothing : want::read;
}

void session::advance(want ready) {
    if (state_ == state::exclusive && has(ready, exclusive_wants_))
        resume_exclusive();
    else if (state_ == state::pipelining && has(ready, want::read))
        receive();
    send();
}

// ---------------------------------------------------------------------------------------------------- sending

void session::send() {
    if (unflushed_) flush();
    cancel_abandoned();
    while (state_ == state::pipelining && !unflushed_) {
        const bool is_unit_open = !underway_.empty() && !underway_.back().sync_sent;
        if (is_unit_open) {
            if (is_full(underway_.back())) break;
            if (!feed(underway_.back())) return lose();
            deallocate_evicted();
        } else if (may_go_on()) {
            take_next();
        } else {
            break;
        }
    }
    if (state_ == state::pipelining && unflushed_bytes_ > 0) flush();
    clean_up();
}

/// Whether the turn of the queue's head has come.
bool session::may_go_on() {
    if (queued_.empty() || underway_.size() >= max_underway) return false;
    if (beginning_ || cancelling_ != cancel_state::none || drain_deadline_ != no_deadline) return false;
    const unit& head = queued_.front();
    if (head.exclusive && !underway_.empty()) {
        if (head.is_last) limit_drain(clock::now());
        return false;
    }
    return lookups_ == 0 || !head.parameters.has_unresolved();
}

/// Begins the queue's head, unless it ends here or waits for a lookup of its types. Its scope is opened last: a lookup
/// goes before BEGIN.
void session::take_next() {
    unit& u = queued_.front();
    if (u.within) refuse_behind_failed_begin(u);
    if (u.failed() || has_nothing_to_end(u)) return finish(queued_.pop_front());
    if (u.parameters.has_unresolved() && !resolve_types(u)) return;
    if (u.within) open(u);
    if (u.exclusive) return start_exclusive();
    if (u.changes != session_change::none) note_change(u);
    underway_.push_back(queued_.pop_front());
}

/// Sends as much of a unit as the socket takes, and its Sync behind it. False when the connection is lost.
bool session::feed(unit& u) {
    PGconn* const conn = conn_.get();
    while (u.sent < u.commands.size()) {
        if (u.failed()) break;  // the server skips everything up to the Sync
        if (u.is_stopped() || u.is_tombstone) {
            // What is sent must not be committed without the rest: a portal that does not exist is an error.
            if (PQsendDescribePortal(conn, "coropg: the rest timed out") != 1) return false;
            break;
        }
        if (!send_command(u, u.commands[u.sent])) return false;
        ++u.sent;
        if (is_full(u)) return true;
        if (unflushed_bytes_ < flush_bytes) continue;
        flush();
        if (unflushed_) return true;
    }
    if (!pq::send_sync(conn)) return false;
    u.sync_sent = true;
    ++unflushed_bytes_;
    return true;
}

/// Parse and its Execute travel in the same flush.
bool session::send_command(unit& u, command& c) {
    using way = statement_cache::plan::way;
    u.parameters.fill(arrays_, c.first_parameter, c.parameter_count);
    const std::span types = std::span{arrays_.types}.first(c.parameter_count);
    unflushed_bytes_ += statement_bytes + parameter_bytes * c.parameter_count;
    for (const int length : std::span{arrays_.lengths}.first(c.parameter_count))
        unflushed_bytes_ += static_cast<std::size_t>(length);

    PGconn* const conn = conn_.get();
    const int n = static_cast<int>(c.parameter_count);
    const std::string_view sql = u.text_of(c).sql;
    const statement_cache::plan plan = cache_.next(u, c, types);
    if (plan.how != way::run) unflushed_bytes_ += sql.size();
    if (plan.how == way::unnamed)
        return PQsendQueryParams(conn, sql.data(), n, types.data(), arrays_.values.data(), arrays_.lengths.data(),
                                 arrays_.formats.data(), binary_results) == 1;
    if (plan.how == way::parse_and_run) {
        c.with_parse = true;
        if (PQsendPrepare(conn, plan.name, sql.data(), n, types.data()) != 1) return false;
    }
    return PQsendQueryPrepared(conn, plan.name, n, arrays_.values.data(), arrays_.lengths.data(),
                               arrays_.formats.data(), binary_results) == 1;
}

/// Statements that left the cache are dropped on the server by units that nobody waits for. Not in a transaction, which
/// could have failed.
void session::deallocate_evicted() {
    if (!cache_.has_evicted() || transaction_ != nullptr || in_transaction_by_hand_) return;
    for (const std::string& name : cache_.take_evicted()) {
        auto u = std::make_unique<unit>(call_options{.prepare = prepare::never}, std::source_location{});
        const unchecked_sql sql{"DEALLOCATE \"" + name + "\""};
        u->add(sql_view{sql}, 0);
        queued_.push_front(std::move(u));
    }
}

void session::flush() {
    unflushed_bytes_ = 0;
    // A broken socket is reported by the next read, behind what the server had to say before.
    unflushed_ = PQflush(conn_.get()) == 1;
}

// --------------------------------------------------------------------------------------------------- receiving
//
// What libpq hands out for one unit:
//
//     unit     = { [ answer of Parse ] answer } [ FATAL_ERROR NULL ] PIPELINE_SYNC
//     answer   = ( TUPLES_OK | COMMAND_OK | EMPTY_QUERY | FATAL_ERROR | PIPELINE_ABORTED ) NULL
//
// The error before PIPELINE_SYNC belongs to the Sync itself: a deferred constraint, checked by the implicit commit.
// There is no NULL behind PIPELINE_SYNC. Behind a lost connection NULL comes for ever.

void session::receive() {
    PGconn* const conn = conn_.get();
    const bool alive = PQconsumeInput(conn) == 1;
    while (state_ == state::pipelining && !underway_.empty()) {
        unit& head = underway_.front();
        const bool awaits_answer = head.answered < head.sent || head.sync_sent;
        if (!awaits_answer || PQisBusy(conn) == 1) break;
        if (pq::result r{PQgetResult(conn)})
            on_result(head, std::move(r));
        else if (PQstatus(conn) == CONNECTION_BAD)
            break;
        else
            end_answer(head);
    }
    if (state_ == state::pipelining && (!alive || PQstatus(conn) == CONNECTION_BAD)) lose();
}

/// A command that was sent with its Parse has two answers.
void session::end_answer(unit& u) {
    if (u.answered == u.sent) return;
    u.parse_answered = u.awaits_parse();
    if (!u.parse_answered) ++u.answered;
}

void session::on_result(unit& u, pq::result&& r) {
    switch (PQresultStatus(r.get())) {
        case PGRES_PIPELINE_SYNC: return on_sync(std::move(r));
        case PGRES_PIPELINE_ABORTED:
            if (u.awaits_parse()) cache_.parsed(u, u.commands[u.answered], false);
            return;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH: return refuse_copy(u);
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE:
            if (!u.failed()) u.fail(u.answered, std::move(r));
            if (u.awaits_parse())
                // The name is a hash of the statement: who has it already, has this statement.
                cache_.parsed(u, u.commands[u.answered], u.sqlstate() == sqlstate::duplicate_prepared_statement);
            return;
        default: return on_answer(u, std::move(r));
    }
}

void session::on_answer(unit& u, pq::result&& r) {
    command& c = u.commands[u.answered];
    if (u.awaits_parse()) return cache_.parsed(u, c, true);
    note_command(u, PQcmdStatus(r.get()));
    c.answer = result{std::move(r)};
    if (u.keeps_results && c.is_wanted) note_types(u, c.answer);
    hand_over(u, c);
}

/// What need not be kept until the Sync is not: a result takes far more memory than what is read from it. One with
/// columns of unknown types cannot be read yet.
void session::hand_over(unit& u, command& c) {
    const bool is_kept = u.keeps_results && c.is_wanted;
    const bool is_own = u.answered >= u.opening_commands;
    if (is_kept && (!u.taker || !is_own || !u.unknown_types.empty())) return;
    const bool is_counted = !u.keeps_results || u.started != clock::time_point{};
    if (is_counted) u.affected_rows += c.answer.affected_rows();
    if (is_kept) u.taker->take(u, u.answered - u.opening_commands);
    c.answer = {};
}

/// Someone may say BEGIN in SQL, which is theirs to end. What a unit has stored on its way is not done again.
void session::note_command(unit& u, std::string_view tag) {
    if ((tag == "DISCARD ALL" || tag == "DEALLOCATE ALL") && !u.is_reset) cache_.forget_ready();
    if (u.within) return;
    if (tag == "COMMIT" || tag == "PREPARE TRANSACTION" || tag == "CALL" || tag == "DO") u.replays = max_replays;
    if (tag == "BEGIN" || tag == "START TRANSACTION") in_transaction_by_hand_ = true;
    if (tag == "COMMIT" || tag == "ROLLBACK" || tag == "PREPARE TRANSACTION") in_transaction_by_hand_ = false;
}

void session::on_sync(pq::result&& r) {
    unit_ptr u = underway_.pop_front();
    if (underway_.empty() && cancelling_ == cancel_state::none) drain_deadline_ = no_deadline;
    u->sync = std::move(r);
    if (u->failed()) {
        if (u->is_reset) refuse_behind_reset(*u);
        forget_what_broke(*u);
        note_refused_write(*u);
    }
    if (u->within) note_scope(*u);
    if (is_to_be_replayed(*u)) return replay(std::move(u));
    if (u->unknown_types.empty() || u->failed()) return finish(std::move(u));
    const std::vector<oid> unknown = std::move(u->unknown_types);
    const unit& asking = *u;
    look_up({}, unknown, std::move(u), asking);
}

/// A unit that failed for what the session knew wrongly of the server's types and prepared statements: nothing of it was
/// executed. In a transaction it is too late, for that has failed; and into one that was begun behind it, it does not
/// belong.
bool session::is_to_be_replayed(const unit& u) const {
    if (u.replays >= max_replays || u.is_stopped() || u.is_tombstone) return false;
    if (u.within || transaction_ != nullptr || in_transaction_by_hand_) return false;
    return u.broken_plan() || (u.sends_user_types && is_of_wrong_type(u));
}

void session::replay(unit_ptr&& u) {
    // Without a name: behind a pooler, the next server connection may not have the statement either.
    if (u->broken_plan()) u->preparing = prepare::never;
    u->start_over();
    ++u->replays;
    queued_.push_front(std::move(u));
}

/// libpq cannot leave COPY in pipeline mode, so the connection ends here. SQL that begins with COPY never gets this
/// far.
void session::refuse_copy(unit& u) {
    u.fail(std::make_exception_ptr(
        usage_error{"COPY moves data of its own: use copy_in or copy_out; the connection is closed",
                    u.site_of(u.answered), outcome::not_executed}));
    close("a statement began a COPY");
}

/// What is known of the statements and types of a unit that failed for them is looked up anew at their next use. A type
/// that was dropped and made anew has another OID.
void session::forget_what_broke(unit& u) {
    if (u.sends_user_types && (u.sqlstate().starts_with("42") || u.sqlstate().starts_with("XX"))) forget_type_names();
    const bool vanished = u.sqlstate() == sqlstate::invalid_sql_statement_name;
    if (!vanished && u.sqlstate() != sqlstate::feature_not_supported) return;
    for (const command& c : u.commands) cache_.forget(u, c);
    if (vanished) cache_.take_evicted();
}

// --------------------------------------------------------------------------------------------------- exclusive work

void session::start_exclusive() {
    PQexitPipelineMode(conn_.get());
    note_change(queued_.front());
    state_ = state::exclusive;
    underway_.push_back(queued_.pop_front());
    unit& u = underway_.front();
    u.sync_sent = true;
    u.running.emplace(u.exclusive(conn_.get(), u));
    resume_exclusive();
}

void session::resume_exclusive() {
    unit& u = underway_.front();
    if (const std::optional<wish> w = u.running->resume())
        exclusive_wants_ = w->readiness;
    else
        end_exclusive();
}

void session::end_exclusive() {
    unit& u = underway_.front();
    try {
        u.running->take();
    } catch (const errors::query_canceled&) {
        u.fail(u.is_stopped() ? cancelled(u) : std::current_exception());
    } catch (...) {
        u.fail(std::current_exception());
    }
    exclusive_wants_ = want::nothing;
    state_ = state::pipelining;
    if (!u.is_last && PQstatus(conn_.get()) != CONNECTION_OK) return lose();
    if (u.within)
        note_scope(u);
    else
        in_transaction_by_hand_ = PQtransactionStatus(conn_.get()) != PQTRANS_IDLE;
    const bool is_last = u.is_last;
    finish(underway_.pop_front());
    if (is_last) return close("closed by close()");
    if (PQenterPipelineMode(conn_.get()) != 1) lose();
}

// ----------------------------------------------------------------------------------------------------- the end

void session::finish(unit_ptr&& u) {
    if (u->is_stopped()) {
        if (cancelling_ != cancel_state::under_way) {
            cancelling_ = cancel_state::none;
            drain_deadline_ = no_deadline;
        }
        cancel_again_ = no_deadline;
        const bool half_sent = u->sent < u->commands.size() && !u->exclusive;
        if (!u->has_problem() && (half_sent || u->sqlstate() == sqlstate::query_canceled)) u->fail(cancelled(*u));
    }
    if (u->is_reset) --resets_;
    if (u->is_lookup) return end_lookup(std::move(u));
    if (u->started != clock::time_point{} && !u->commands.empty()) report(*u);
    // A cancel that is still on its way may hit what is sent next, or go with a connection that is given away.
    (cancelling_ == cancel_state::under_way ? held_ : finished_).push_back(std::move(u));
}

void session::lose() {
    const unit* const head = underway_.empty() ? nullptr : &underway_.front();
    std::string reason = pq::last_message(conn_.get());
    if (head != nullptr && !head->server_message().empty()) reason = head->server_message();
    log(log_level::error, "connection lost: " + reason);
    close(reason);
}

void session::close(std::string_view reason) {
    if (state_ == state::closed) return;
    state_ = state::closed;
    closed_because_ = reason;
    unflushed_ = false;
    cancelling_ = cancel_state::none;
    drain_deadline_ = cancel_again_ = no_deadline;
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

void session::fail_closed(unit_ptr&& u, bool sent) {
    const outcome became = sent ? lost_outcome(*u) : outcome::not_sent;
    if (u->is_stopped()) {
        u->fail(stop_error(*u, u->stopped, "the cancelled statement did not end and the connection is closed", became));
    } else if (!u->has_problem()) {
        const std::string text = std::string{"the connection is closed: "}.append(closed_because_).append("; ");
        if (u->is_commit && became == outcome::unknown) {
            const auto id = u->within ? u->within->transaction_id : std::nullopt;
            u->fail(std::make_exception_ptr(
                commit_in_doubt{text + "COMMIT was sent, its answer did not come", u->site(), id}));
        } else {
            u->fail(std::make_exception_ptr(
                connection_error{std::string{text}.append(described(became)), u->site(), became}));
        }
    }
    finish(std::move(u));
}

}  // namespace coropg::detail
