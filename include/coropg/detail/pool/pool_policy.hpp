// Decisions that the pools of both faces share: the limits from the options, what a connection that comes back is
// worth, what a failed connect means, and what those hear who waited in vain.
#pragma once

#include <coropg/detail/home_process.hpp>
#include <coropg/detail/pool/pool_core.hpp>
#include <coropg/detail/session/session.hpp>
#include <coropg/log.hpp>
#include <coropg/pool_options.hpp>

#include <exception>
#include <mutex>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace coropg::detail {

/// Errors: usage_error for sizes and times that no pool can keep.
pool_limits limits_of(const pool_options& options);

/// The highest `max_size`: a slot is made for each at once.
inline constexpr std::size_t most_connections = 65'536;
/// The longest time for a reset or a ping, before the connection is given up.
inline constexpr std::chrono::seconds longest_check{1};

/// Makes a connection that comes back ready for its next user, without waiting: what that takes is queued in it. A
/// reset would undo what the program's own hook has set on it: then it is closed.
return_condition make_clean(session& core, pool_reset level);

/// Of a connection that is new: what the program's hook has set on it stays. Errors: usage_error when the hook did not
/// leave it as it is to be lent; connection_error when it was lost meanwhile.
void keep_as_set_up(session& core);

/// Of what a hook threw while a connection was made, which is told as not sent. A connection that was lost meanwhile is
/// not the hook's fault.
connect_problem problem_in_hook(const std::exception_ptr& problem, bool is_lost);

/// Of a connection that before_acquire was called with. Errors: usage_error when a transaction is open on it, in which
/// what the next one does would end.
void require_no_transaction(session& core);

/// One line of what went wrong.
std::string text_of(const std::exception_ptr& problem);

/// How the last attempt to connect failed; empty if it did not. The text is read when this is made: `what()` may be the
/// program's code, which must not run when a mutex of the pool is held.
struct connect_failure {
    connect_failure() = default;
    explicit connect_failure(std::exception_ptr why) : problem{std::move(why)}, text{text_of(problem)} {}

    std::exception_ptr problem;
    std::string text;
};

/// The answer of the program's hook about a connection that came back; an exception is logged, and means no.
template <class Hook, class Connection>
bool passes_release_hook(const Hook& hook, Connection& conn) {
    bool is_welcome = false;
    contain("the pool's hook after_release", [&] { is_welcome = hook(conn); });
    return is_welcome;
}

std::string leak_warning(std::string_view pool, const std::source_location& asked_at);

connect_problem problem_of(const std::exception_ptr& problem);

/// Somebody who has called `await_minimum` does so no longer when this ends; in a child process, whose threads are not
/// those that hold the mutex, it stays as it is.
struct awaited_minimum {
    awaited_minimum(pool_core& c, std::mutex& m) noexcept : core{c}, mutex{m} {}
    awaited_minimum(const awaited_minimum&) = delete;
    awaited_minimum& operator=(const awaited_minimum&) = delete;
    ~awaited_minimum() {
        if (home.is_left()) return;
        const std::lock_guard lock{mutex};
        core.end_awaiting_minimum();
    }

    const home_process home;
    pool_core& core;
    std::mutex& mutex;
};

/// A connection whose server refuses the writes that are asked of it is replaced, and so are the others that it had
/// then.
void leave_if_read_only(pool_core& core, std::size_t slot, const session& s, clock::time_point now);

/// `records` are those of the slots.
pool_snapshot snapshot_of(const pool_core& core, std::span<const lease_record* const> records, clock::time_point now);

/// Tells the observer how an `acquire` ended, if there is one.
class acquire_report {
 public:
    acquire_report(std::string_view pool, std::source_location where) noexcept;

    void end(const error* problem = nullptr) const noexcept;

 private:
    std::string_view pool_;
    std::source_location where_;
    clock::time_point began_{};
};

/// Why a wait failed; `last` is the error of the last connect that failed.
std::exception_ptr failure_of(wait_failure why, pool_snapshot seen, const std::exception_ptr& last, call_site site);
/// The error of a statement whose own timeout passed before it got a connection.
query_timeout too_late_for_statement(const pool_snapshot& seen, call_site site);
/// Why a request was refused on the spot.
std::exception_ptr refusal_of(request_result why, const pool_snapshot& seen, call_site site);

}  // namespace coropg::detail
