// The statistics of a pool: plain numbers, for metrics and for reading. Knows neither the pool nor libpq.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace coropg {

/// A histogram of durations.
struct duration_histogram {
    /// Bucket 0 is below 1 µs, bucket i is from 2^(i-1) to 2^i µs, and the last one, from 4.2 s on, has no end.
    std::array<std::uint64_t, 24> buckets{};

    void add(std::chrono::nanoseconds d) noexcept {
        const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0)) / 1000;
        const auto width = static_cast<std::size_t>(64 - std::countl_zero(microseconds));
        ++buckets[std::min(width, buckets.size() - 1)];
    }
};

/// The state of a pool and what it has counted since it was made. The first 15 are those of psycopg_pool. At any time
/// `requests_num` is the sum of `granted`, `timed_out`, `cancelled`, `refused`, `failed` and `requests_waiting`, and
/// `granted` is the sum of `released` and `lent`.
struct pool_stats {
    std::size_t pool_min = 0;
    std::size_t pool_max = 0;
    std::size_t pool_size = 0;       ///< connections, with those being made
    std::size_t pool_available = 0;  ///< idle connections
    std::size_t requests_waiting = 0;
    std::chrono::nanoseconds usage{};  ///< for how long connections were lent, each one-shot statement on its own
    std::uint64_t requests_num = 0;
    std::uint64_t requests_queued = 0;            ///< those that could not be granted at once
    std::chrono::nanoseconds requests_wait{};     ///< for how long those granted had been queued
    std::uint64_t requests_errors = 0;            ///< timed out, refused or failed
    std::uint64_t returns_bad = 0;                ///< came back broken, or could not be made clean
    std::uint64_t connections_num = 0;            ///< attempts to connect
    std::chrono::nanoseconds connections_time{};  ///< for how long those took that succeeded
    std::uint64_t connections_errors = 0;         ///< attempts that failed
    std::uint64_t connections_lost = 0;           ///< found dead while nobody used them

    std::uint64_t granted = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t refused =
        0;                     ///< too many waited, the pool was closed, or nothing was free at once for one that tried
    std::uint64_t failed = 0;  ///< the pool closed, or a connect failed, while they waited
    std::uint64_t released = 0;
    std::uint64_t lent = 0;
    duration_histogram wait;  ///< of requests that were granted; those granted at once waited 0
    duration_histogram use;
};

/// The holder of a connection of a pool.
struct pool_holder {
    std::source_location where;  ///< the line that acquired it
    std::string sql;             ///< the beginning of its last statement
    std::chrono::milliseconds age{};
};

/// The state of a pool at one moment.
struct pool_snapshot {
    std::string name;
    std::size_t busy = 0;
    std::size_t idle = 0;
    std::size_t connecting = 0;
    std::size_t waiting = 0;
    std::vector<pool_holder> holders;  ///< those that have held theirs for longest, the oldest first
    std::string last_error;            ///< of the last attempt to connect that failed, if it was the last
};

}  // namespace coropg
