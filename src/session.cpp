#include <coropg/detail/session.hpp>
#include <coropg/detail/type_lookup.hpp>
#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>
#include <coropg/sqlstate.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

/// How long what is cancelled, or waited for by nobody any more, may take to end before the connection is given up.
constexpr std::chrono::seconds drain_time{2};
/// How much a large unit writes before it asks whether the socket took it: about as much as libpq ever holds back.
constexpr std::size_t flush_bytes = 64 * 1024;
/// What a statement writes beside its SQL and its parameters: Bind, Describe and Execute.
constexpr std::size_t overhead_bytes = 96;

/// Units on the wire at a time. More would not keep the server busier, but be told "outcome not known" when the
/// connection is lost, and run unnamed while the Parse of the first of them is under way.
constexpr std::size_t max_underway = 128;
/// Once for a statement that broke, once for a type.
constexpr int max_replays = 2;
/// Units kept for reuse.
constexpr std::size_t max_spare = 64;

constexpr int binary_results = 1;

/// How long a cancelled statement may go on before it is cancelled again, and then twice as long each time: the first may
/// have come before the server had read the statement.
constexpr std::chrono::milliseconds patience{50};

/// What its waiter is told of a unit that was stopped.
std::exception_ptr stopped(const unit& u, stop_cause cause, std::string_view reason, outcome became) {
    const std::string text =
        (cause == stop_cause::timeout ? "timeout; " : "cancelled by the program; ") + std::string{reason};
    if (u.is_commit && became == outcome::unknown) {
        const auto id = u.within ? u.within->transaction_id : std::nullopt;
        return std::make_exception_ptr(commit_in_doubt{text, u.site(), id});
    }
    if (cause == stop_cause::timeout) return std::make_exception_ptr(query_timeout{text, u.site(), became});
    return std::make_exception_ptr(operation_aborted{text, u.site(), became});
}

std::exception_ptr cancelled(const unit& u) {
    return stopped(u, u.stopped, "the server cancelled the statement", outcome::failed);
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

/// What ends a transaction is not, lest nobody knew how it ended.
bool may_be_cancelled(const unit& u) { return !u.is_commit && u.ends == ending::none; }

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
        const bool unit_open = !underway_.empty() && !underway_.back().sync_sent;
        if (!unit_open) {
            if (queued_.empty() || underway_.size() >= max_underway) break;
            if (beginning_ || cancelling_ != cancel_state::none || drain_deadline_ != no_deadline) break;
            if (queued_.front().within && !open(queued_.front())) continue;
            if (queued_.front().exclusive) {
                if (!underway_.empty()) {
                    if (queued_.front().is_last) limit_drain(clock::now());
                    break;
                }
                start_exclusive();
                continue;
            }
            if (queued_.front().parameters.has_unresolved()) {
                if (lookups_ > 0) break;
                if (!resolve_types(queued_.front())) continue;
            }
            if (queued_.front().changes != session_change::none) note_change(queued_.front());
            underway_.push_back(queued_.pop_front());
        }
        if (!feed(underway_.back())) return lose();
        deallocate_evicted();
    }
    if (state_ == state::pipelining && unflushed_bytes_ > 0) flush();
    clean_up();
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
    unflushed_bytes_ += overhead_bytes;
    for (const int length : arrays_.lengths) unflushed_bytes_ += static_cast<std::size_t>(length);

    PGconn* const conn = conn_.get();
    const int n = static_cast<int>(c.parameter_count);
    const statement_cache::plan plan = cache_.next(c, u.parameters, u.preparing);
    if (plan.how != way::run) unflushed_bytes_ += c.sql.size();
    if (plan.how == way::unnamed)
        return PQsendQueryParams(conn, c.sql.data(), n, arrays_.types.data(), arrays_.values.data(),
                                 arrays_.lengths.data(), arrays_.formats.data(), binary_results) == 1;
    if (plan.how == way::parse_and_run) {
        c.with_parse = true;
        if (PQsendPrepare(conn, plan.name, c.sql.data(), n, arrays_.types.data()) != 1) return false;
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
            if (u.awaits_parse()) cache_.parsed(u.commands[u.answered], u.parameters, false);
            return;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH: return refuse_copy(u);
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE:
            if (!u.failed()) u.fail(u.answered, std::move(r));
            if (u.awaits_parse())
                // The name is a hash of the statement: who has it already, has this statement.
                cache_.parsed(u.commands[u.answered], u.parameters,
                              u.sqlstate() == sqlstate::duplicate_prepared_statement);
            return;
        default: return on_answer(u, std::move(r));
    }
}

void session::on_answer(unit& u, pq::result&& r) {
    command& c = u.commands[u.answered];
    if (u.awaits_parse()) return cache_.parsed(c, u.parameters, true);
    if (PQresultStatus(r.get()) == PGRES_COMMAND_OK) note_command(u, PQcmdStatus(r.get()));
    result answer{std::move(r)};
    if (!u.keeps_results || !c.is_wanted) {
        u.affected_rows += answer.affected_rows();
        return;
    }
    note_types(u, answer);
    c.answer = std::move(answer);
}

/// Someone may say BEGIN in SQL, which is theirs to end.
void session::note_command(const unit& u, std::string_view tag) {
    if ((tag == "DISCARD ALL" || tag == "DEALLOCATE ALL") && !u.is_reset) cache_.clear();
    if (u.within) return;
    if (tag == "BEGIN" || tag == "START TRANSACTION") in_transaction_by_hand_ = true;
    if (tag == "COMMIT" || tag == "ROLLBACK" || tag == "PREPARE TRANSACTION") in_transaction_by_hand_ = false;
}

/// Who has not asked for a read-only transaction, has expected a server that takes writes.
void session::note_refused_write(const unit& u) {
    if (u.sqlstate() != sqlstate::read_only_sql_transaction || in_transaction_by_hand_) return;
    const auto is_read_only = [](const std::string& opening) {
        return opening.find(" READ ONLY") != std::string::npos;
    };
    if (!u.within || std::ranges::none_of(u.within->root()->opening, is_read_only)) takes_no_writes_ = true;
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
/// executed. In a transaction it is too late, for that has failed.
bool session::is_to_be_replayed(const unit& u) const {
    if (u.replays >= max_replays || u.is_stopped() || u.is_tombstone || u.within || in_transaction_by_hand_)
        return false;
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
    for (const command& c : u.commands) cache_.forget(c, u.parameters);
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
    if (u.within) note_scope(u);
    const bool is_last = u.is_last;
    finish(underway_.pop_front());
    if (is_last) return close("closed by close()");
    if (PQenterPipelineMode(conn_.get()) != 1) lose();
}

// ----------------------------------------------------------------------------------- types that are not built in
//
// Nobody knows the OIDs of such types before a server tells. A unit that sends them waits at the head of the queue for
// a lookup, once a connection and type; a unit whose results have columns of unknown types is answered behind one.

/// True when `u` may be sent. Else it is finished, or a lookup was queued before it.
bool session::resolve_types(unit& u) {
    try {
        u.sends_user_types = true;
        if (u.parameters.resolve(*types_)) return true;
        if (u.types_asked) {
            std::string missing;
            for (const std::string_view name : u.parameters.unresolved())
                if (types_->number_of(name) == 0) missing.append(missing.empty() ? "" : ", ").append(name);
            throw usage_error{"the server has no type " + missing + "; is it created, and on the search_path?"};
        }
        u.types_asked = true;
        look_up(u.parameters.unresolved(), {}, nullptr, u);
    } catch (const usage_error& e) {
        forget_type_names();  // a type may be altered or made anew
        unit_ptr refused = queued_.pop_front();
        refused->fail(std::make_exception_ptr(usage_error{e.what(), refused->site()}));
        finish(std::move(refused));
    }
    return false;
}

void session::look_up(const std::vector<std::string_view>& names, const std::vector<oid>& numbers, unit_ptr&& dependent,
                      const unit& asking) {
    unit_ptr u = make_unit({}, asking.where);
    ask_for_types(*u, names, numbers);
    u->is_lookup = true;
    u->deadline = asking.deadline;
    u->dependent = std::move(dependent);
    ++lookups_;
    queued_.push_front(std::move(u));
}

void session::end_lookup(unit_ptr&& u) {
    --lookups_;
    if (!u->failed()) {
        auto more = std::make_shared<type_catalog>(*types_);
        learn_types(*more, u->commands.front().answer);
        types_ = std::move(more);
    }
    unit_ptr dependent = std::move(u->dependent);
    if (!dependent) {
        // In a transaction that has failed nothing can be asked; the statement gets to hear so itself.
        if (u->failed())
            queued_.for_each([](unit& q) {
                if (q.types_asked) q.parameters.leave_unresolved();
            });
        return;
    }
    if (u->is_stopped())
        dependent->fail(stopped(*dependent, u->stopped, "no time to ask for its types", outcome::executed));
    for (command& c : dependent->commands) c.answer.know(types_);
    finish(std::move(dependent));
}

void session::forget_type_names() {
    auto fewer = std::make_shared<type_catalog>(*types_);
    fewer->forget_names();
    types_ = std::move(fewer);
}

void session::note_types(unit& u, result& answer) {
    const PGresult* const r = answer.native_handle();
    for (int i = 0; i < PQnfields(r); ++i) {
        const oid type = PQftype(r, i);
        if (type < first_user_oid) continue;
        answer.know(types_);
        if (types_->find(type) == nullptr && !u.is_lookup) u.unknown_types.push_back(type);
    }
}

// ------------------------------------------------------------------------------------------- deadlines and cancel

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
    told->fail(stopped(is_answered ? *told : u, cause, reason, is_answered ? outcome::executed : became));
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
    finished_.push_back(std::move(u));
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
    while (!underway_.empty()) fail_closed(underway_.pop_front(), true);
    while (!queued_.empty()) fail_closed(queued_.pop_front(), false);
}

unit_queue session::take_all() {
    unit_queue all = std::move(finished_);
    all.append(std::move(underway_));
    all.append(std::move(queued_));
    return all;
}

void session::fail_closed(unit_ptr&& u, bool sent) {
    const outcome became = sent ? lost_outcome(*u) : outcome::not_sent;
    if (u->is_stopped()) {
        u->fail(stopped(*u, u->stopped, "the cancelled statement did not end and the connection is closed", became));
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
