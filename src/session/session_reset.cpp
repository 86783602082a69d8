// The reset that makes a session as good as new for the next user of its connection.
//
//     reset = [ ROLLBACK of a scope, Sync ] [ [ ROLLBACK ] BEGIN undo { undo } COMMIT ] Sync
//
// BEGIN is there for the case that something fails: statements that travel behind are then refused by a transaction
// that has failed, and do not run in the session of somebody else. Nothing but its end undoes some changes; a session
// with such is closed.
#include <coropg/detail/session/session.hpp>
#include <coropg/error.hpp>

namespace coropg::detail {

namespace {

/// As DISCARD ALL, which cannot run within a transaction, and but for the statements that we have prepared. The role is
/// reset with the login.
constexpr const char* undoing[]{
    "CLOSE ALL",         "SET SESSION AUTHORIZATION DEFAULT",          "RESET ALL",
    "UNLISTEN *",        "SELECT pg_catalog.pg_advisory_unlock_all()", "DISCARD TEMP",
    "DISCARD SEQUENCES",
};

}  // namespace

void session::assume_changed() noexcept {
    if (changes_.note(session_change::undoable)) types_.keep_clean();
}

/// Of a unit that is about to be sent.
void session::note_change(const unit& u) {
    if (u.is_for == purpose::reset) {
        // The answer would be too late: what follows is sent before it comes.
        wire_.statements().clear();
        wire_.statements().take_evicted();
    } else if (changes_.note(u.changes)) {
        types_.keep_clean();
    }
}

void session::reset(clock::time_point deadline) noexcept {
    inbox_.clear();
    guard(*this, [&] {
        give_up_all(clock::now());
        if (changes_.is_lasting()) close("what its last user did to the session cannot be undone");
        end_scopes();
        if (!is_open()) return;
        if (!changes_.is_dirty() && queued_.empty() && underway_.empty()) return;

        // Behind all that is left, so that its deadline is that of all.
        unit_ptr last = make_reset(changes_.begin_reset());
        last->deadline = deadline;
        canceller_.expect(deadline);
        queued_.push_back(std::move(last));
    });
}

void session::end_scopes() {
    std::shared_ptr<scope> root = transactions_.current();
    if (!root) return;
    for (; root->outer; root = root->outer) root->is_taken = true;
    root->is_taken = true;
    unit_ptr u = make_unit({}, {}, root);
    u->end_scope(purpose::rollback);
    submit(std::move(u));
}

/// The unit that undoes what was changed; that nothing was, is a unit, too.
unit_ptr session::make_reset(session_change undone) {
    unit_ptr u = make_unit({}, {});
    u->is_for = purpose::reset;
    if (undone == session_change::none) return u;
    // Names in SQL of its user: with another search_path they mean other types.
    types_.undo();
    types_.restore_clean();
    // Nobody knows what is begun by hand before it is answered. That there is nothing to roll back is just a warning.
    if (!wire_.is_at_rest()) u->add_own("ROLLBACK");
    // A default that was changed could make it wait for others.
    u->add_own("BEGIN ISOLATION LEVEL READ COMMITTED");
    for (const char* sql : undoing) u->add_own(sql);
    if (undone == session_change::prepared_statements) {
        u->add_own("DEALLOCATE ALL");
        u->changes = undone;
    }
    u->add_own("COMMIT");
    return u;
}

/// Refuses what was sent behind a reset that failed, up to what could have ended the transaction that it left.
void session::refuse_behind_reset(const unit& failed) {
    const std::string reason = "the session could not be reset: " + std::string{failed.server_message()};
    bool is_refused = true;
    underway_.for_each([&](unit& u) {
        if (is_refused)
            fail_by(u, [&] {
                return std::make_exception_ptr(
                    connection_error{"the connection is closed: " + reason + "; the statement has no effect", u.site(),
                                     outcome::not_executed});
            });
        is_refused = is_refused && u.changes == session_change::none;
    });
    close(reason);
}

}  // namespace coropg::detail
