// Faults of a connection and their places: the vocabulary of the proxy.
#pragma once

#include <coropg/testing/wire.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace coropg::testing {

enum class fault : unsigned char {
    fin,       ///< both ends see the connection closed in good order
    rst,       ///< both ends see it reset
    silence,   ///< nothing is forwarded any more in either direction; what comes is thrown away; nothing is closed
    stall,     ///< nothing is even read any more, so that the kernel's buffers fill up, and nothing is closed
    garbage,   ///< 64 random bytes or a few more follow in place of the true ones, then as `fin`
    truncate,  ///< the rest of this direction is thrown away and the other goes on, until an end closes it
};

/// Which connections a fault is meant for. One that brings a CancelRequest is told apart before it is forwarded. Where
/// a client asks for encryption first, as libpq 17 does to cancel, too, that is known behind the server's answer: a
/// fault for sessions that was due before happens then. One for all is not held back.
enum class connections : unsigned char { sessions, cancels, all };

/// A fault and its place. Trivial on purpose: it may stand in a `co_await` expression on GCC 12.
struct fault_plan {
    /// The direction that is counted.
    side from = side::server;
    /// Counts from the first byte of this message instead of the first of all: of message 0, 1, ... of the direction.
    std::optional<std::size_t> at_message{};
    /// Counts only the messages of this type, the first when `at_message` is not set; see `message_type` for those
    /// without one.
    char of_type = 0;
    /// So many bytes are still forwarded. The fault happens as soon as they are, and not with the byte behind.
    std::size_t at_byte = 0;
    fault what = fault::fin;
    connections on = connections::sessions;
    /// So many connections of the kind are let pass first.
    std::size_t skip = 0;
};

/// The pace of one direction; by default bytes are forwarded at once, and as they come.
struct pacing {
    /// Everything arrives so much later, like on a long line.
    std::chrono::milliseconds delay{0};
    /// Bytes that follow within this time are sent in one piece.
    std::chrono::milliseconds coalesce{0};
    /// Sends pieces of at most so many bytes, each by a packet of its own; 0 is no limit.
    std::size_t piece_bytes = 0;
    /// Makes each piece of 1 to piece_bytes bytes, by chance.
    bool random_pieces = false;
    /// Waits so long behind each piece.
    std::chrono::milliseconds pause{0};
};

/// Decides all that is random; print it with a failure: `static_cast<std::uint64_t>(proxy.seed())`.
enum class seed : std::uint64_t {};

/// One byte at a time.
inline constexpr pacing byte_at_a_time{.piece_bytes = 1};

namespace detail {

/// A fault that waits for its place on a connection.
class fuse {
 public:
    explicit fuse(const fault_plan& plan) : plan_{plan}, messages_{plan.at_message.value_or(0)} {
        if (!plan.at_message && plan.of_type == 0) place_ = plan.at_byte;
    }

    [[nodiscard]] const fault_plan& plan() const { return plan_; }

    /// For a connection that is under way: places by the byte count from here.
    void start(std::size_t passed_bytes) {
        if (place_) *place_ += passed_bytes;
    }

    /// A message begins behind `passed_bytes` bytes.
    void begins(side from, char type, std::size_t passed_bytes) {
        if (place_ || from != plan_.from || (plan_.of_type != 0 && plan_.of_type != type)) return;
        if (messages_-- == 0) place_ = passed_bytes + plan_.at_byte;
    }

    /// The number of bytes that may pass, of `count`.
    [[nodiscard]] std::size_t allowed(side from, std::size_t passed_bytes, std::size_t count) const {
        return from == plan_.from && place_ ? std::min(count, *place_ - std::min(*place_, passed_bytes)) : count;
    }

    [[nodiscard]] bool is_due(side from, std::size_t passed_bytes) const {
        return from == plan_.from && place_ && *place_ <= passed_bytes;
    }

 private:
    fault_plan plan_;
    std::size_t messages_;  ///< still to be let pass
    std::optional<std::size_t> place_;
};

inline std::string random_bytes(std::mt19937_64& random) {
    std::string bytes(64 + random() % 8, '\0');
    for (char& c : bytes) c = static_cast<char>(random() & 0xffU);
    return bytes;
}

}  // namespace detail
}  // namespace coropg::testing
