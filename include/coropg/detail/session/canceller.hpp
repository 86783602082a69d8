// Deadlines and cancels of a session: which deadline is next, what becomes of a unit that is not waited for any more, and
// the state of the one cancel that may be under way. It is told what happens and answers what to do; it has no clock of
// its own.
//
//     none --cancel_head--> wanted --take--> under_way --ended--> delivered --(unheard for resend_after)--> wanted
//       ^                                       |                    |
//       +---------- ended, if the head has ended already             |
//       +---------- head_ended --------------------------------------+
//
// Always:
//   - while it is not `none`, the wait for the queue has a limit, so that it ends: by the end of the head, or of the
//     connection;
//   - a cancel is sent again only while it is `delivered`;
//   - nothing new is sent while it is not `none`, nor while that wait has a limit.
#pragma once

#include <coropg/detail/ops/op.hpp>
#include <coropg/detail/session/purpose.hpp>

#include <algorithm>
#include <cstdint>

namespace coropg::detail {

class canceller {
 public:
    /// The longest time for a cancelled or abandoned statement to end, before the connection is given up.
    static constexpr std::chrono::seconds longest_wait{2};
    /// The time after which a statement is cancelled again if it goes on, and then twice as long each time: the first
    /// cancel may have come before the server had read the statement.
    static constexpr std::chrono::milliseconds resend_after{50};

    /// The fate of a unit whose deadline has passed, or whose waiter was cancelled.
    enum class fate : unsigned char {
        drop,       ///< it was not sent, and is not going to be
        roll_back,  ///< the same, but it ends a scope, which a rollback ends in its place
        cancel,     ///< the server is asked to end it, and its waiter is told once it has
        abandon,    ///< it is left to the server, its waiter is told now, and a tombstone swallows its answers
    };
    [[nodiscard]] static constexpr fate of_queued(purpose is_for) noexcept {
        return ends_scope(is_for) ? fate::roll_back : fate::drop;
    }
    /// A cancel hits whatever runs when it arrives: only what runs alone may be cancelled.
    [[nodiscard]] constexpr fate of_sent(purpose is_for, bool is_alone) const noexcept {
        return is_alone && is_idle() && may_be_cancelled(is_for) ? fate::cancel : fate::abandon;
    }

    /// The action that is due.
    enum class due : unsigned char {
        nothing,
        deadlines,  ///< those of units: `forget_deadlines`, and `expect` those that are left
        end,        ///< what was cancelled or given up has not ended in time: the connection is to be closed
    };
    [[nodiscard]] due expire(clock::time_point now) noexcept;
    /// When `expire` is to be called next; it may find that what was due is done.
    [[nodiscard]] clock::time_point next_deadline() const noexcept { return std::min({first_, limit_, again_}); }
    /// A unit has this deadline.
    void expect(clock::time_point deadline) noexcept { first_ = std::min(first_, deadline); }
    void forget_deadlines() noexcept { first_ = no_deadline; }

    /// A number by which a unit can be cancelled.
    [[nodiscard]] std::uint64_t make_ticket() noexcept { return ++last_ticket_; }

    /// Whether something new may be sent.
    [[nodiscard]] bool may_send() const noexcept { return is_idle() && limit_ == no_deadline; }
    [[nodiscard]] bool is_idle() const noexcept { return state_ == state::none; }
    /// Whether the ends of units have to wait for that of the cancel, which may hit what is sent next, or go with a
    /// connection that is given away.
    [[nodiscard]] bool holds_ends() const noexcept { return state_ == state::under_way; }

    /// The unit at the head, which runs alone, is to be cancelled.
    void cancel_head(clock::time_point now) noexcept;
    /// Nobody waits for anything under way: it has to end within `longest_wait`.
    void limit_wait(clock::time_point now) noexcept { limit_ = std::min(limit_, now + longest_wait); }
    /// Whether a cancel is to be sent now, which then is under way.
    [[nodiscard]] bool take() noexcept;
    /// The cancel that was under way has ended; `head_goes_on` if what it was meant for has not.
    void ended(clock::time_point now, bool head_goes_on) noexcept;
    /// The cancelled statement has ended.
    void head_ended() noexcept;
    /// Nothing is under way any more.
    void emptied() noexcept {
        if (is_idle()) limit_ = no_deadline;
    }
    /// The connection has ended.
    void stop() noexcept;

 private:
    enum class state : unsigned char {
        none,
        wanted,
        under_way,
        delivered,  ///< the server took note; the statement has not ended yet
    };

    state state_ = state::none;
    clock::time_point first_ = no_deadline;  // of units
    clock::time_point limit_ = no_deadline;
    clock::time_point again_ = no_deadline;
    std::uint64_t last_ticket_ = 0;
};

}  // namespace coropg::detail
