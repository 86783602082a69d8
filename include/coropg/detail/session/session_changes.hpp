// The changes to a session beyond its transactions by the statements that were sent, as far as their texts tell; what
// of it is to stay; and the resets that undo the rest.
//
// Always: `loses_kept()` only while `is_dirty()`; a reset that has begun ends once.
#pragma once

#include <coropg/detail/sql/outline.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace coropg::detail {

class session_changes {
 public:
    /// A statement is about to be sent that may change so much. True for the first since the session was clean.
    bool note(session_change change) noexcept {
        const bool was_clean = !is_dirty();
        changes_ = std::max(changes_, change);
        return was_clean && is_dirty();
    }
    [[nodiscard]] bool is_dirty() const noexcept { return changes_ != session_change::none; }
    /// Whether nothing but the end of the session undoes it.
    [[nodiscard]] bool is_lasting() const noexcept { return changes_ == session_change::lasting; }

    /// The session as it is now is how users are to find it; only those who set it up so can do that again.
    void keep() noexcept {
        has_kept_ = has_kept_ || is_dirty();
        changes_ = session_change::none;
    }
    /// Whether a reset would undo what was kept.
    [[nodiscard]] bool loses_kept() const noexcept { return has_kept_ && is_dirty(); }

    /// A reset is queued. Returns what it has to undo.
    session_change begin_reset() noexcept {
        ++resets_;
        return std::exchange(changes_, session_change::none);
    }
    void end_reset() noexcept { --resets_; }
    /// Whether what comes from the server may still be of the former user.
    [[nodiscard]] bool is_resetting() const noexcept { return resets_ > 0; }

 private:
    session_change changes_ = session_change::none;  // since the last reset
    bool has_kept_ = false;
    std::size_t resets_ = 0;  // not ended yet
};

}  // namespace coropg::detail
