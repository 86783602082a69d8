#include <coropg/detail/pool/pool_policy.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

constexpr std::size_t shown_holders = 5;
constexpr std::chrono::hours longest_time{24 * 365 * 10};  // of a limit

std::chrono::milliseconds checked(std::chrono::milliseconds value, const char* name) {
    if (value.count() < 0 || value > longest_time)
        throw usage_error{std::string{"pool_options: "} + name + " is not a time from 0 to ten years"};
    return value;
}

std::string title(const pool_snapshot& seen) {
    return seen.name.empty() ? "the pool" : "the pool \"" + seen.name + "\"";
}

std::string file_name(const std::source_location& where) {
    const std::string_view path = where.file_name();
    return std::string{path.substr(path.find_last_of('/') + 1)} + ":" + std::to_string(where.line());
}

std::string description_of(const pool_snapshot& seen) {
    std::string text = std::to_string(seen.busy) + " busy, " + std::to_string(seen.idle) + " idle, " +
                       std::to_string(seen.connecting) + " connecting, " + std::to_string(seen.waiting) + " waiting";
    for (const pool_holder& h : seen.holders)
        text += "; held for " + std::to_string(h.age.count()) + " ms from " + file_name(h.where) +
                (h.sql.empty() ? "" : ", last: " + h.sql);
    if (!seen.last_error.empty()) text += "; last error: " + seen.last_error;
    return text;
}

}  // namespace

pool_limits limits_of(const pool_options& options) {
    if (options.max_size == 0) throw usage_error{"pool_options: max_size is 0"};
    if (options.max_size > most_connections) throw usage_error{"pool_options: max_size is above 65536"};
    if (options.min_size > options.max_size) throw usage_error{"pool_options: min_size is above max_size"};
    if (options.max_parallel_connects == 0) throw usage_error{"pool_options: max_parallel_connects is 0"};
    if (options.pipeline_depth == 0) throw usage_error{"pool_options: pipeline_depth is 0"};
    checked(options.acquire_timeout, "acquire_timeout");
    checked(options.connect_timeout, "connect_timeout");
    pool_limits limits;
    limits.min_size = options.min_size;
    limits.max_size = options.max_size;
    limits.max_waiting = options.max_waiting;
    limits.max_parallel_connects = options.max_parallel_connects;
    limits.pipeline_depth = options.pipeline_depth;
    limits.max_lifetime = checked(options.max_lifetime, "max_lifetime");
    limits.max_idle = checked(options.max_idle, "max_idle");
    limits.max_uses = options.max_uses;
    limits.check_after_idle = checked(options.check_after_idle, "check_after_idle");
    limits.leak_after = checked(options.leak_after, "leak_after");
    return limits;
}

return_condition make_clean(session& core, pool_reset level) {
    if (core.is_open() && level == pool_reset::always) core.assume_changed();
    if (core.is_quiet()) return return_condition::usable;
    if (core.changes().loses_kept()) core.close("a reset would undo the settings of its hook");
    core.reset(clock::now() + longest_check);
    if (!core.is_open()) return return_condition::broken;
    return core.has_leftovers() ? return_condition::clearing : return_condition::usable;
}

void leave_if_read_only(pool_core& core, std::size_t slot, const session& s, clock::time_point now) {
    if (s.takes_no_writes() && core.slots()[slot].doom == close_reason::none) core.drain(now);
}

void keep_as_set_up(session& core) {
    core.changes().keep();
    if (!core.is_open()) throw connection_error{"the connection was lost in the pool's hook after_connect"};
    if (!core.is_quiet()) throw usage_error{"the pool's hook after_connect left the connection unusable"};
}

void require_no_transaction(session& core) {
    const transaction_state& open = core.transactions();
    if (open.current() || open.is_by_hand())
        throw usage_error{"the pool's hook before_acquire left a transaction open"};
}

std::string leak_warning(std::string_view pool, const std::source_location& asked_at) {
    return "a connection of the pool \"" + std::string{pool} + "\" is not given back for long; acquired at " +
           asked_at.file_name() + ":" + std::to_string(asked_at.line());
}

connect_problem problem_of(const std::exception_ptr& problem) {
    try {
        std::rethrow_exception(problem);
    } catch (const connection_error& e) {
        return e.is_transient() ? connect_problem::unavailable : connect_problem::refused;
    } catch (const usage_error&) {
        return connect_problem::refused;
    } catch (...) {
        return connect_problem::unavailable;
    }
}

connect_problem problem_in_hook(const std::exception_ptr& problem, bool is_lost) {
    tell_as_not_sent(problem);
    try {
        std::rethrow_exception(problem);
    } catch (const connection_error&) {
        return is_lost ? connect_problem::unavailable : connect_problem::hook_failed;
    } catch (...) {
        return connect_problem::hook_failed;
    }
}

std::string text_of(const std::exception_ptr& problem) {
    try {
        if (problem) std::rethrow_exception(problem);
        return {};
    } catch (const std::exception& e) {
        return text_of(e);
    } catch (...) {
        return unknown_exception;
    }
}

pool_snapshot snapshot_of(const pool_core& core, std::span<const lease_record* const> records, clock::time_point now) {
    pool_snapshot seen;
    for (const pool_slot& s : core.slots()) {
        const auto i = static_cast<std::size_t>(&s - core.slots().data());
        switch (s.state) {
            case slot_state::vacant: break;
            case slot_state::connecting: ++seen.connecting; break;
            case slot_state::idle: ++seen.idle; break;
            default: ++seen.busy;
        }
        if (s.state != slot_state::leased) continue;
        seen.holders.push_back(records[i]->read());
        seen.holders.back().age = std::chrono::duration_cast<std::chrono::milliseconds>(now - s.since);
    }
    seen.waiting = core.stats().requests_waiting;
    std::ranges::sort(seen.holders, std::ranges::greater{}, &pool_holder::age);
    seen.holders.resize(std::min(seen.holders.size(), shown_holders));
    return seen;
}

acquire_report::acquire_report(std::string_view pool, std::source_location where) noexcept
    : pool_{pool}, where_{where} {
    if (current_observer() != nullptr) began_ = clock::now();
}

void acquire_report::end(const error* problem) const noexcept {
    if (began_ == clock::time_point{}) return;
    const auto lasted = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - began_);
    notify(&observer::on_acquire, acquire_event{pool_, where_, lasted, problem});
}

std::exception_ptr failure_of(wait_failure why, pool_snapshot seen, const std::exception_ptr& last, call_site site) {
    switch (why) {
        case wait_failure::closed:
            return std::make_exception_ptr(pool_closed{title(seen) + " was closed meanwhile", std::move(site)});
        case wait_failure::connect_failed: return last;
        default: break;
    }
    const std::string text = "no connection of " + title(seen) + " became free in time: " + description_of(seen);
    return std::make_exception_ptr(pool_timeout{text, std::move(seen), std::move(site)});
}

query_timeout too_late_for_statement(const pool_snapshot& seen, call_site site) {
    return query_timeout{"timeout; the statement was not sent, as no connection of " + title(seen) +
                             " became free: " + description_of(seen),
                         std::move(site)};
}

std::exception_ptr refusal_of(request_result why, const pool_snapshot& seen, call_site site) {
    if (why == request_result::closed)
        return std::make_exception_ptr(pool_closed{title(seen) + " is closed", std::move(site)});
    return std::make_exception_ptr(pool_overloaded{
        "too many wait for a connection of " + title(seen) + ": " + description_of(seen), std::move(site)});
}

}  // namespace coropg::detail
