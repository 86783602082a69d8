// The options of a pool, the same on both faces.
#pragma once

#include <coropg/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coropg {

/// When a connection that comes back is made clean for its next user. Open transactions are always rolled back, and
/// what is still under way is given up.
enum class pool_reset : unsigned char {
    /// When one of the statements that were run may have changed the state of the session, by what their text says:
    /// SET, LISTEN, DECLARE, DO, set_config() or pg_advisory_lock() and the like. What a function of yours does is not
    /// seen.
    changed,
    /// Always. The reset travels with the next user's first statement; it costs the server some statements. What the
    /// pool's own after_connect has set would be undone, too: then the connection is replaced each time, so make such
    /// settings the connection's own (`options` of conninfo, or ALTER ROLE).
    always,
};

/// Trivial on purpose, as call_options. Copied at the call. Durations of 0 are no limit, unless another meaning is
/// given.
struct pool_options {
    /// The number of connections that are kept, used or not.
    std::size_t min_size = 0;
    /// The most connections, those being made included.
    std::size_t max_size = 10;
    /// The most waiters; more fail at once with pool_overloaded. 0 is no limit.
    std::size_t max_waiting = 0;
    /// Longest wait for a connection, the time to make one included. Then: pool_timeout.
    std::chrono::milliseconds acquire_timeout = std::chrono::seconds{30};
    /// Longest lookup of a name, and try to reach one address, rounded up to seconds; 0 leaves it to the connection's own
    /// connect_timeout.
    std::chrono::milliseconds connect_timeout{0};
    /// Age at which a connection is replaced. Up to a fifth of it is random, so that they do not all end together.
    std::chrono::milliseconds max_lifetime = std::chrono::hours{1};
    /// The time after which an unused connection beyond `min_size` is closed.
    std::chrono::milliseconds max_idle = std::chrono::minutes{10};
    /// The number of times that a connection is lent before it is replaced. 0 is no limit.
    std::uint64_t max_uses = 0;
    /// A connection that was unused for longer is asked for a sign of life before it is lent; 0 is always.
    std::chrono::milliseconds check_after_idle{500};
    /// The most connections that are made at the same time; one, while the last attempt has failed. Attempts that have
    /// taken a second do not count.
    std::size_t max_parallel_connects = 4;
    /// The most one-shot statements that share a connection, once none is free; 1 is no sharing. None is put behind one
    /// that is slow: the pool remembers how long each text took.
    std::size_t pipeline_depth = 16;
    pool_reset reset = pool_reset::changed;
    /// Of all statements that do not say otherwise: `never` behind a pooler in transaction mode that does not keep
    /// prepared statements (docs/poolers.md).
    coropg::prepare prepare = coropg::prepare::automatic;
    /// The time after which a lent connection is logged as a warning, with the line that asked for it.
    std::chrono::milliseconds leak_after{0};
    /// For logs and errors.
    std::string_view name{};
};

}  // namespace coropg
