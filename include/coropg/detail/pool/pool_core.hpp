// The decisions of a connection pool: who gets which connection, and what is connected, tested and closed when. Pure
// logic for the pools of both faces: it knows neither Asio nor threads nor libpq, has no clock and takes no lock. Its
// owner holds a mutex, tells it what happens and when, then performs the actions it asks for, outside of the mutex.
#pragma once

#include <coropg/detail/persist.hpp>
#include <coropg/detail/pool/connect_attempts.hpp>
#include <coropg/pool_stats.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace coropg::detail {

/// The limits of a pool. Durations so long that the clock overflows are the owner's mistake.
struct pool_limits {
    using duration = std::chrono::steady_clock::duration;

    std::size_t min_size = 0;
    std::size_t max_size = 10;
    std::size_t max_waiting = 0;  ///< 0 is no limit
    std::size_t max_parallel_connects = 4;
    std::size_t pipeline_depth = 16;                ///< one-shot statements on one connection; with 1 they never share
    duration max_lifetime = std::chrono::hours{1};  ///< 0 is no limit
    double lifetime_jitter = 0.2;                   ///< the part of max_lifetime that is left to chance
    duration max_idle = std::chrono::minutes{10};   ///< 0 is no limit
    std::uint64_t max_uses = 0;                     ///< 0 is no limit
    duration check_after_idle = std::chrono::milliseconds{500};  ///< 0 is always, below 0 never
    duration leak_after{0};                                      ///< 0 is never
    /// No one-shot is put behind work that is expected to take as long, nor behind a statement that has done so.
    duration long_running = std::chrono::milliseconds{10};
    /// An attempt to connect of this age may hang: the next ones do not wait for it.
    duration long_connecting = std::chrono::seconds{1};
};

/// The time that is expected of a statement which is not known. Nothing shares its connection.
constexpr pool_limits::duration unknown_time = std::chrono::hours{1};

enum class slot_state : unsigned char {
    vacant,
    connecting,
    checking,  ///< tested before it is lent, after it was idle for long
    clearing,  ///< returned with leftovers, which its owner clears
    idle,
    leased,  ///< lent to one alone
    shared,  ///< one-shot statements are pipelined on it
};

enum class close_reason : unsigned char { none, expired, used_up, idle, surplus, drained, closed, broken, lost };
enum class wait_failure : unsigned char { none, timed_out, closed, connect_failed };
enum class lease_kind : unsigned char { exclusive, one_shot };

/// The condition of a connection that comes back; of statements that share one, the worst counts.
enum class return_condition : unsigned char { usable, clearing, broken };

enum class connect_problem : unsigned char {
    unavailable,  ///< no server, or one that has no room (53300): waiters wait on
    refused,      ///< wrong password, no such database: it would fail again, and all waiters fail
    hook_failed,  ///< what the user runs on each new connection failed: one waiter fails
};

enum class request_result : unsigned char { granted, queued, overloaded, closed };

/// One connection, or the place for one. What stands here is for reading.
struct pool_slot {
    using time_point = std::chrono::steady_clock::time_point;

    slot_state state = slot_state::vacant;
    close_reason doom = close_reason::none;  ///< why it is closed when it comes back
    bool has_leftovers = false;
    bool is_leak_told = false;
    std::size_t statements = 0;                      ///< 1 while leased
    std::chrono::steady_clock::duration backlog{0};  ///< the time that is expected of them
    std::uint64_t uses = 0;
    time_point since{};  ///< when it entered its state; while shared, when a statement last ended
    time_point expires = time_point::max();
};

/// A grant, to be given back by `release`.
struct pool_lease {
    std::size_t slot = 0;
    std::chrono::steady_clock::time_point since{};
    std::chrono::steady_clock::duration expected{0};
};

/// A request; owners derive from it.
/// Lifetime: until it is granted at once, refused, or withdrawn while queued; else until its action was performed.
struct pool_waiter : boost::intrusive::list_base_hook<>, boost::intrusive::set_base_hook<> {
    using time_point = std::chrono::steady_clock::time_point;

    explicit pool_waiter(lease_kind wanted, time_point until = time_point::max(),
                         pool_limits::duration expects = unknown_time)
        : kind{wanted}, expected{expects}, deadline{until} {}

    lease_kind kind;
    pool_limits::duration expected;  ///< of its statement
    time_point deadline;
    time_point since{};                         ///< when it asked first; set by `request`
    pool_lease granted{};                       ///< once it is
    wait_failure failure = wait_failure::none;  ///< once it failed
};

/// Work for the owner.
struct pool_action {
    enum class kind : unsigned char {
        connect,    ///< a connection for `slot`; answer with `connected` or `connect_failed`
        check,      ///< whether the connection in `slot` lives; answer with `checked`
        clear,      ///< clear the leftovers in `slot`; answer with `cleared`
        close,      ///< the connection of `slot`, which may be connected anew: take it out before the mutex is left
        grant,      ///< tell `waiter`
        fail,       ///< tell `waiter`
        warn_leak,  ///< `slot` has been lent for long; told once a lease
        wake,       ///< `tick` at `next_tick`, which has changed
    };

    kind what;
    std::size_t slot = 0;
    close_reason why = close_reason::none;
    pool_waiter* waiter = nullptr;
};

/// Waiters are served in the order of their arrival, connections are lent the last returned first.
/// Every event takes the time, which never goes back. After each, take the actions until there are none.
class pool_core {
 public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = pool_limits::duration;

    pool_core(const pool_limits& limits, std::uint32_t seed);

    /// Asks for a connection. Allocates nothing unless something has to be begun for it. One that asks again, for it was
    /// sent away from the connection that it was granted, has its old place.
    request_result request(pool_waiter& w, time_point now);
    /// The same without waiting. What it lacks is begun, so that a later try can succeed.
    std::optional<pool_lease> try_request(lease_kind kind, time_point now, duration expected = unknown_time);
    /// Cancels. False: it was not queued any more; what it was granted is the owner's to release.
    bool withdraw(pool_waiter& w, time_point now);
    /// Gives back what was granted. Returns for how long the connection worked for it alone.
    duration release(const pool_lease& lease, time_point now, return_condition how);

    void connected(std::size_t slot, time_point now);
    void connect_failed(std::size_t slot, time_point now, connect_problem problem);
    void cleared(std::size_t slot, time_point now, bool ok);
    /// When there was no answer in time, the network may have dropped others silently: all that have been idle for as
    /// long are checked too.
    void checked(std::size_t slot, time_point now, bool ok, bool timed_out = false);
    /// A connection ended while nobody used it. Does nothing if it is not idle: who uses it will notice.
    void lost(std::size_t slot, time_point now);
    /// Something came for a connection that nobody uses: it is checked. Does nothing if it is not idle.
    void doubt(std::size_t slot, time_point now);

    /// Somebody waits until `min_size` connections are up, or does so no longer: they are tried for as for those in the
    /// queue, even when they were refused for good.
    void await_minimum(time_point now);
    void end_awaiting_minimum() noexcept { --awaiting_minimum_; }

    /// The idle connection that is lent next.
    [[nodiscard]] std::optional<std::size_t> next_idle() const noexcept {
        return idle_.empty() ? std::nullopt : std::optional{idle_.back()};
    }

    /// Does what is due. The first one connects `min_size`.
    void tick(time_point now);
    /// When `tick` may have something to do; never is time_point::max().
    [[nodiscard]] time_point next_tick() const noexcept { return next_tick_; }

    void resize(std::size_t min_size, std::size_t max_size, time_point now);
    /// Closes all connections there are, those in use when they come back.
    void drain(time_point now);
    /// Fails those who wait, refuses those who come, and closes all connections, those in use when they come back.
    void close(time_point now);
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
    /// Whether the server refuses connections for good, by what the last attempt has shown.
    [[nodiscard]] bool is_refused() const noexcept { return attempts_.is_refused(); }
    /// Whether the pool was closed and each slot is vacant: no connection is lent, and none is being made or tested.
    [[nodiscard]] bool is_drained() const noexcept { return is_closed_ && size() == 0; }

    /// The oldest that was not taken yet.
    std::optional<pool_action> next_action();

    [[nodiscard]] pool_stats stats() const;
    /// The number of connections that are up, in any state.
    [[nodiscard]] std::size_t count_up() const noexcept { return size() - count(slot_state::connecting); }
    [[nodiscard]] bool has_minimum() const noexcept { return count_up() >= limits_.min_size; }
    [[nodiscard]] std::span<const pool_slot> slots() const noexcept { return slots_; }

 private:
    struct deadline_of {
        using type = time_point;
        const type& operator()(const pool_waiter& w) const noexcept { return w.deadline; }
    };

    [[nodiscard]] std::size_t count(slot_state s) const noexcept { return counts_[static_cast<std::size_t>(s)]; }
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size() - count(slot_state::vacant); }
    [[nodiscard]] std::size_t index_of(const pool_slot& s) const noexcept {
        return static_cast<std::size_t>(&s - slots_.data());
    }
    [[nodiscard]] std::size_t lasting() const;
    /// Attempts to connect, without those that may hang.
    struct recent_attempts {
        std::size_t number = 0;
        time_point oldest = time_point::max();
    };
    [[nodiscard]] recent_attempts attempts_since(time_point oldest) const;
    [[nodiscard]] std::size_t uncovered(std::size_t asked) const;
    [[nodiscard]] std::size_t missing(std::size_t asked, std::size_t connecting) const;
    [[nodiscard]] pool_slot* place_for(const pool_waiter& w, time_point now);

    void advance(time_point now);
    void serve(time_point now);
    void retire();
    void cover(time_point now, std::size_t asked = 0);

    std::optional<pool_lease> lend_at_once(const pool_waiter& w, time_point now);
    std::optional<pool_lease> lend(const pool_waiter& w, time_point now);
    void come_back(pool_slot& s, time_point now);
    void enter(pool_slot& s, slot_state state, time_point now);
    void vacate(pool_slot& s);
    void discard(pool_slot& s, close_reason why) {
        vacate(s);
        act(pool_action::kind::close, s, why);
    }
    void doom(pool_slot& s, close_reason why);
    void doom_all(close_reason why);
    void start_check(pool_slot& s, time_point now);
    void shrink(time_point now);
    void unlink(pool_waiter& w);
    void fail(pool_waiter& w, wait_failure why);
    void act(pool_action::kind what, const pool_slot& s, close_reason why = close_reason::none);
    void schedule(time_point at);
    void schedule(const pool_slot& s);
    double chance() { return std::uniform_real_distribution<>{}(random_); }

    pool_limits limits_;
    std::minstd_rand random_;
    std::vector<pool_slot> slots_;
    std::array<std::size_t, 7> counts_{};  // of slots, by state
    std::size_t doomed_ = 0;
    std::vector<std::size_t> idle_;  // the last returned at the back
    boost::intrusive::list<pool_waiter> queue_;
    std::size_t exclusive_waiting_ = 0;
    std::size_t awaiting_minimum_ = 0;
    boost::intrusive::multiset<pool_waiter, boost::intrusive::key_of_value<deadline_of>> deadlines_;

    connect_attempts attempts_;

    bool is_closed_ = false;
    time_point next_tick_ = time_point::max();
    time_point next_shrink_ = time_point::min();
    bool is_wake_due_ = false;
    std::vector<pool_action> actions_;
    std::size_t actions_taken_ = 0;
    pool_stats stats_;  // the counters alone
};

}  // namespace coropg::detail
