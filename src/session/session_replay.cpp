// What is run once more: a unit that failed for what the session knew wrongly of the server, of its prepared statements
// and its types. Only on evidence that what failed did not run, and that what ran before it is undone (docs/adr/0010).
#include <coropg/detail/session/session.hpp>
#include <coropg/detail/sql/scanner.hpp>
#include <coropg/log.hpp>
#include <coropg/sqlstate.hpp>

#include <algorithm>
#include <atomic>

namespace coropg::detail {

namespace {

/// Once for a statement that broke, once for a type.
constexpr int max_replays = 2;

/// Whether a statement with that command tag did nothing but read and write rows.
bool is_of_rows(std::string_view tag) {
    constexpr std::string_view commands[]{"SELECT ", "INSERT ", "UPDATE ", "DELETE ", "MERGE "};
    return tag.empty() || std::ranges::any_of(commands, [tag](std::string_view c) { return tag.starts_with(c); });
}

/// The transaction that `u` opened is undone: whatever comes next begins it.
void take_back_scopes(unit& u) {
    u.commands.erase(u.commands.begin(), u.commands.begin() + static_cast<std::ptrdiff_t>(u.opening_commands));
    u.opening_commands = 0;
    for (scope* s = u.within.get(); s != nullptr; s = s->outer.get()) s->reached = scope::progress::fresh;
}

/// Names are hashes with a number: only another client of the same server connection can have used one.
void tell_of_pooler() {
    static std::atomic_flag is_told;
    if (is_told.test_and_set()) return;
    log(log_level::warning,
        "another client has prepared the same statement on the same server connection: a pooler in transaction mode is "
        "in between, which needs prepare::never in pool_options or call_options (docs/poolers.md)");
}

/// Whether it may have failed for types that are not what they were.
bool may_be_of_types(const unit& u) { return u.sqlstate().starts_with("42") || u.sqlstate().starts_with("XX"); }

}  // namespace

void session::note_tag(unit& u, const command& c) {
    const std::string_view tag = c.answer.command_tag();
    if (is_of_rows(tag)) return;
    if (u.is_for != purpose::reset) {
        if (tag == "ROLLBACK" || tag == "PREPARE TRANSACTION") types_.undo();
        if (tag == "DISCARD ALL" || tag == "DEALLOCATE ALL") wire_.statements().forget_ready();
    }
    if (c.is_own) return;
    const sql_shape shape = scan_sql(u.text_of(c).sql);
    const bool is_stored = !u.within && (shape.commits || (shape.ends_transaction && tag != "ROLLBACK"));
    if (is_stored || shape.saves) u.stored = u.answered + 1;
    if (u.within) return;
    u.kept = u.answered + 1;
    // A transaction is open behind AND CHAIN, and behind ROLLBACK TO a savepoint.
    const bool is_end = tag == "COMMIT" || tag == "ROLLBACK";
    if (!is_end || (shape.ends_transaction && !shape.chains)) transactions_.tagged(tag);
}

/// A unit that failed for what the session knew wrongly of the server. Nothing of it has an effect: the statement that
/// failed did not run, and those before it are undone with it. In a transaction it is too late, for that has failed,
/// unless it is the first statement there; and into one that was begun behind it, it does not belong.
bool session::is_to_be_replayed(const unit& u) const {
    if (u.kept > 0 || u.replays == max_replays || u.is_stopped() || u.is_tombstone) return false;
    const out_of_date cause = u.staleness();
    if (cause == out_of_date::nothing || cause == out_of_date::format) return false;
    const bool is_first = u.failed_command == u.opening_commands;
    if (u.within) return is_first && transactions_.is_beginning() && cause != out_of_date::plan;
    if (!is_first && u.changes != session_change::none) return false;
    return !transactions_.is_open() && !may_begin_by_hand(underway_);
}

void session::replay(unit_ptr&& u) {
    // Without a name: behind a pooler, the next server connection may not have the statement either.
    if (u->staleness() != out_of_date::type) u->preparing = prepare::never;
    const bool is_begun = u->within != nullptr;
    if (is_begun) {
        transactions_.undone();
        take_back_scopes(*u);
    }
    u->start_over();
    ++u->replays;
    // Lookups stay in front: it may wait for one of them.
    unit_queue first = queued_.extract_if([](const unit& q) { return q.is_for == purpose::lookup; });
    first.push_back(std::move(u));
    first.append(std::exchange(queued_, {}));
    queued_ = std::move(first);
    if (is_begun) queued_.push_front(own_unit("ROLLBACK"));
}

/// Forgets the statements and types of a unit that failed for them: they are looked up at their next use. A type
/// that was dropped and made anew has another OID.
void session::forget_what_broke(unit& u) {
    if (wire_.is_at_rest()) types_.undo();
    if (u.sends_user_types && may_be_of_types(u)) types_.forget_names();
    const out_of_date cause = u.staleness();
    const bool vanished = cause == out_of_date::statement && !u.failed_in_parse;
    if (cause == out_of_date::statement && u.failed_in_parse) tell_of_pooler();
    if (cause == out_of_date::format && u.failed_command < u.commands.size())
        wire_.statements().ask_for_text(u.text_of(u.commands[u.failed_command]));
    // The plan of a prepared statement may hold types that are dropped, which the server does not notice.
    if (cause == out_of_date::nothing && may_be_of_types(u) && u.failed_command < u.commands.size())
        wire_.statements().forget(u, u.commands[u.failed_command]);
    if (!vanished && cause != out_of_date::plan) return;
    for (const command& c : u.commands) wire_.statements().forget(u, c);
    if (vanished) wire_.statements().take_evicted();
}

}  // namespace coropg::detail
