// The options of a single call, given by `connection::with({...})`.
#pragma once

#include <chrono>

namespace coropg {

/// When a statement is prepared under a name, so that the server parses and plans it once.
enum class prepare : unsigned char {
    automatic,  ///< from its second use on a connection
    always,     ///< from its first use
    never,      ///< not at all: for poolers without support for prepared statements
};

/// Trivial on purpose: GCC 12 destroys other aggregates twice inside a `co_await` expression.
struct call_options {
    /// Longest time from the call to its end, waiting in the queue included; 0 is no limit. Then: query_timeout.
    std::chrono::milliseconds timeout{0};
    coropg::prepare prepare = coropg::prepare::automatic;
    /// Whether a row may have columns that the aggregate it is fetched as has no member for.
    bool lax = false;
};

}  // namespace coropg
