// What the pools of both faces decide alike: the limits from the options, what a connection that comes back is worth,
// what a failed connect means, and what those hear who waited in vain.
#pragma once

#include <coropg/detail/pool_core.hpp>
#include <coropg/detail/session.hpp>
#include <coropg/pool_options.hpp>

#include <exception>
#include <source_location>
#include <span>
#include <string>

namespace coropg::detail {

/// Errors: usage_error for sizes and times that no pool can keep.
pool_limits limits_of(const pool_options& options);

/// How long a reset, or the answer to a sign of life, is waited for before the connection is given up.
inline constexpr std::chrono::seconds longest_check{1};

/// Makes a connection that comes back ready for its next user, without waiting: what that takes is queued in it. A reset
/// would undo what the program's own hook has set on it: then it is closed.
return_condition make_clean(session& core, pool_reset level);

connect_problem problem_of(const std::exception_ptr& problem);

/// One line of what went wrong.
std::string text_of(const std::exception_ptr& problem);

/// `asked_at` is the line of each slot's holder.
pool_snapshot snapshot_of(const pool_core& core, std::span<const std::source_location> asked_at, clock::time_point now);

/// Why a wait failed; `last` is the error of the last connect that failed.
std::exception_ptr failure_of(wait_failure why, pool_snapshot seen, const std::exception_ptr& last, call_site site);
/// Why a request was refused on the spot.
std::exception_ptr refusal_of(request_result why, const pool_snapshot& seen, call_site site);

}  // namespace coropg::detail
