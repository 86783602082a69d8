// Why a unit is in the queue of a session, which treats it by this.
#pragma once

namespace coropg::detail {

enum class purpose : unsigned char {
    statements,      ///< what the caller asked for
    lookup,          ///< asks for types, for another unit or for the one that depends on it
    transaction_id,  ///< asks for the number of the transaction that is about to be committed
    commit,          ///< ends a transaction
    prepare,         ///< ends a transaction, which another one commits
    release,         ///< ends a savepoint
    rollback,        ///< ends either
    decision,        ///< ends a prepared transaction, which is no scope of this session
    reset,           ///< the last of a reset: if it fails or comes late, the connection ends
    farewell,        ///< the connection ends with it
};

/// Whether it ends a transaction or a savepoint.
constexpr bool ends_scope(purpose p) noexcept { return p >= purpose::commit && p <= purpose::rollback; }
/// Whether it decides about a transaction: if its answer is lost, the outcome is in doubt.
constexpr bool decides(purpose p) noexcept {
    return p == purpose::commit || p == purpose::prepare || p == purpose::decision;
}
/// The end of a transaction is not cancelled: nobody would know how it ended.
constexpr bool may_be_cancelled(purpose p) noexcept { return !ends_scope(p) && !decides(p); }

}  // namespace coropg::detail
