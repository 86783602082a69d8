#include <coropg/detail/session/transaction_state.hpp>
#include <coropg/error.hpp>

namespace coropg::detail {

const char* const begun_by_hand =
    "a transaction was begun on the connection by a statement, and is not ended: end it first, or run statements in it";

void require_kept(const scope& ended) {
    if (ended.is_taken)
        throw usage_error{"the connection was given back before the transaction was committed: it is rolled back"};
}

std::shared_ptr<scope> transaction_state::begin(const std::shared_ptr<scope>& outer, std::vector<std::string> opening,
                                                bool finds_transaction_id) {
    if (outer && outer->ended) throw usage_error{"the transaction has ended"};
    if (outer != current_) throw usage_error{"a transaction is open on the connection already: begin on that one"};
    if (!outer && is_by_hand_) throw usage_error{begun_by_hand};
    auto made = std::make_shared<scope>();
    made->outer = outer;
    made->opening = std::move(opening);
    made->finds_transaction_id = finds_transaction_id;
    if (outer)  // what is set within is undone with it
        made->opening.insert(made->opening.begin(), "SAVEPOINT coropg_" + std::to_string(made->depth()));
    return current_ = std::move(made);
}

const char* transaction_state::refusal(purpose is_for, const scope* within) const noexcept {
    if (is_for == purpose::farewell || is_for == purpose::transaction_id || within == current_.get()) return nullptr;
    if (within == nullptr) return "a transaction is open on the connection: run the statement on the transaction";
    if (within->ended) return "the transaction has ended";
    if (is_for == purpose::rollback) return nullptr;
    return "another transaction is open within this one: run the statement on that one";
}

void transaction_state::leave(const scope& ended) noexcept {
    const std::shared_ptr<scope> outer = ended.outer;
    for (scope* each = current_.get(); each != outer.get(); each = each->outer.get()) each->ended = true;
    current_ = outer;
}

bool transaction_state::open(const scope& root) noexcept {
    if (begun_ == &root) return false;
    begun_ = &root;
    is_beginning_ = true;
    return true;
}

void transaction_state::answered(scope& within, purpose is_for, bool with_opening) noexcept {
    const scope* const root = within.root();
    if (with_opening && begun_ == root) is_beginning_ = false;  // not for a savepoint of one that is over
    const bool is_over = !root->is_open() || (ends_scope(is_for) && &within == root);
    if (is_over && begun_ == root) begun_ = nullptr;
}

void transaction_state::tagged(std::string_view tag) noexcept {
    if (tag == "BEGIN" || tag == "START TRANSACTION") is_by_hand_ = true;
    if (tag == "COMMIT" || tag == "ROLLBACK" || tag == "PREPARE TRANSACTION") is_by_hand_ = false;
}

}  // namespace coropg::detail
