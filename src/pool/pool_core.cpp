#include <coropg/detail/pool/pool_core.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

using namespace std::chrono_literals;

namespace coropg::detail {
namespace {

constexpr pool_limits::duration shrink_interval = 100ms;  // between the closing of two that nobody needs

std::size_t excess(std::size_t a, std::size_t b) { return a > b ? a - b : 0; }

}  // namespace

pool_core::pool_core(const pool_limits& limits, std::uint32_t seed)
    : limits_{limits}, random_{seed}, attempts_{limits.max_parallel_connects} {
    assert(limits.min_size <= limits.max_size && limits.max_size > 0 && limits.max_parallel_connects > 0);
    slots_.resize(limits.max_size);
    idle_.reserve(limits.max_size);
    counts_[static_cast<std::size_t>(slot_state::vacant)] = slots_.size();
}

// Requests and returns

request_result pool_core::request(pool_waiter& w, time_point now) {
    ++stats_.requests_num;
    const bool is_back = w.since != time_point{};
    if (!is_back) w.since = now;
    if (const auto lease = lend_at_once(w, now)) {
        w.granted = *lease;
        return request_result::granted;
    }
    if (is_closed_ || (!is_back && limits_.max_waiting != 0 && queue_.size() >= limits_.max_waiting)) {
        ++stats_.refused;
        w.since = {};
        return is_closed_ ? request_result::closed : request_result::overloaded;
    }
    ++stats_.requests_queued;
    const auto came_later = [&w](const pool_waiter& other) { return other.since > w.since; };
    queue_.insert(is_back ? std::ranges::find_if(queue_, came_later) : queue_.end(), w);
    exclusive_waiting_ += w.kind == lease_kind::exclusive;
    if (w.deadline != time_point::max()) {
        deadlines_.insert(w);
        schedule(w.deadline);
    }
    cover(now);
    return request_result::queued;
}

std::optional<pool_lease> pool_core::try_request(lease_kind kind, time_point now, duration expected) {
    ++stats_.requests_num;
    // what it is lent has no time to give a sign of life
    if (queue_.empty() && !idle_.empty()) slots_[idle_.back()].since = now;
    pool_waiter w{kind, time_point::max(), expected};
    w.since = now;
    const auto lease = lend_at_once(w, now);
    if (!lease) {
        ++stats_.refused;
        cover(now, 1);
    }
    return lease;
}

bool pool_core::withdraw(pool_waiter& w, time_point now) {
    if (!w.list_base_hook::is_linked()) return false;
    unlink(w);
    ++stats_.cancelled;
    advance(now);  // one that wanted a connection for itself kept one-shots behind it from sharing
    return true;
}

pool_core::duration pool_core::release(const pool_lease& lease, time_point now, return_condition how) {
    pool_slot& s = slots_[lease.slot];
    assert(s.statements > 0);
    const duration worked = now - std::max(lease.since, s.since);
    s.backlog -= lease.expected;
    ++stats_.released;
    stats_.usage += now - lease.since;
    stats_.use.add(now - lease.since);
    if (how == return_condition::clearing) s.has_leftovers = true;
    if (how == return_condition::broken) {
        ++stats_.returns_bad;
        doom(s, close_reason::broken);
    }
    s.since = now;
    if (--s.statements == 0) come_back(s, now);
    advance(now);
    return worked;
}

// What the owner's work led to

void pool_core::connected(std::size_t slot, time_point now) {
    pool_slot& s = slots_[slot];
    assert(s.state == slot_state::connecting);
    stats_.connections_time += now - s.since;
    attempts_.succeeded();
    if (limits_.max_lifetime > 0s) {
        const auto lifetime = limits_.max_lifetime * (1 - limits_.lifetime_jitter * chance());
        s.expires = now + std::chrono::duration_cast<duration>(lifetime);
        schedule(s);
    }
    come_back(s, now);
    advance(now);
}

void pool_core::connect_failed(std::size_t slot, time_point now, connect_problem problem) {
    pool_slot& s = slots_[slot];
    assert(s.state == slot_state::connecting);
    ++stats_.connections_errors;
    attempts_.failed(s.since, now, chance());
    vacate(s);
    if (problem == connect_problem::refused) {
        attempts_.refused();
        while (!queue_.empty()) fail(queue_.front(), wait_failure::connect_failed);
    } else if (problem == connect_problem::hook_failed && !queue_.empty()) {
        fail(queue_.front(), wait_failure::connect_failed);
    }
    advance(now);
}

void pool_core::cleared(std::size_t slot, time_point now, bool ok) {
    pool_slot& s = slots_[slot];
    assert(s.state == slot_state::clearing);
    s.has_leftovers = false;
    if (!ok) {
        ++stats_.returns_bad;
        doom(s, close_reason::broken);
    }
    come_back(s, now);
    advance(now);
}

void pool_core::checked(std::size_t slot, time_point now, bool ok, bool timed_out) {
    pool_slot& s = slots_[slot];
    assert(s.state == slot_state::checking);
    const time_point began = s.since;
    if (!ok) {
        ++stats_.connections_lost;
        doom(s, close_reason::lost);
    }
    come_back(s, now);
    std::size_t doubtful = 0;
    for (; timed_out && !idle_.empty() && slots_[idle_.front()].since <= began; ++doubtful)
        start_check(slots_[idle_.front()], now);
    advance(now);
    cover(now, doubtful);  // who waits is not to wait for these, too
}

void pool_core::lost(std::size_t slot, time_point now) {
    pool_slot& s = slots_[slot];
    if (s.state != slot_state::idle) return;
    ++stats_.connections_lost;
    discard(s, close_reason::lost);
    advance(now);
}

void pool_core::doubt(std::size_t slot, time_point now) {
    pool_slot& s = slots_[slot];
    if (s.state != slot_state::idle) return;
    start_check(s, now);
    advance(now);
}

// What time and the owner ask for

void pool_core::await_minimum(time_point now) {
    ++awaiting_minimum_;
    attempts_.ask_again();
    advance(now);
}

void pool_core::tick(time_point now) {
    next_tick_ = time_point::max();
    while (!deadlines_.empty() && deadlines_.begin()->deadline <= now)
        fail(*deadlines_.begin(), wait_failure::timed_out);
    for (pool_slot& s : slots_) {
        if (s.expires <= now) doom(s, close_reason::expired);
        if (s.state == slot_state::leased && !s.is_leak_told && limits_.leak_after > 0s &&
            now - s.since >= limits_.leak_after) {
            s.is_leak_told = true;
            act(pool_action::kind::warn_leak, s);
        }
        schedule(s);
    }
    advance(now);
    shrink(now);
    if (!deadlines_.empty()) schedule(deadlines_.begin()->deadline);
}

void pool_core::resize(std::size_t min_size, std::size_t max_size, time_point now) {
    assert(min_size <= max_size && max_size > 0);
    limits_.min_size = min_size;
    limits_.max_size = max_size;
    counts_[static_cast<std::size_t>(slot_state::vacant)] += excess(max_size, slots_.size());
    slots_.resize(std::max(max_size, slots_.size()));
    idle_.reserve(slots_.size());
    schedule(now);  // idle connections may have become too many
    advance(now);
}

void pool_core::drain(time_point now) {
    doom_all(close_reason::drained);
    advance(now);
}

void pool_core::close(time_point now) {
    is_closed_ = true;
    while (!queue_.empty()) fail(queue_.front(), wait_failure::closed);
    doom_all(close_reason::closed);
    advance(now);
}

std::optional<pool_action> pool_core::next_action() {
    if (actions_taken_ < actions_.size()) return actions_[actions_taken_++];
    actions_.clear();
    actions_taken_ = 0;
    if (!std::exchange(is_wake_due_, false)) return std::nullopt;
    return pool_action{.what = pool_action::kind::wake};
}

pool_stats pool_core::stats() const {
    pool_stats s = stats_;
    s.pool_min = limits_.min_size;
    s.pool_max = limits_.max_size;
    s.pool_size = size();
    s.pool_available = count(slot_state::idle);
    s.requests_waiting = queue_.size();
    s.requests_errors = s.timed_out + s.refused + s.failed;
    s.lent = s.granted - s.released;
    return s;
}

// The end of every event

void pool_core::advance(time_point now) {
    serve(now);
    retire();
    cover(now);
}

/// Grants to those who wait what can be granted.
void pool_core::serve(time_point now) {
    while (!queue_.empty()) {
        pool_waiter& w = queue_.front();
        const auto lease = lend(w, now);
        if (!lease) return;
        unlink(w);
        w.granted = *lease;
        persist([&] { actions_.push_back({.what = pool_action::kind::grant, .slot = lease->slot, .waiter = &w}); });
    }
}

/// Closes idle connections that are too many or too old.
void pool_core::retire() {
    while (!idle_.empty() && size() > limits_.max_size) discard(slots_[idle_.front()], close_reason::surplus);
    if (doomed_ == 0) return;
    for (std::size_t i = 0; i < idle_.size();) {
        pool_slot& s = slots_[idle_[i]];
        // one that expired stays until its replacement is there, if there is room for one
        const bool has_room = size() < limits_.max_size || count(slot_state::connecting) > 0;
        const bool may_go = s.doom != close_reason::expired || lasting() >= limits_.min_size || !has_room;
        if (s.doom != close_reason::none && may_go) {
            discard(s, s.doom);
        } else {
            ++i;
        }
    }
}

/// Begins what those who wait and the minimum need; `asked` are wanted besides.
void pool_core::cover(time_point now, std::size_t asked) {
    if (is_closed_) return;
    // what is idle and was not granted has been idle for long
    while (uncovered(asked) > 0 && !idle_.empty()) start_check(slots_[idle_.back()], now);
    recent_attempts recent = attempts_since(now - limits_.long_connecting);
    while (missing(asked, recent.number) > 0 && size() < limits_.max_size && recent.number < attempts_.at_a_time()) {
        const time_point next = attempts_.next(!queue_.empty() || awaiting_minimum_ > 0);
        if (now < next) return schedule(next);
        ++recent.number;
        recent.oldest = std::min(recent.oldest, now);
        pool_slot& s = *std::ranges::find(slots_, slot_state::vacant, &pool_slot::state);
        enter(s, slot_state::connecting, now);
        ++stats_.connections_num;
        act(pool_action::kind::connect, s);
    }
    const bool is_wanted = uncovered(asked) > 0 || (awaiting_minimum_ > 0 && !has_minimum());
    if (recent.number > 0 && is_wanted && size() < limits_.max_size) schedule(recent.oldest + limits_.long_connecting);
}

/// The number of waiters that no connection is being made ready for.
std::size_t pool_core::uncovered(std::size_t asked) const {
    return excess(queue_.size() + asked, count(slot_state::checking) + count(slot_state::clearing));
}

pool_core::recent_attempts pool_core::attempts_since(time_point oldest) const {
    recent_attempts found;
    if (count(slot_state::connecting) == 0) return found;
    for (const pool_slot& s : slots_) {
        if (s.state != slot_state::connecting || s.since <= oldest) continue;
        ++found.number;
        found.oldest = std::min(found.oldest, s.since);
    }
    return found;
}

/// The number of connections to make, beside those that are `connecting`.
std::size_t pool_core::missing(std::size_t asked, std::size_t connecting) const {
    // what was refused is tried again only for those who ask
    // an attempt that may hang does not keep those waiting who wait for the minimum
    const std::size_t hanging = awaiting_minimum_ > 0 ? count(slot_state::connecting) - connecting : 0;
    const std::size_t below_min =
        attempts_.is_refused() ? 0 : excess(limits_.min_size, excess(size(), doomed_ + hanging));
    return std::max(excess(uncovered(asked), connecting), below_min);
}

/// The connections that are there and will stay.
std::size_t pool_core::lasting() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        slots_, [](const pool_slot& s) { return s.state > slot_state::connecting && s.doom == close_reason::none; }));
}

/// Closes the connection that has been idle for longest, if it was for too long.
void pool_core::shrink(time_point now) {
    if (limits_.max_idle <= 0s || idle_.empty() || lasting() <= limits_.min_size) return;
    const time_point due = std::max(slots_[idle_.front()].since + limits_.max_idle, next_shrink_);
    if (now < due) return schedule(due);
    discard(slots_[idle_.front()], close_reason::idle);
    next_shrink_ = now + shrink_interval;
    schedule(next_shrink_);
}

// One connection

/// To one who asks now; nobody overtakes those who wait, but who was there before them.
std::optional<pool_lease> pool_core::lend_at_once(const pool_waiter& w, time_point now) {
    const bool is_first = queue_.empty() || w.since < queue_.front().since;
    const auto lease = is_first ? lend(w, now) : std::nullopt;
    if (lease && slots_[lease->slot].statements > 1) cover(now, 1);  // it shares for want of a connection
    return lease;
}

/// Lends a connection if there is one to lend.
std::optional<pool_lease> pool_core::lend(const pool_waiter& w, time_point now) {
    pool_slot* const s = place_for(w, now);
    if (s == nullptr) return std::nullopt;
    if (s->state == slot_state::idle) {
        idle_.pop_back();
        enter(*s, w.kind == lease_kind::exclusive ? slot_state::leased : slot_state::shared, now);
    }
    ++s->statements;
    s->backlog += w.expected;
    if (++s->uses == limits_.max_uses) doom(*s, close_reason::used_up);
    ++stats_.granted;
    stats_.requests_wait += now - w.since;
    stats_.wait.add(now - w.since);
    return pool_lease{index_of(*s), now, w.expected};
}

/// For a one-shot an idle connection, else the one that is expected to be done first.
pool_slot* pool_core::place_for(const pool_waiter& w, time_point now) {
    if (!idle_.empty()) {
        pool_slot& s = slots_[idle_.back()];
        if (limits_.check_after_idle < 0s || now - s.since <= limits_.check_after_idle) return &s;
    }
    // one-shots that join others may never leave the connection to one who wants it alone, or to be closed
    if (w.kind == lease_kind::exclusive || exclusive_waiting_ > 0 || size() > limits_.max_size) return nullptr;
    pool_slot* best = nullptr;
    for (pool_slot& s : slots_) {
        const bool may_join = s.state == slot_state::shared && s.doom == close_reason::none && !s.has_leftovers &&
                              s.statements < limits_.pipeline_depth && s.backlog < limits_.long_running &&
                              now - s.since < limits_.long_running;
        if (may_join && (best == nullptr || s.backlog < best->backlog)) best = &s;
    }
    return best;
}

/// Nobody uses the connection any more: it becomes idle unless something is against it.
void pool_core::come_back(pool_slot& s, time_point now) {
    if (s.expires <= now) doom(s, close_reason::expired);
    if (size() > limits_.max_size) doom(s, close_reason::surplus);
    if (s.doom != close_reason::none) return discard(s, s.doom);
    if (s.has_leftovers) {
        enter(s, slot_state::clearing, now);
        return act(pool_action::kind::clear, s);
    }
    enter(s, slot_state::idle, now);
    idle_.push_back(index_of(s));
    if (limits_.max_idle > 0s) schedule(now + limits_.max_idle);
}

void pool_core::doom_all(close_reason why) {
    for (pool_slot& s : slots_)
        if (s.state != slot_state::vacant) doom(s, why);
}

void pool_core::start_check(pool_slot& s, time_point now) {
    std::erase(idle_, index_of(s));
    enter(s, slot_state::checking, now);
    act(pool_action::kind::check, s);
}

void pool_core::enter(pool_slot& s, slot_state state, time_point now) {
    --counts_[static_cast<std::size_t>(s.state)];
    ++counts_[static_cast<std::size_t>(state)];
    s.state = state;
    s.since = now;
    s.is_leak_told = false;
    if (state == slot_state::leased) schedule(s);
}

void pool_core::vacate(pool_slot& s) {
    if (s.state == slot_state::idle) std::erase(idle_, index_of(s));
    if (s.doom != close_reason::none) --doomed_;
    enter(s, slot_state::vacant, {});
    s = {};
}

/// It is closed when it comes back. The first reason stands, but for expiry, which can wait for a replacement.
void pool_core::doom(pool_slot& s, close_reason why) {
    doomed_ += s.doom == close_reason::none;
    if (s.doom == close_reason::none || s.doom == close_reason::expired) s.doom = why;
}

// Waiters, actions and time

void pool_core::unlink(pool_waiter& w) {
    queue_.erase(queue_.iterator_to(w));
    exclusive_waiting_ -= w.kind == lease_kind::exclusive;
    if (w.set_base_hook::is_linked()) deadlines_.erase(deadlines_.iterator_to(w));
}

void pool_core::fail(pool_waiter& w, wait_failure why) {
    unlink(w);
    w.failure = why;
    ++(why == wait_failure::timed_out ? stats_.timed_out : stats_.failed);
    persist([&] { actions_.push_back({.what = pool_action::kind::fail, .waiter = &w}); });
}

void pool_core::act(pool_action::kind what, const pool_slot& s, close_reason why) {
    persist([&] { actions_.push_back({.what = what, .slot = index_of(s), .why = why}); });
}

void pool_core::schedule(time_point at) {
    if (at >= next_tick_) return;
    next_tick_ = at;
    is_wake_due_ = true;
}

/// When its time is up, or when it is lent for long.
void pool_core::schedule(const pool_slot& s) {
    if (s.doom == close_reason::none) schedule(s.expires);
    const bool may_leak = s.state == slot_state::leased && !s.is_leak_told && limits_.leak_after > 0s;
    if (may_leak) schedule(s.since + limits_.leak_after);
}

}  // namespace coropg::detail
