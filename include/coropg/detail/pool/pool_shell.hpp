// The common part of both pools around their `pool_core`: what they were made with, the mutex, what is known
// of the server, and how they tell of themselves.
//
// The mutex protects the core, what is known, and the slots of the pool that derives from this. A child process must
// not use a pool of its parent.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/pool/pool_policy.hpp>
#include <coropg/pool_options.hpp>

#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>
#include <string_view>

namespace coropg::detail {

class pool_shell {
 public:
    pool_shell(const pool_shell&) = delete;
    pool_shell& operator=(const pool_shell&) = delete;

    /// Errors: usage_error in a child process.
    [[nodiscard]] pool_stats stats() const;
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    /// When a wait for a connection that begins now is to end.
    [[nodiscard]] clock::time_point acquire_deadline() const;
    /// Errors: usage_error in a child process.
    void require_home() const;

 protected:
    pool_shell(conninfo info, const pool_options& options);
    ~pool_shell() = default;

    /// For the next attempt to connect.
    [[nodiscard]] conninfo connect_info() const;
    /// Has the session of a new connection do as the pool's options say, and know what others have learned. Takes the
    /// mutex.
    void set_up(session& core) const;

    // With the mutex held:

    /// Shares what a session that comes back has learned, if it is going to stay; its statements are not noted until it
    /// is lent again.
    void take_in(std::size_t slot, session& core);
    /// New connections ask the server anew for what those before them have learned.
    void forget_types() noexcept { types_.reset(); }
    /// Notes that the connection of `slot` is lent from now on, and what its user does.
    void lend_to(std::size_t slot, session& core, std::source_location where);
    [[nodiscard]] std::source_location holder_of(std::size_t slot) const { return records_[slot]->read().where; }
    /// Whether `min_size` connections are up, or it is known that they are not going to be.
    [[nodiscard]] bool has_decided_minimum() const noexcept;
    /// Whether `min_size` connections are up, or `problem` says why they are not going to be.
    [[nodiscard]] bool is_up(std::source_location where, std::exception_ptr& problem) const;
    [[nodiscard]] std::exception_ptr timed_out(std::source_location where) const;
    [[nodiscard]] pool_snapshot snapshot(clock::time_point now) const;
    /// After the core was made or resized.
    void add_records();
    /// Whether nothing has come for an idle connection with this socket, and its end has not. Else the core is told.
    [[nodiscard]] bool is_silent(std::size_t slot, int socket, clock::time_point now);

    const conninfo info_;
    const std::string name_;
    const pool_options options_;
    const home_process process_;

    mutable std::mutex mutex_;
    pool_core core_;
    std::shared_ptr<const type_catalog> types_;
    connect_failure last_failure_;

 private:
    std::deque<std::shared_ptr<lease_record>> records_;  // a slot each; sessions hold them, too
};

}  // namespace coropg::detail
