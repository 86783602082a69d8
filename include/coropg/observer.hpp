// Events for metrics and tracing: connects, statements and transactions with their durations.
#pragma once

#include <coropg/error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string_view>

namespace coropg {

/// A try to reach one address has ended.
struct connect_event {
    const connect_attempt& attempt;  ///< its `reason` is empty when it succeeded
};

/// A statement, a pipeline's scope or a script has ended.
struct query_event {
    std::string_view sql;  ///< of several statements the first
    std::source_location where;
    int backend_pid = 0;
    std::size_t statements = 1;
    std::chrono::microseconds duration{};  ///< waiting in the queue included
    std::uint64_t rows = 0;                ///< returned or affected
    const error* problem = nullptr;        ///< null when it succeeded
};

/// A transaction has ended; a savepoint is none.
struct transaction_event {
    enum class end : unsigned char { committed, rolled_back, prepared, in_doubt };

    end how;
    std::source_location where;  ///< the line that ended it
    int backend_pid = 0;
    std::chrono::microseconds duration{};  ///< from its first statement on
};

/// A connection of a pool was lent to one alone, or was not. One-shot statements that share one are just query events.
struct acquire_event {
    std::string_view pool;  ///< its name
    std::source_location where;
    std::chrono::microseconds duration{};
    const error* problem = nullptr;  ///< null when it succeeded
};

/// Derive from this, override what you want to see, and pass it to `set_observer`. The functions are called on the
/// connection's executor, or on the thread of a blocking one, while the connection is locked: do not call coropg while
/// you hold a mutex that they lock. On the blocking face they must not give the connection that they are told of back to
/// its pool. What they throw is logged. The events do not outlive the calls, and never hold
/// parameter values.
class observer {
 public:
    virtual ~observer() = default;
    virtual void on_connect(const connect_event&) {}
    virtual void on_query(const query_event&) {}
    virtual void on_transaction(const transaction_event&) {}
    virtual void on_acquire(const acquire_event&) {}
};

/// Has all connections of the program report to `seeing`, from now on; nullptr ends that. Threads: any; the one before
/// is kept until the program ends, as other threads may be calling it.
void set_observer(std::shared_ptr<observer> seeing);

/// Logs each statement that takes at least so long as a warning; 0, the default, logs none. Threads: any.
void set_slow_query_threshold(std::chrono::microseconds least);

namespace detail {

/// Null when nobody observes.
[[nodiscard]] observer* current_observer() noexcept;
/// 0: nothing is slow.
[[nodiscard]] std::chrono::microseconds slow_query_threshold() noexcept;

/// Calls the observer, if there is one.
template <class Event>
void notify(void (observer::*member)(const Event&), const Event& event) noexcept;

}  // namespace detail
}  // namespace coropg
