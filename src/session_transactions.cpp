// What the session knows of transactions and savepoints.
//
// The opening of a scope travels with its first statement, in one unit, so that nothing runs when it is refused:
//
//     { ( BEGIN | SAVEPOINT ) { SET LOCAL } } statement Sync
//
// and nothing more is sent before BEGIN is answered. The end is a unit of its own, as an earlier failure must not keep
// the server from seeing it. Before COMMIT goes a unit that asks for the number of the transaction, in the same flush.
#include <coropg/detail/session.hpp>
#include <coropg/sqlstate.hpp>
#include <coropg/types/system.hpp>

#include <algorithm>
#include <string_view>

namespace coropg::detail {

/// Whether `u` may be queued: it is for the innermost scope, or ends one.
bool session::admit(unit& u) const {
    if (u.is_last || u.is_transaction_id || u.within == current_) return true;
    const char* problem = "another transaction is open within this one: run the statement on that one";
    if (!u.within)
        problem = "a transaction is open on the connection: run the statement on the transaction";
    else if (u.within->ended)
        problem = "the transaction has ended";
    else if (u.ends == ending::rollback)
        return true;
    u.fail(std::make_exception_ptr(usage_error{problem, u.site()}));
    return false;
}

std::shared_ptr<scope> session::begin(const std::shared_ptr<scope>& outer, std::vector<std::string> opening,
                                      bool finds_transaction_id) {
    if (outer && outer->ended) throw usage_error{"the transaction has ended"};
    if (outer != current_) throw usage_error{"a transaction is open on the connection already: begin on that one"};
    current_ = std::make_shared<scope>();
    current_->outer = outer;
    current_->opening = std::move(opening);
    current_->finds_transaction_id = finds_transaction_id;
    if (outer)  // what is set within is undone with it
        current_->opening.insert(current_->opening.begin(), "SAVEPOINT coropg_" + std::to_string(current_->depth()));
    return current_;
}

/// Ends `s`, which is open, and the scopes within it: they take no more statements.
void session::leave(const scope& s) {
    const std::shared_ptr<scope> outer = s.outer;
    for (scope* each = current_.get(); each != outer.get(); each = each->outer.get()) each->ended = true;
    current_ = outer;
}

void session::ask_for_transaction_id(const unit& commit) {
    if (!commit.within->finds_transaction_id) return;
    unit_ptr u = make_unit({}, commit.where, commit.within);
    u->is_transaction_id = true;
    u->add_own("SELECT pg_catalog.pg_current_xact_id_if_assigned()");
    queued_.push_back(std::move(u));
}

/// Whether `u` ends, or asks about, what was never begun.
bool session::has_nothing_to_end(const unit& u) {
    return u.within && !u.within->is_open() && (u.ends != ending::none || u.is_transaction_id);
}

void session::refuse_behind_failed_begin(unit& u) {
    if (u.within->reached != scope::progress::failed_to_open) return;
    if (u.ends == ending::rollback || u.is_transaction_id) return;
    const call_site site = u.site();
    constexpr const char* problem = "the transaction could not begin";
    u.fail(u.ends == ending::none ? std::make_exception_ptr(pipeline_aborted{problem, site})
                                  : std::make_exception_ptr(commit_rolled_back{problem, site}));
}

/// Has the scope of `u` opened by it, unless that is open.
void session::open(unit& u) {
    u.open_scopes();
    if (u.opening_commands > 0 && transaction_ != u.within->root()) {
        transaction_ = u.within->root();
        beginning_ = true;
        u.within->root()->begun = u.started;
    }
}

/// What the answer to `u` means for its scope.
void session::note_scope(unit& u) {
    if (u.opening_commands > 0) beginning_ = false;
    if (u.failed()) u.note_refused_scopes();
    const scope* const root = u.within->root();
    const bool is_over = !root->is_open() || (u.ends != ending::none && u.within.get() == root);
    if (is_over && transaction_ == root) transaction_ = nullptr;
    if (u.is_transaction_id && !u.failed()) {
        if (const auto id = u.own().answer[0][0].as<std::optional<xid8>>()) u.within->transaction_id = id->value;
    }
    if (u.ends == ending::none || !u.failed()) return;
    // A cancel from elsewhere can hit COMMIT and leave the transaction open; RELEASE is refused in a failed one.
    if (u.ends == ending::rollback) return close("a transaction could not be rolled back");
    if (u.ends == ending::release || u.sqlstate() == sqlstate::query_canceled) {
        if (transaction_ != nullptr && transaction_ != root)
            return close("COMMIT was cancelled, and another transaction has begun behind it");
        unit_ptr rollback = make_unit({}, u.where, u.within);
        rollback->end_scope(ending::rollback);
        queued_.push_front(std::move(rollback));
    }
}

namespace {

/// By the connection's own settings: a hook or the environment may have made them.
bool wants_writes(PGconn* conn) {
    const pq::options settings{PQconninfo(conn)};
    for (const PQconninfoOption* o = settings.get(); o != nullptr && o->keyword != nullptr; ++o) {
        if (std::string_view{o->keyword} != "target_session_attrs" || o->val == nullptr) continue;
        const std::string_view wanted = o->val;
        return wanted == "read-write" || wanted == "primary";
    }
    return false;
}

}  // namespace

/// Who has not asked for a read-only transaction, has expected a server that takes writes.
void session::note_refused_write(const unit& u) {
    if (u.sqlstate() != sqlstate::read_only_sql_transaction || in_transaction_by_hand_) return;
    const auto is_read_only = [](const std::string& opening) {
        return opening.find(" READ ONLY") != std::string::npos;
    };
    if (!u.within || std::ranges::none_of(u.within->root()->opening, is_read_only))
        takes_no_writes_ = wants_writes(conn_.get());
}

}  // namespace coropg::detail
