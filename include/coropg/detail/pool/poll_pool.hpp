// The blocking pool behind its handle: what the decisions of `pool_core` mean for sessions and threads.
//
// There is no thread but those of the program. Who has to wait for a connection works meanwhile: takes a job that the
// core wants done, a connect or a check, does it outside of the mutex, and tells the core. What it cannot end in its turn,
// or before it gets a connection, it puts back for the next one to go on with. What nobody waits for is left until
// somebody does.
//
// A slot that a job is about belongs to the thread that does the job.
#pragma once

#include <coropg/detail/pool/pool_shell.hpp>
#include <coropg/sync_connection.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace coropg::detail {

/// A lent session.
struct lent_session {
    pool_lease lease;
    std::unique_ptr<poll_session> session;
};

class poll_pool : public pool_shell, public std::enable_shared_from_this<poll_pool> {
 public:
    using connect_hook = std::function<void(conninfo&)>;
    using connection_hook = std::function<void(sync::connection&)>;
    using acquire_hook = std::function<bool(sync::connection&)>;
    using release_hook = std::function<bool(sync::connection&)>;

    poll_pool(conninfo info, const pool_options& options);
    ~poll_pool() = default;

    /// Until `min_size` connections are up.
    static void wait(std::shared_ptr<poll_pool> self, std::source_location where);
    /// Until all connections came back, or are closed when `grace` is over.
    static void close(std::shared_ptr<poll_pool> self, std::chrono::milliseconds grace);
    /// Refuses new users, fails those that wait, and closes connections that are not lent. In a child process, does
    /// nothing.
    void shut();

    /// A connection, by `until` at the latest. Errors: pool_timeout, pool_closed, pool_overloaded, connection_error.
    [[nodiscard]] lent_session lease(std::source_location where, clock::time_point until);
    [[nodiscard]] std::optional<lent_session> try_lease(std::source_location where);
    /// Threads: any. In a child process, does nothing.
    void give_back(const pool_lease& lease, sync::connection&& conn, bool is_usable);

    /// Errors: usage_error in a child process.
    void resize(std::size_t min_size, std::size_t max_size);
    /// Errors: usage_error in a child process.
    void drain();

    connect_hook before_connect;
    connection_hook after_connect;
    acquire_hook before_acquire;
    release_hook after_release;

 private:
    struct slot {
        std::unique_ptr<poll_session> at_rest;
        unique_fd socket;  ///< the session's, and as long as the slot has it, no other's
        // a job that was put back
        std::unique_ptr<poll_work<pq::connection>> connecting;
        clock::time_point put_back_at{};
        bool was_left = false;  ///< nobody went on with it for long: the server may have given it up
        std::optional<clock::time_point> ping_due;
    };
    struct helper;
    struct waiter;
    class onlooking;
    class event;
    friend class event;

    void collect(event& e) noexcept;
    void collect(const pool_action& action, event& e, std::optional<pool_snapshot>& seen);
    void give_up(const pool_action& job, event& e);
    template <class Predicate>
    [[nodiscard]] bool work_until(helper& me, Predicate is_so);
    [[nodiscard]] bool is_new_ping(const pool_action& job) const;
    [[nodiscard]] std::optional<pool_action> take_job(helper& me, const event& e);
    void put_back(const pool_action& job, const event& e);

    [[nodiscard]] slot& slot_at(std::size_t i);
    [[nodiscard]] bool advance(const pool_action& job, const helper& me, std::chrono::milliseconds turn);
    [[nodiscard]] bool connect(const pool_action& job, const helper& me, std::chrono::milliseconds turn);
    [[nodiscard]] bool ping(const pool_action& job, const patience& p);

    void look_at_next(clock::time_point now);
    void leave(waiter& w);
    [[nodiscard]] lent_session lend(const pool_lease& lease, std::source_location where);
    void rest(std::size_t i, std::unique_ptr<poll_session>&& session);

    std::deque<slot> slots_;
    std::deque<pool_action> jobs_;    // nobody does them yet
    std::vector<helper*> sleepers_;   // the last come at the back
    std::size_t called_ = 0;          // on their way to a job
    std::size_t at_work_ = 0;         // threads that have one
    std::vector<helper*> onlookers_;  // who wait for a state of the pool
};

}  // namespace coropg::detail
