// The states of a cancel, and the deadlines of a session, with a clock of the test's own.
#include <coropg/detail/session/canceller.hpp>

#include "../support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace coropg::detail;
using namespace coropg::test;
using namespace std::chrono_literals;
using due = canceller::due;
using fate = canceller::fate;

namespace {

constexpr clock::time_point start{1h};

/// A canceller whose cancel is under way since `start`.
canceller with_a_cancel_under_way() {
    canceller c;
    c.cancel_head(start);
    BOOST_REQUIRE(c.take());
    return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancelling)

BOOST_AUTO_TEST_CASE(a_new_one_has_nothing_to_do) {
    canceller c;
    BOOST_TEST((c.is_idle() && c.may_send() && !c.holds_ends() && !c.take()));
    BOOST_TEST((c.next_deadline() == no_deadline));
    BOOST_TEST((c.expire(start) == due::nothing));
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_is_dropped_unless_it_ends_a_scope) {
    for (const purpose p : {purpose::statements, purpose::lookup, purpose::transaction_id, purpose::decision,
                            purpose::reset, purpose::farewell})
        BOOST_TEST((canceller::of_queued(p) == fate::drop));
    for (const purpose p : {purpose::commit, purpose::prepare, purpose::release, purpose::rollback})
        BOOST_TEST((canceller::of_queued(p) == fate::roll_back));
}

BOOST_AUTO_TEST_CASE(only_what_runs_alone_is_cancelled) {
    const canceller c;
    BOOST_TEST((c.of_sent(purpose::statements, true) == fate::cancel));
    BOOST_TEST((c.of_sent(purpose::lookup, true) == fate::cancel));
    BOOST_TEST((c.of_sent(purpose::statements, false) == fate::abandon));
}

BOOST_AUTO_TEST_CASE(what_decides_about_a_transaction_is_never_cancelled) {
    const canceller c;
    for (const purpose p : {purpose::commit, purpose::prepare, purpose::release, purpose::rollback, purpose::decision})
        BOOST_TEST((c.of_sent(p, true) == fate::abandon));
}

BOOST_AUTO_TEST_CASE(nothing_is_cancelled_while_a_cancel_is_under_way) {
    canceller c;
    c.cancel_head(start);
    BOOST_TEST((c.of_sent(purpose::statements, true) == fate::abandon));
    BOOST_TEST(c.take());
    BOOST_TEST((c.of_sent(purpose::statements, true) == fate::abandon));
}

BOOST_AUTO_TEST_CASE(the_first_deadline_is_the_next_one) {
    canceller c;
    c.expect(start + 3s);
    c.expect(start + 1s);
    c.expect(start + 2s);
    BOOST_TEST((c.next_deadline() == start + 1s));
    BOOST_TEST((c.expire(start + 1s - 1ns) == due::nothing));
    BOOST_TEST((c.expire(start + 1s) == due::deadlines));
    c.forget_deadlines();
    BOOST_TEST((c.next_deadline() == no_deadline));
    BOOST_TEST((c.expire(start + 1h) == due::nothing));
}

BOOST_AUTO_TEST_CASE(a_cancel_is_sent_once) {
    canceller c;
    c.cancel_head(start);
    BOOST_TEST((!c.is_idle() && !c.may_send() && !c.holds_ends()));
    BOOST_TEST(c.take());
    BOOST_TEST(c.holds_ends());
    BOOST_TEST(!c.take());
}

BOOST_AUTO_TEST_CASE(a_head_that_ends_before_its_cancel_is_sent_ends_that) {
    canceller c;
    c.cancel_head(start);
    c.head_ended();
    BOOST_TEST((c.may_send() && !c.take() && c.next_deadline() == no_deadline));
}

BOOST_AUTO_TEST_CASE(a_head_that_ends_before_its_cancel_has_to_wait_for_that) {
    canceller c = with_a_cancel_under_way();
    c.head_ended();
    BOOST_TEST((c.holds_ends() && !c.may_send()));
    BOOST_TEST((c.next_deadline() == start + canceller::longest_wait));
    c.ended(start + 10ms, false);
    BOOST_TEST((c.may_send() && !c.holds_ends() && c.next_deadline() == no_deadline));
}

BOOST_AUTO_TEST_CASE(a_cancel_that_ended_waits_for_its_head) {
    canceller c = with_a_cancel_under_way();
    c.ended(start + 10ms, true);
    BOOST_TEST((!c.is_idle() && !c.holds_ends() && !c.may_send() && !c.take()));
    c.head_ended();
    BOOST_TEST((c.may_send() && c.next_deadline() == no_deadline));
}

BOOST_AUTO_TEST_CASE(a_cancel_that_hit_nothing_is_sent_again_after_twice_the_time) {
    canceller c = with_a_cancel_under_way();
    c.ended(start + 1ms, true);
    BOOST_TEST((c.next_deadline() == start + 1ms + canceller::resend_after));
    BOOST_TEST((c.expire(start + 50ms) == due::nothing));
    BOOST_TEST(!c.take());
    BOOST_TEST((c.expire(start + 51ms) == due::nothing));
    BOOST_TEST(c.take());
    c.ended(start + 60ms, true);
    BOOST_TEST((c.next_deadline() == start + 120ms));
    BOOST_TEST((c.expire(start + 120ms) == due::nothing));
    BOOST_TEST(c.take());
    c.ended(start + 200ms, true);
    BOOST_TEST((c.next_deadline() == start + 400ms));
}

BOOST_AUTO_TEST_CASE(what_does_not_end_in_the_time_of_a_drain_ends_the_connection) {
    canceller c = with_a_cancel_under_way();
    BOOST_TEST((c.expire(start + canceller::longest_wait - 1ns) == due::nothing));
    BOOST_TEST((c.expire(start + canceller::longest_wait) == due::end));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_drain_comes_before_deadlines) {
    canceller c;
    c.expect(start);
    c.limit_wait(start);
    BOOST_TEST((c.expire(start + canceller::longest_wait) == due::end));
}

BOOST_AUTO_TEST_CASE(a_drain_is_not_prolonged_and_ends_when_nothing_is_under_way) {
    canceller c;
    c.limit_wait(start);
    c.limit_wait(start + 1s);
    BOOST_TEST((c.is_idle() && !c.may_send()));
    BOOST_TEST((c.next_deadline() == start + canceller::longest_wait));
    c.emptied();
    BOOST_TEST((c.may_send() && c.next_deadline() == no_deadline));
}

BOOST_AUTO_TEST_CASE(a_drain_goes_on_while_a_cancel_is_under_way) {
    canceller c = with_a_cancel_under_way();
    c.emptied();
    BOOST_TEST((c.next_deadline() == start + canceller::longest_wait));
}

BOOST_AUTO_TEST_CASE(a_connection_that_has_ended_waits_for_no_cancel) {
    canceller c = with_a_cancel_under_way();
    c.ended(start, true);
    c.stop();
    BOOST_TEST((c.is_idle() && c.next_deadline() == no_deadline));
}

BOOST_AUTO_TEST_CASE(tickets_are_never_given_twice_nor_zero) {
    canceller c;
    const std::uint64_t first = c.make_ticket();
    BOOST_TEST(first != 0U);
    BOOST_TEST(c.make_ticket() != first);
}

namespace {

/// A queue of which only the head is of interest, and the one who sends cancels.
class drain_schedule {
 public:
    explicit drain_schedule(dice& roll) : roll_{roll} {}

    void run() {
        for (int left = 40; left > 0 && !is_closed_; --left) {
            step();
            check();
        }
        end();
    }

 private:
    void step() {
        now_ += roll_(60) * 1ms;
        switch (roll_(8)) {
            case 0:
                if (!is_running_ && c_.may_send()) is_running_ = true;
                break;
            case 1:
                if (is_running_ && !is_stopped_ && c_.of_sent(purpose::statements, true) == fate::cancel) stop();
                break;
            case 2: take(); break;
            case 3: end_cancel(); break;
            case 4: end_head(); break;
            case 5:
                if (is_running_ && !is_stopped_) c_.limit_wait(now_);
                break;
            case 6: c_.expect(now_ + roll_(100) * 1ms); break;
            default: expire();
        }
    }
    void stop() {
        c_.cancel_head(now_);
        is_stopped_ = true;
        stopped_at_ = now_;
    }
    void take() {
        if (!c_.take()) return;
        check_that(!is_cancel_under_way_, "two cancels at a time");
        check_that(is_running_ && is_stopped_, "a cancel for nobody");
        is_cancel_under_way_ = true;
    }
    void end_cancel() {
        if (!std::exchange(is_cancel_under_way_, false)) return;
        c_.ended(now_, is_running_ && is_stopped_);
    }
    void end_head() {
        if (!std::exchange(is_running_, false)) return;
        if (std::exchange(is_stopped_, false)) c_.head_ended();
        c_.emptied();
    }
    void expire() {
        switch (c_.expire(now_)) {
            case due::deadlines: return c_.forget_deadlines();
            case due::end: is_closed_ = true; return c_.stop();
            case due::nothing: return;
        }
    }
    void check() const {
        if (is_closed_) return;
        check_that(c_.is_idle() || c_.next_deadline() != no_deadline, "a cancel without an end");
        check_that(c_.holds_ends() == is_cancel_under_way_, "ends are held exactly while a cancel is under way");
        check_that(!c_.may_send() || (!is_stopped_ && !is_cancel_under_way_), "something is sent beside a cancel");
        check_that(!is_stopped_ || c_.next_deadline() <= stopped_at_ + canceller::longest_wait,
                   "a drain without limit");
    }
    /// If all ends that is under way, everything may be sent again.
    void end() {
        if (is_closed_) return;
        end_cancel();
        end_head();
        check_that(c_.may_send(), "nothing is under way, and nothing may be sent");
    }

    dice& roll_;
    canceller c_;
    clock::time_point now_ = start;
    clock::time_point stopped_at_{};
    bool is_running_ = false;
    bool is_stopped_ = false;
    bool is_cancel_under_way_ = false;
    bool is_closed_ = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(random_schedules_of_cancels_keep_their_promises) {
    run_schedules(20'000, [](dice& roll) { drain_schedule{roll}.run(); });
}

BOOST_AUTO_TEST_SUITE_END()
