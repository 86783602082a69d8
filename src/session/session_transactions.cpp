// Transactions and savepoints in a session.
//
// The opening of a scope travels with its first statement, in one unit, so that nothing runs when it is refused:
//
//     { ( BEGIN | SAVEPOINT ) { SET LOCAL } } statement Sync
//
// and nothing more is sent before BEGIN is answered. The end is a unit of its own, as an earlier failure must not keep
// the server from seeing it. Before COMMIT goes a unit that asks for the number of the transaction, in the same flush.
#include <coropg/detail/session/session.hpp>
#include <coropg/sqlstate.hpp>
#include <coropg/types/system.hpp>

#include "../targets.hpp"

#include <algorithm>

namespace coropg::detail {

void session::ask_for_transaction_id(const unit& commit) {
    if (!commit.within->finds_transaction_id) return;
    unit_ptr u = make_unit({}, commit.where, commit.within);
    u->is_for = purpose::transaction_id;
    u->add_own("SELECT pg_catalog.pg_current_xact_id_if_assigned()");
    queued_.push_back(std::move(u));
}

/// Has the scope of `u` opened by it, unless that is open. False if it cannot be: `u` says why.
bool session::open(unit& u) {
    if (begins_transaction(u) && transactions_.is_by_hand()) {
        for (scope* s = u.within.get(); s != nullptr; s = s->outer.get()) s->reached = scope::progress::failed_to_open;
        u.fail(std::make_exception_ptr(usage_error{begun_by_hand, u.site()}));
        return false;
    }
    u.open_scopes();
    scope& root = *u.within->root();
    if (u.opening_commands > 0 && transactions_.open(root)) root.begun = u.started;
    return true;
}

/// Tells the scope of `u` about its answer.
void session::note_scope(unit& u) {
    if (u.failed()) u.note_refused_scopes();
    transactions_.answered(*u.within, u.is_for, u.opening_commands > 0);
    if (u.is_for == purpose::transaction_id && !u.failed()) {
        if (const auto id = u.own().answer[0][0].as<std::optional<xid8>>()) u.within->transaction_id = id->value;
    }
    if (!u.ends_scope() || !u.failed()) return;
    // A cancel from elsewhere can hit COMMIT and leave the transaction open; RELEASE is refused in a failed one.
    if (u.is_for == purpose::rollback) return close("a transaction could not be rolled back");
    if (u.is_for == purpose::release || u.sqlstate() == sqlstate::query_canceled) {
        if (transactions_.has_begun_another(*u.within->root()))
            return close("COMMIT was cancelled, and another transaction has begun behind it");
        unit_ptr rollback = make_unit({}, u.where, u.within);
        rollback->end_scope(purpose::rollback);
        queued_.push_front(std::move(rollback));
    }
}

/// A write was refused outside of a read-only transaction: the user expected a server that takes writes.
void session::note_refused_write(const unit& u) {
    if (u.sqlstate() != sqlstate::read_only_sql_transaction || transactions_.is_by_hand()) return;
    const auto is_read_only = [](const std::string& opening) {
        return opening.find(" READ ONLY") != std::string::npos;
    };
    if (!u.within || std::ranges::none_of(u.within->root()->opening, is_read_only))
        takes_no_writes_ = wants_writes(native_handle());
}

}  // namespace coropg::detail
