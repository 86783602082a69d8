#include <coropg/detail/session/finish.hpp>
#include <coropg/log.hpp>
#include <coropg/sqlstate.hpp>

#include <algorithm>
#include <iterator>

namespace coropg::detail {

void fail_row_count(const unit& u, std::size_t index, std::string_view expected, std::size_t rows) {
    throw row_count_error{"expected " + std::string{expected} + ", got " + std::to_string(rows),
                          u.site_of(u.opening_commands + index)};
}

void finish_ending::operator()(unit& u) const {
    const bool refused = u.is_for == purpose::release && u.sqlstate() == sqlstate::in_failed_sql_transaction;
    if (!refused) u.throw_failure();
    if (how != purpose::rollback && u.sync_sent && (refused || u.own().answer.command_tag() == "ROLLBACK"))
        throw commit_rolled_back{"the transaction was rolled back, for an earlier error had aborted it", u.site()};
}

void finish_ending::afterwards() const {
    if (how == purpose::rollback || how == purpose::prepare) return;
    auto hooks = std::exchange(ended->on_commit, {});
    if (const auto& outer = ended->outer) {
        std::ranges::move(hooks, std::back_inserter(outer->on_commit));
        return;
    }
    // The transaction is committed: nobody is to think otherwise for what a hook throws.
    for (const auto& hook : hooks) contain("a hook of on_commit", hook);
}

void finish_closed(unit& u) {
    try {
        u.throw_failure();
    } catch (const connection_error&) {  // which is what was asked for
    }
}

}  // namespace coropg::detail
