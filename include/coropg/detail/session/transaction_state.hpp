// The state of transactions and savepoints in a session: which of them takes statements, whether the server has begun
// one, and what was begun by hand, in SQL. It is told what is queued, sent and answered.
//
// Always:
//   - the scopes from `current()` outwards have not ended, and each other one that was begun has;
//   - `is_beginning()` only while a transaction is begun: its BEGIN is sent and not answered;
//   - a transaction is begun from the moment at which its BEGIN is about to be sent until it is answered that it ended.
#pragma once

#include <coropg/detail/session/purpose.hpp>
#include <coropg/detail/session/scope.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coropg::detail {

/// Why no other transaction can be begun then.
extern const char* const begun_by_hand;

class transaction_state {
 public:
    /// Begins a transaction, or a savepoint within `outer`; nothing is sent before its first statement.
    /// Errors: usage_error when `outer` is not the innermost open one, and when one is open that was begun by hand.
    std::shared_ptr<scope> begin(const std::shared_ptr<scope>& outer, std::vector<std::string> opening,
                                 bool finds_transaction_id);
    /// The innermost scope that takes statements; null if there is none.
    [[nodiscard]] const std::shared_ptr<scope>& current() const noexcept { return current_; }
    /// Why a unit within `within` may not be queued; null if it may: it is for the innermost scope, or ends one.
    [[nodiscard]] const char* refusal(purpose is_for, const scope* within) const noexcept;
    /// The end of `ended`, which is open, is queued: it and the scopes within it take no more statements.
    void leave(const scope& ended) noexcept;

    /// The opening of scopes of `root` is about to be sent. True when its transaction begins with it.
    bool open(const scope& root) noexcept;
    /// Whether BEGIN is sent and not answered: if it is refused, nothing may run without it.
    [[nodiscard]] bool is_beginning() const noexcept { return is_beginning_; }
    /// A unit within `within` is answered; `with_opening` if it began with the opening of scopes.
    void answered(scope& within, purpose is_for, bool with_opening) noexcept;
    /// The transaction that is beginning is rolled back, to be opened once more.
    void undone() noexcept {
        begun_ = nullptr;
        is_beginning_ = false;
    }
    /// Whether another transaction than that of `root` is begun.
    [[nodiscard]] bool has_begun_another(const scope& root) const noexcept {
        return begun_ != nullptr && begun_ != &root;
    }

    /// A statement outside of all scopes is answered with this command tag. Someone may say BEGIN in SQL, which is
    /// theirs to end.
    void tagged(std::string_view tag) noexcept;
    /// All that was sent is answered, and the server has a transaction open or not: ROLLBACK is also the tag of
    /// ROLLBACK TO, and a script has no tags.
    void settled(bool is_open) noexcept {
        if (begun_ == nullptr) is_by_hand_ = is_open;
    }
    [[nodiscard]] bool is_by_hand() const noexcept { return is_by_hand_; }
    /// Whether the server has a transaction open, or is about to.
    [[nodiscard]] bool is_open() const noexcept { return begun_ != nullptr || is_by_hand_; }

 private:
    std::shared_ptr<scope> current_;
    const scope* begun_ = nullptr;  // on the server, or about to be; only compared
    bool is_by_hand_ = false;
    bool is_beginning_ = false;
};

}  // namespace coropg::detail
