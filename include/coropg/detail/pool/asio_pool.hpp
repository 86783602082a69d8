// The asynchronous pool behind its handle: what the decisions of `pool_core` mean for sessions, executors and waiters.
//
// A slot's session is in one of three places. At rest, in the slot: nothing is under way in it, and it can be lent at
// once. At its hub, a link on a strand of the slot: it connects, is checked, is reset, or serves one-shot statements of
// many coroutines. Lent, at a link on its user's executor, as the session of an ordinary connection. Only the place that
// has a session touches it.
#pragma once

#include <coropg/connection.hpp>
#include <coropg/detail/pool/pool_shell.hpp>
#include <coropg/detail/pool/statement_times.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace coropg::detail {

class asio_pool;

/// Somebody who waits for a connection for himself.
struct lease_waiter : pool_waiter {
    lease_waiter(std::shared_ptr<asio_pool> from, std::source_location asked_at, clock::time_point until);
    lease_waiter(const lease_waiter&) = delete;
    lease_waiter& operator=(const lease_waiter&) = delete;
    /// A waiter that is destroyed before its wait has ended gives back what it was granted.
    ~lease_waiter();

    std::shared_ptr<asio_pool> pool;
    std::source_location where;
    std::uint64_t ticket = 0;
    bool has_ended = false;  ///< granted or failed
    bool is_taken = false;
    std::exception_ptr problem;
    completion waiting;
};

/// A statement that needs no connection of its own.
struct one_shot : pool_waiter {
    one_shot(std::shared_ptr<asio_pool> to, unit_ptr&& statement);

    std::shared_ptr<asio_pool> pool;
    unit_ptr u;               ///< while it waits for its place
    std::uint64_t text_hash;  ///< of its SQL
    std::uint64_t ticket;
    int tries = 0;
    bool is_cancelled = false;
    completion waiting;
};

/// A lent session: a link that has it.
struct lent_link {
    pool_lease lease;
    std::shared_ptr<asio_link> link;
};

class asio_pool : public pool_shell, public std::enable_shared_from_this<asio_pool> {
 public:
    using connect_hook = std::function<asio::awaitable<void>(conninfo&)>;
    using connection_hook = std::function<asio::awaitable<void>(connection&)>;
    using acquire_hook = std::function<asio::awaitable<bool>(connection&)>;
    using release_hook = std::function<bool(connection&)>;

    /// One that connects nothing yet.
    static std::shared_ptr<asio_pool> make(asio::any_io_executor executor, conninfo info, const pool_options& options);
    asio_pool(asio::any_io_executor executor, conninfo info, const pool_options& options);
    ~asio_pool();

    /// Until `min_size` connections are up.
    static asio::awaitable<void> wait(std::shared_ptr<asio_pool> self, std::source_location where);
    /// Until all connections came back, or are closed when `grace` is over.
    static asio::awaitable<void> close(std::shared_ptr<asio_pool> self, std::chrono::milliseconds grace);
    /// Refuses new users, fails those that wait, and closes connections that are not lent.
    void shut();

    /// Takes a connection for `w` if it can be had at once. Errors: pool_closed, pool_overloaded.
    [[nodiscard]] std::optional<lent_link> request(lease_waiter& w, const asio::any_io_executor& executor);
    /// The same for one who does not wait.
    [[nodiscard]] std::optional<lent_link> try_request(const asio::any_io_executor& executor,
                                                       std::source_location where);
    /// The connection that `w` was granted. Errors: the failure of its wait.
    [[nodiscard]] lent_link take(lease_waiter& w, const asio::any_io_executor& executor);
    /// `waiting` is called when the wait of `w` has ended, which `ticket` can cancel.
    void await(lease_waiter& w, std::uint64_t ticket, completion&& waiting);
    void abandon(lease_waiter& w) noexcept;
    /// Threads: any.
    void give_back(const pool_lease& lease, connection&& conn, bool is_usable);

    /// Runs `u` on a connection that it may share; its `waiting` is called when it has ended.
    void submit(unit_ptr&& u) noexcept;
    /// Returns the number by which `signals` cancel a waiter once it has that number; 0 if nobody can cancel it.
    template <class Slot>
    [[nodiscard]] std::uint64_t listen_for_cancellation(Slot signals) {
        if (!signals.is_connected()) return 0;
        const std::uint64_t ticket = next_ticket();
        signals.assign([weak = weak_from_this(), ticket](asio::cancellation_type type) {
            if (!ends_operation(type)) return;
            if (const auto alive = weak.lock()) alive->cancel(ticket);
        });
        return ticket;
    }
    void cancel(std::uint64_t ticket) noexcept;

    /// Errors: usage_error in a child process.
    void resize(std::size_t min_size, std::size_t max_size);
    /// Errors: usage_error in a child process.
    void drain();

    connect_hook before_connect;
    connection_hook after_connect;
    acquire_hook before_acquire;
    release_hook after_release;

 private:
    using descriptor = asio::posix::stream_descriptor;

    struct slot {
        explicit slot(asio::any_io_executor h) : home{std::move(h)} {}

        asio::any_io_executor home;
        std::unique_ptr<session> at_rest;
        clock::time_point heard_from{};  ///< when the server was last known to be there
        std::shared_ptr<asio_link> hub;
        std::shared_ptr<asio_link> last;      ///< of the last lease, for the next one on its executor
        std::shared_ptr<asio_link> borrowed;  ///< while lent
        std::shared_ptr<descriptor> idle_socket;
        bool is_watched = false;
        bool is_to_look_after = false;  ///< it has become idle
        unit_queue inbox;               ///< one-shots on their way to the hub
        bool is_being_served = false;
        std::shared_ptr<asio::cancellation_signal> connecting;
    };

    /// Work to do once the mutex is left.
    struct effects {
        std::vector<pool_action> begun;                     // connects, checks and resets
        std::vector<std::pair<completion, unit_ptr>> told;  // who waited
        std::vector<std::shared_ptr<void>> dropped;
        std::vector<std::shared_ptr<asio_link>> retired;
        std::vector<std::string> warnings;
        std::optional<pool_snapshot> seen;  // by those who failed: one for all, since thousands may fail at a time
    };

    /// An event: holds the mutex, and in the end does what the core wants done.
    class event;
    friend class event;

    [[nodiscard]] std::uint64_t next_ticket();

    void collect(const pool_action& action, effects& out);
    void perform(effects& todo);
    void end_wait(pool_waiter& w, std::exception_ptr problem, effects& out);
    [[nodiscard]] std::exception_ptr failure_of(const pool_waiter& w, effects& out) const;
    [[nodiscard]] static call_site site_of(const pool_waiter& w);

    /// Of those who wait for the pool itself: each is woken once what it waits for has come.
    using watchers = std::unordered_set<std::shared_ptr<asio::steady_timer>>;

    class context_watch;
    void orphan();
    void add_slots();
    void arm_timer();
    template <class Predicate>
    static asio::awaitable<bool> until(std::shared_ptr<asio_pool> self, clock::time_point deadline,
                                       watchers asio_pool::*those, Predicate is_so);
    template <class Predicate>
    static asio::awaitable<void> watch_until(std::shared_ptr<asio_pool> self, clock::time_point deadline,
                                             watchers asio_pool::*those, Predicate is_so, bool& is_in_time);

    [[nodiscard]] lent_link lend(const pool_lease& lease, const asio::any_io_executor& executor,
                                 std::source_location where, std::unique_ptr<session>& core);
    [[nodiscard]] lent_link hand_over(lent_link lent, std::unique_ptr<session>&& core,
                                      const asio::any_io_executor& executor);
    void take_back(lent_link&& lent, bool is_usable);
    void put_back(const lent_link& lent, std::unique_ptr<session>&& core, bool is_usable);
    void write_off(const lent_link& lent);
    /// What the hook says of the connection; nothing if it has moved it away.
    [[nodiscard]] std::optional<bool> pass_release_hook(const std::shared_ptr<asio_link>& link);
    void rest(std::size_t i, std::unique_ptr<session>&& core, clock::time_point heard_from);
    void go_on(std::size_t i);
    void look_after(std::size_t i);

    void begin_connect(std::size_t i);
    [[nodiscard]] asio::any_io_executor home_of(std::size_t i) const;
    static asio::awaitable<void> make_connection(std::shared_ptr<asio_pool> self, std::size_t i);
    void end_connect(std::size_t i, std::shared_ptr<asio_link>&& hub);
    void fail_connect(std::size_t i, connect_problem problem, std::exception_ptr why);
    void ping(std::size_t i);
    void end_ping(std::size_t i, bool is_well, bool is_late);
    [[nodiscard]] std::shared_ptr<asio_link> move_in(std::size_t i);
    [[nodiscard]] std::unique_ptr<session> move_out(std::size_t i);

    void enqueue(std::unique_ptr<one_shot>&& work, event& e) noexcept;
    void place(std::unique_ptr<one_shot>&& work) noexcept;
    void serve_inbox(std::size_t i);
    void end_one_shot(std::unique_ptr<one_shot>&& work, unit_ptr&& done);

    void watch(std::size_t i);
    void on_idle_event(std::size_t i, descriptor& idle_socket);
    bool look_at(std::size_t i, clock::time_point now);
    void look_at_next(clock::time_point now);

    const asio::any_io_executor executor_;

    std::deque<slot> slots_;
    statement_times times_;
    std::unordered_map<std::uint64_t, pool_waiter*> cancellable_;
    std::uint64_t last_ticket_;
    watchers awaiting_minimum_;
    watchers awaiting_end_;
    std::atomic<bool> is_cut_off_ = false;  ///< what is lent from now on, to one who had waited, is closed
    asio::steady_timer timer_;
    asio::steady_timer end_;  // never comes; what waits for it learns when the execution context goes away
    clock::time_point armed_ = no_deadline;
};

/// A connection for oneself. Cancellation: terminal and total; it takes nothing along.
asio::awaitable<lent_link> lease(std::shared_ptr<asio_pool> pool, std::source_location where,
                                 clock::time_point deadline);

}  // namespace coropg::detail
