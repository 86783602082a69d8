// A transaction, or a savepoint within one: what its handle, its units and the session share. The session checks that a
// statement belongs to the innermost one that is open.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace coropg::detail {

struct scope {
    enum class progress : unsigned char {
        fresh,           ///< its opening is not sent: it travels with the first statement
        open,            ///< its opening is on its way, or answered
        failed_to_open,  ///< the server refused its opening
    };

    /// Null for a transaction, else what this is a savepoint of.
    std::shared_ptr<scope> outer;
    /// BEGIN and SET LOCAL, or SAVEPOINT.
    std::vector<std::string> opening;
    progress reached = progress::fresh;
    /// Its end is queued: it takes no more statements.
    std::atomic<bool> ended = false;
    /// It was ended by a reset, for its connection was given back.
    std::atomic<bool> is_taken = false;
    bool finds_transaction_id = false;
    std::optional<std::uint64_t> transaction_id;
    std::vector<std::function<void()>> on_commit;
    /// The line that asked for it.
    std::source_location where;
    /// When BEGIN was submitted, if that is observed.
    std::chrono::steady_clock::time_point begun{};

    [[nodiscard]] bool is_open() const noexcept { return reached == progress::open; }
    /// The transaction that it is part of.
    [[nodiscard]] scope* root() noexcept { return outer ? outer->root() : this; }
    /// 0 for a transaction; names the savepoint.
    [[nodiscard]] unsigned depth() const noexcept { return outer ? outer->depth() + 1 : 0; }
};

/// Errors: usage_error if the scope was rolled back for its connection was given back.
void require_kept(const scope& ended);

}  // namespace coropg::detail
