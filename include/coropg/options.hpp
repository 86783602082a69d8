// The options of a single call, given by `connection::with({...})`, and of a transaction.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

namespace coropg {

/// When a statement is prepared under a name, so that the server parses and plans it once.
enum class prepare : unsigned char {
    automatic,  ///< from its second use on a connection
    always,     ///< from its first use
    never,      ///< not at all: for poolers without support for prepared statements
};

namespace detail {

/// `from`, and so much later. More than a hundred years is for ever, so that no sum of times overflows.
template <class Rep, class Period>
constexpr std::chrono::steady_clock::time_point later(std::chrono::steady_clock::time_point from,
                                                      std::chrono::duration<Rep, Period> by) {
    using time_point = std::chrono::steady_clock::time_point;
    constexpr auto longest = std::chrono::hours{24 * 365 * 100};
    const std::chrono::duration<double> seconds = by;
    if (!(seconds < longest)) return time_point::max();
    if (seconds < -longest) return from - longest;
    return from + std::chrono::ceil<time_point::duration>(by);
}

}  // namespace detail

/// A point in time, or a duration from now on; by default never. A duration below 0 is past, one of more than a hundred
/// years never.
class deadline {
 public:
    using clock = std::chrono::steady_clock;

    constexpr deadline() noexcept = default;
    constexpr deadline(clock::time_point at) noexcept : at_{at} {}
    template <class Rep, class Period>
    deadline(std::chrono::duration<Rep, Period> from_now) : at_{detail::later(clock::now(), from_now)} {}

    [[nodiscard]] constexpr clock::time_point at() const noexcept { return at_; }

 private:
    clock::time_point at_ = clock::time_point::max();
};

/// Trivial on purpose: GCC 12 destroys other aggregates twice inside a `co_await` expression.
struct call_options {
    /// Longest time from the call to its end, waiting in the queue included; 0 is no limit. Below 0 it is over at once:
    /// what is left of a budget is better given as a `deadline`, which knows no exception. Then: query_timeout.
    std::chrono::milliseconds timeout{0};
    coropg::prepare prepare = coropg::prepare::automatic;
    /// Whether a row may have columns that the aggregate it is fetched as has no member for.
    bool lax = false;
    /// Whether results come as text, as the server prints it: `as<std::string>()` then reads any type, and other types are
    /// read where their text says all (docs/types.md).
    bool text_results = false;
    /// When all calls with these options end at the latest, whatever their `timeout`. Then: query_timeout.
    coropg::deadline deadline{};
};

namespace detail {

/// When a call with these options that begins now ends at the latest.
inline std::chrono::steady_clock::time_point end_of(const call_options& options) {
    const auto latest = options.deadline.at();
    if (options.timeout.count() == 0) return latest;
    const auto timeout = later(std::chrono::steady_clock::now(), options.timeout);
    return timeout < latest ? timeout : latest;
}

}  // namespace detail

/// The isolation of a transaction from others. Source: PostgreSQL manual, "Transaction Isolation".
enum class isolation : unsigned char {
    server_default,  ///< default_transaction_isolation of the session
    read_committed,
    repeatable_read,
    serializable,
};

/// A setting of the server, such as {"lock_timeout", "2s"}.
struct setting {
    std::string_view name;
    std::string_view value;
};

/// Trivial on purpose, as call_options. Copied at the call.
struct transaction_options {
    coropg::isolation isolation = isolation::server_default;
    bool read_only = false;
    /// With `serializable` and `read_only`: waits until it can neither fail nor make others fail.
    bool deferrable = false;
    /// Settings for this transaction alone.
    std::span<const setting> set_local{};
    /// Whether COMMIT asks for pg_current_xact_id_if_assigned() on its way, so that commit_in_doubt can be resolved. It
    /// costs no round trip, but the server a statement.
    bool finds_transaction_id = true;
};

}  // namespace coropg
