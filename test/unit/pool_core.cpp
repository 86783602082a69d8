// The pool's decisions, one by one, with a clock that the test sets. Numbers are those of the pool's list of behaviours.
#include <coropg/detail/pool_core.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <ranges>
#include <set>
#include <vector>

using namespace coropg::detail;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::slot_state)
BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::close_reason)
BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::wait_failure)
BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::request_result)

namespace {

using slots = std::vector<std::size_t>;
using enum return_condition;
using enum connect_problem;

/// A pool whose actions are collected, and a clock.
struct pool_under_test {
    explicit pool_under_test(const pool_limits& limits, std::uint32_t seed = 1) : core{limits, seed} {}

    void collect() {
        while (const auto action = core.next_action()) {
            using enum pool_action::kind;
            switch (action->what) {
                case connect: connecting.push_back(action->slot); break;
                case check: checking.push_back(action->slot); break;
                case settle: settling.push_back(action->slot); break;
                case close: closed.push_back(action->slot), why = action->why; break;
                case grant: granted.push_back(action->waiter); break;
                case fail: failed.push_back(action->waiter); break;
                case warn_leak: leaks.push_back(action->slot); break;
                case wake: ++wakes; break;
            }
        }
    }

    request_result request(pool_waiter& w) {
        const auto result = core.request(w, now);
        collect();
        return result;
    }
    void release(const pool_lease& lease, return_condition how = usable) {
        core.release(lease, now, how);
        collect();
    }
    void tick() {
        core.tick(now);
        collect();
    }
    /// Lets time pass, with each tick at its time.
    void pass(pool_limits::duration d) {
        const auto until = now + d;
        while (core.next_tick() <= until) {
            now = std::max(now, core.next_tick());
            tick();
        }
        now = until;
    }
    bool withdraw(pool_waiter& w) {
        const bool was_queued = core.withdraw(w, now);
        collect();
        return was_queued;
    }
    void succeed() {
        for (const std::size_t slot : std::exchange(connecting, {})) core.connected(slot, now);
        collect();
    }
    void fail_connects(connect_problem problem = unavailable) {
        for (const std::size_t slot : std::exchange(connecting, {})) core.connect_failed(slot, now, problem);
        collect();
    }
    void check(std::size_t slot, bool ok, bool timed_out = false) {
        core.checked(slot, now, ok, timed_out);
        collect();
    }
    /// Connects so many, which are idle afterwards.
    void fill(std::size_t count) {
        std::deque<pool_waiter> waiters;
        for (std::size_t i = 0; i < count; ++i) request(waiters.emplace_back(lease_kind::exclusive));
        while (!connecting.empty()) succeed();
        for (const pool_waiter& w : waiters) release(w.granted);
        granted.clear();
    }
    std::size_t count(slot_state state) const {
        return static_cast<std::size_t>(std::ranges::count(core.slots(), state, &pool_slot::state));
    }
    pool_lease take(lease_kind kind = lease_kind::exclusive) { return core.try_request(kind, now).value(); }

    pool_core core;
    pool_core::time_point now{1h};
    slots connecting, checking, settling, closed, leaks;
    close_reason why = close_reason::none;  // of the last closed
    std::vector<pool_waiter*> granted, failed;
    int wakes = 0;
};

struct exclusive : pool_waiter {
    explicit exclusive(pool_core::time_point until = pool_core::time_point::max())
        : pool_waiter{lease_kind::exclusive, until} {}
};

struct one_shot : pool_waiter {
    one_shot() : pool_waiter{lease_kind::one_shot} {}
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_core_)

// 1
BOOST_AUTO_TEST_CASE(connections_are_never_more_than_max_size) {
    pool_under_test pool{{.max_size = 3, .max_parallel_connects = 10}};
    std::deque<exclusive> waiters(100);
    for (auto& w : waiters) pool.request(w);
    BOOST_TEST(pool.connecting.size() == 3U);
    pool.succeed();
    BOOST_TEST(pool.connecting.empty());
    for (auto& w : waiters) pool.release(w.granted);
    BOOST_TEST(pool.core.stats().connections_num == 3U);
    BOOST_TEST(pool.core.stats().released == 100U);
}

// 2
BOOST_AUTO_TEST_CASE(waiters_are_served_in_the_order_of_their_arrival) {
    pool_under_test pool{{.max_size = 1}};
    std::deque<exclusive> waiters(1000);
    for (auto& w : waiters) pool.request(w);
    pool.succeed();
    for (auto& w : waiters) {
        BOOST_TEST_REQUIRE(pool.granted.back() == &w);
        pool.release(w.granted);
    }
    BOOST_TEST(pool.granted.size() == 1000U);
}

// 3
BOOST_AUTO_TEST_CASE(a_newcomer_does_not_overtake) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    pool.pass(1s);  // the connection is checked before it is lent
    exclusive first, second;
    one_shot third;
    BOOST_TEST(pool.request(first) == request_result::queued);
    BOOST_TEST(pool.request(second) == request_result::queued);
    BOOST_TEST(!pool.core.try_request(lease_kind::exclusive, pool.now));
    BOOST_TEST(pool.request(third) == request_result::queued);
    pool.check(0, true);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&first}));
    pool.release(first.granted);
    pool.release(second.granted);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&first, &second, &third}));
}

// 4
BOOST_AUTO_TEST_CASE(too_many_waiters_are_refused_at_once) {
    pool_under_test pool{{.max_size = 1, .max_waiting = 2}};
    exclusive a, b, c;
    BOOST_TEST(pool.request(a) == request_result::queued);
    BOOST_TEST(pool.request(b) == request_result::queued);
    BOOST_TEST(pool.request(c) == request_result::overloaded);
    pool.succeed();
    BOOST_TEST(pool.request(c) == request_result::queued);
    pool.release(a.granted);
    pool.release(b.granted);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&a, &b, &c}));
    BOOST_TEST(pool.core.stats().refused == 1U);
}

// 5
BOOST_AUTO_TEST_CASE(a_waiter_fails_at_its_deadline) {
    pool_under_test pool{{.max_size = 1}};
    exclusive late{pool.now + 2s}, early{pool.now + 1s}, never;
    for (auto* w : {&late, &early, &never}) pool.request(*w);
    BOOST_TEST((pool.core.next_tick() == early.deadline));
    pool.pass(1s - 1ns);
    BOOST_TEST(pool.failed.empty());
    pool.pass(1ns);
    BOOST_TEST((pool.failed == std::vector<pool_waiter*>{&early}));
    BOOST_TEST(early.failure == wait_failure::timed_out);
    pool.pass(1s);
    BOOST_TEST((pool.failed == std::vector<pool_waiter*>{&early, &late}));
    pool.succeed();
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&never}));
    BOOST_TEST(pool.core.stats().timed_out == 2U);
}

// 6
BOOST_AUTO_TEST_CASE(a_cancelled_waiter_is_skipped) {
    pool_under_test pool{{.max_size = 1}};
    exclusive a, b, c;
    for (auto* w : {&a, &b, &c}) pool.request(*w);
    BOOST_TEST(pool.withdraw(b));
    BOOST_TEST(!pool.withdraw(b));
    pool.succeed();
    pool.release(a.granted);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&a, &c}));
    BOOST_TEST(pool.core.stats().cancelled == 1U);
}

// 7, 9
BOOST_AUTO_TEST_CASE(what_was_granted_to_one_who_gives_up_goes_to_the_next) {
    pool_under_test pool{{.max_size = 1}};
    exclusive a{pool.now + 1s}, b;
    pool.request(a);
    pool.request(b);
    pool.succeed();
    pool.pass(2s);  // its deadline, before it heard of the grant
    BOOST_TEST(pool.failed.empty());
    BOOST_TEST(!pool.withdraw(a));
    pool.release(a.granted);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&a, &b}));
}

// 8
BOOST_AUTO_TEST_CASE(a_connect_goes_on_without_the_one_who_asked) {
    pool_under_test pool{{.max_size = 5}};
    exclusive a, b;
    pool.request(a);
    pool.withdraw(a);
    pool.request(b);
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.succeed();
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&b}));
}

// 10
BOOST_AUTO_TEST_CASE(a_release_serves_one_waiter) {
    pool_under_test pool{{.max_size = 2}};
    std::deque<exclusive> waiters(10);
    for (auto& w : waiters) pool.request(w);
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 2U);
    pool.release(waiters[1].granted);
    BOOST_TEST(pool.granted.size() == 3U);
    BOOST_TEST(pool.granted.back() == &waiters[2]);
    pool.core.close(pool.now);
}

// 10
BOOST_AUTO_TEST_CASE(a_failed_connect_is_repeated_for_those_who_wait) {
    pool_under_test pool{{.max_size = 1}};
    exclusive a;
    pool.request(a);
    pool.fail_connects();
    BOOST_TEST(pool.connecting.empty());
    pool.pass(75ms);
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 1U);
    BOOST_TEST(pool.core.stats().connections_errors == 1U);
}

// 11
BOOST_AUTO_TEST_CASE(a_herd_connects_a_few_at_a_time_and_slowly_after_an_outage) {
    pool_under_test pool{{.max_size = 100}};
    std::deque<exclusive> waiters(500);
    for (auto& w : waiters) pool.request(w);
    BOOST_TEST(pool.connecting.size() == 4U);
    pool.fail_connects();
    pool.pass(75ms);
    const auto connect_one = [&] {
        pool.core.connected(pool.connecting.front(), pool.now);
        pool.connecting.erase(pool.connecting.begin());
        pool.collect();
    };
    std::vector<std::size_t> at_once;
    for (int i = 0; i < 6; ++i) {
        at_once.push_back(pool.connecting.size());
        connect_one();
    }
    BOOST_TEST(at_once == (std::vector<std::size_t>{1, 2, 4, 4, 4, 4}), boost::test_tools::per_element());
    pool.core.close(pool.now);
}

// 12
BOOST_AUTO_TEST_CASE(a_broken_connection_is_replaced_for_the_waiter) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto lease = pool.take();
    exclusive a;
    pool.request(a);
    pool.release(lease, broken);
    BOOST_TEST(pool.closed.size() == 1U);
    BOOST_TEST(pool.why == close_reason::broken);
    BOOST_TEST(pool.granted.empty());
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 1U);
    BOOST_TEST(pool.core.stats().returns_bad == 1U);
}

// 13
BOOST_AUTO_TEST_CASE(a_connection_that_ends_while_idle_is_removed) {
    pool_under_test pool{{.min_size = 1, .max_size = 2}};
    pool.fill(1);
    pool.core.lost(0, pool.now);
    pool.collect();
    BOOST_TEST(pool.why == close_reason::lost);
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.succeed();
    const auto lease = pool.take();
    pool.core.lost(lease.slot, pool.now);  // who has it will notice
    BOOST_TEST(pool.count(slot_state::leased) == 1U);
    BOOST_TEST(pool.core.stats().connections_lost == 1U);
}

// 15
BOOST_AUTO_TEST_CASE(one_check_without_an_answer_has_all_others_checked) {
    pool_under_test pool{{.max_size = 4}};
    pool.fill(3);
    pool.pass(1s);
    exclusive a;
    pool.request(a);
    BOOST_TEST(pool.checking.size() == 1U);
    pool.check(pool.checking[0], false, true);
    BOOST_TEST(pool.checking.size() == 3U);
    BOOST_TEST(pool.connecting.empty());
    pool.check(pool.checking[1], false);
    pool.check(pool.checking[2], true);
    BOOST_TEST(pool.granted.size() == 1U);
    BOOST_TEST(pool.core.stats().connections_lost == 2U);
}

// 15
BOOST_AUTO_TEST_CASE(what_was_used_since_a_check_began_is_not_checked_for_it) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(2);
    const auto lease = pool.take();
    pool.pass(1s);
    exclusive a;
    pool.request(a);
    pool.pass(1s);
    pool.release(lease);  // serves a
    pool.release(a.granted);
    pool.check(pool.checking.at(0), false, true);
    BOOST_TEST(pool.checking.size() == 1U);
    BOOST_TEST(pool.count(slot_state::idle) == 1U);
}

// 16
BOOST_AUTO_TEST_CASE(only_what_was_idle_for_long_is_checked) {
    pool_under_test pool{{}};
    pool.fill(1);
    pool.pass(500ms);
    pool.release(pool.take());
    pool.pass(500ms + 1ns);
    exclusive a;
    BOOST_TEST(pool.request(a) == request_result::queued);
    BOOST_TEST(pool.checking.size() == 1U);
    BOOST_TEST(pool.connecting.empty());
    pool.check(0, true);
    BOOST_TEST(pool.granted.size() == 1U);
}

// 16
BOOST_AUTO_TEST_CASE(checks_can_be_always_or_never) {
    pool_under_test always{{.check_after_idle = 0s}};
    always.fill(1);
    always.pass(1ns);
    exclusive a;
    BOOST_TEST(always.request(a) == request_result::queued);
    always.check(0, true);
    BOOST_TEST(always.granted.size() == 1U);

    pool_under_test never{{.max_lifetime = 0s, .max_idle = 0s, .check_after_idle = -1ns}};
    never.fill(1);
    never.pass(1000h);
    BOOST_TEST(never.core.try_request(lease_kind::exclusive, never.now).has_value());
}

// 17
BOOST_AUTO_TEST_CASE(while_somebody_waits_the_server_is_tried_every_200_ms) {
    pool_under_test pool{{.min_size = 1}};
    pool.tick();
    for (int i = 0; i < 10; ++i) {
        pool.fail_connects();
        pool.pass(8s);
    }
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.fail_connects();
    pool.pass(1s);
    BOOST_TEST(pool.connecting.empty());
    exclusive a;
    pool.request(a);
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(pool.connecting.size() == 1U);
        pool.fail_connects();
        pool.pass(199ms);
        BOOST_TEST(pool.connecting.empty());
        pool.pass(1ms);
    }
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 1U);
}

// 18
BOOST_AUTO_TEST_CASE(delays_double_up_to_5_s_with_jitter_and_begin_anew_after_a_success) {
    std::set<pool_limits::duration> seen;
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        pool_under_test pool{{.min_size = 1}, seed};
        pool.tick();
        const auto delay = [&] {
            pool.fail_connects();
            const auto failed = pool.now;
            while (pool.connecting.empty()) pool.pass(pool.core.next_tick() - pool.now);
            return pool.now - failed;
        };
        pool_limits::duration base = 50ms;
        for (int i = 0; i < 10; ++i, base = std::min<pool_limits::duration>(base * 2, 5s)) {
            const auto d = delay();
            BOOST_TEST((d >= base / 2 && d <= base * 3 / 2));
            seen.insert(d);
        }
        pool.succeed();
        pool.core.lost(0, pool.now);
        pool.collect();
        BOOST_TEST((delay() <= 75ms));
    }
    BOOST_TEST(seen.size() == 200U);
}

// 18
BOOST_AUTO_TEST_CASE(connects_that_began_together_fail_as_one) {
    pool_under_test pool{{.min_size = 4, .max_size = 4}};
    pool.tick();
    for (int i = 0; i < 4; ++i) {
        pool.core.connect_failed(pool.connecting[static_cast<std::size_t>(i)], pool.now, unavailable);
        pool.now += 1ms;
    }
    pool.connecting.clear();
    pool.collect();
    pool.pass(75ms);
    BOOST_TEST(pool.connecting.size() == 1U);
}

// 19
BOOST_AUTO_TEST_CASE(what_is_refused_for_good_fails_all_waiters_and_is_tried_for_the_next) {
    pool_under_test pool{{.min_size = 1, .max_size = 1}};
    exclusive a, b, c;
    pool.request(a);
    pool.request(b);
    pool.fail_connects(refused);
    BOOST_TEST((pool.failed == std::vector<pool_waiter*>{&a, &b}));
    BOOST_TEST(a.failure == wait_failure::connect_failed);
    pool.pass(1h);
    BOOST_TEST(pool.connecting.empty());
    pool.request(c);
    pool.fail_connects(refused);
    BOOST_TEST(pool.failed.size() == 3U);
    exclusive d;
    pool.request(d);
    BOOST_TEST(pool.connecting.empty());  // not that often
    pool.pass(200ms);
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 1U);
    pool.release(d.granted, broken);
    BOOST_TEST(pool.connecting.size() == 1U);  // min_size again
    BOOST_TEST(pool.core.stats().failed == 3U);
}

// 19
BOOST_AUTO_TEST_CASE(a_server_without_room_leaves_what_there_is) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(1);
    const auto lease = pool.take();
    exclusive a;
    pool.request(a);
    pool.fail_connects();
    BOOST_TEST(pool.closed.empty());
    pool.release(lease);
    BOOST_TEST(pool.granted.size() == 1U);
}

// 20
BOOST_AUTO_TEST_CASE(lifetimes_are_spread) {
    pool_under_test pool{{.max_size = 100, .max_parallel_connects = 100, .max_lifetime = 100s, .max_idle = 0s}};
    pool.fill(100);
    pool.pass(80s - 1ns);
    BOOST_TEST(pool.closed.empty());
    pool.pass(2s);
    const auto early = pool.closed.size();
    BOOST_TEST((early > 0 && early < 30));
    pool.pass(16s);
    BOOST_TEST(pool.closed.size() < 100U);
    pool.pass(3s);
    BOOST_TEST(pool.closed.size() == 100U);
    BOOST_TEST(pool.why == close_reason::expired);
}

// 21
BOOST_AUTO_TEST_CASE(one_that_expires_while_lent_is_closed_when_it_comes_back) {
    for (const bool is_ticked : {false, true}) {
        pool_under_test pool{{.max_lifetime = 10s}};
        pool.fill(1);
        const auto lease = pool.take();
        pool.now += 10s;
        if (is_ticked) pool.tick();
        BOOST_TEST(pool.closed.empty());
        pool.release(lease);
        BOOST_TEST(pool.why == close_reason::expired);
    }
}

// 21
BOOST_AUTO_TEST_CASE(one_that_expires_while_idle_is_replaced_before_it_is_closed) {
    pool_under_test pool{{.min_size = 1, .max_size = 2, .max_lifetime = 10s, .check_after_idle = -1s}};
    pool.fill(1);
    pool.pass(10s);
    BOOST_TEST(pool.connecting.size() == 1U);
    BOOST_TEST(pool.closed.empty());
    pool.fail_connects();
    BOOST_TEST(pool.closed.empty());
    pool.pass(75ms);
    pool.succeed();
    BOOST_TEST((pool.closed == slots{0}));
    BOOST_TEST(pool.count(slot_state::idle) == 1U);
}

// 21
BOOST_AUTO_TEST_CASE(without_room_the_expired_one_is_closed_first) {
    pool_under_test pool{{.min_size = 2, .max_size = 2, .max_lifetime = 10s, .lifetime_jitter = 0}};
    pool.fill(2);
    pool.pass(10s);
    BOOST_TEST(pool.closed.size() == 1U);  // one after the other
    pool.succeed();
    BOOST_TEST(pool.closed.size() == 2U);
    pool.succeed();
    BOOST_TEST(pool.count(slot_state::idle) == 2U);
}

BOOST_AUTO_TEST_CASE(one_that_was_used_often_is_closed_when_it_comes_back) {
    pool_under_test pool{{.min_size = 1, .max_size = 2, .max_uses = 2}};
    pool.tick();
    pool.succeed();
    pool.release(pool.take());
    const auto lease = pool.take();
    BOOST_TEST(pool.closed.empty());
    pool.release(lease);
    BOOST_TEST(pool.why == close_reason::used_up);
    BOOST_TEST(pool.connecting.size() == 1U);
}

// 22
BOOST_AUTO_TEST_CASE(idle_connections_are_closed_one_a_tick_down_to_min_size) {
    pool_under_test pool{{.min_size = 2, .max_size = 5, .max_lifetime = 0s, .max_idle = 10s}};
    pool.fill(5);
    const auto last_used = pool.core.slots().size() - 1;
    pool.pass(10s - 1ns);
    BOOST_TEST(pool.closed.empty());
    pool.pass(1ns);
    BOOST_TEST((pool.closed == slots{0}));
    pool.tick();
    BOOST_TEST(pool.closed.size() == 1U);
    pool.pass(100ms);
    BOOST_TEST((pool.closed == slots{0, 1}));
    pool.pass(1h);
    BOOST_TEST((pool.closed == slots{0, 1, 2}));
    BOOST_TEST(pool.why == close_reason::idle);
    BOOST_TEST(pool.count(slot_state::idle) == 2U);
    BOOST_TEST(pool.core.slots()[last_used].state == slot_state::idle);
    BOOST_TEST((pool.core.next_tick() == pool_core::time_point::max()));  // nothing is due any more
}

// 23
BOOST_AUTO_TEST_CASE(the_first_tick_connects_min_size) {
    pool_under_test pool{{.min_size = 6}};
    BOOST_TEST(pool.connecting.empty());
    pool.tick();
    BOOST_TEST(pool.connecting.size() == 4U);
    pool.succeed();
    BOOST_TEST(pool.connecting.size() == 2U);
    pool.succeed();
    BOOST_TEST(pool.count(slot_state::idle) == 6U);
}

// 24
BOOST_AUTO_TEST_CASE(the_connection_returned_last_is_lent_first) {
    pool_under_test pool{{}};
    pool.fill(3);
    const auto a = pool.take(), b = pool.take(), c = pool.take();
    pool.release(b);
    pool.release(c);
    pool.release(a);
    BOOST_TEST(pool.take().slot == a.slot);
    BOOST_TEST(pool.take().slot == c.slot);
    BOOST_TEST(pool.take().slot == b.slot);
}

// 27
BOOST_AUTO_TEST_CASE(leftovers_are_cleared_before_a_connection_is_lent_again) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    exclusive a, b;
    pool.request(a);
    pool.request(b);
    pool.release(a.granted, settling);
    BOOST_TEST((pool.settling == slots{0}));
    BOOST_TEST(pool.granted.empty());
    pool.core.settled(0, pool.now, true);
    pool.collect();
    BOOST_TEST(pool.granted.size() == 1U);
    pool.release(b.granted, settling);
    pool.core.settled(0, pool.now, false);
    pool.collect();
    BOOST_TEST(pool.why == close_reason::broken);
    BOOST_TEST(pool.core.stats().returns_bad == 1U);
}

// 33
BOOST_AUTO_TEST_CASE(a_closed_pool_fails_who_waits_and_refuses_who_comes) {
    pool_under_test pool{{.max_size = 3}};
    pool.fill(3);
    const auto lent = pool.take();
    const auto shared = pool.take(lease_kind::one_shot);
    pool.pass(1s);
    exclusive a, b;
    pool.request(a);  // checks the third
    pool.core.close(pool.now);
    pool.collect();
    BOOST_TEST(a.failure == wait_failure::closed);
    BOOST_TEST(pool.request(b) == request_result::closed);
    BOOST_TEST(!pool.core.try_request(lease_kind::one_shot, pool.now));
    pool.core.close(pool.now);
    pool.collect();
    BOOST_TEST(pool.failed.size() == 1U);
    BOOST_TEST(pool.closed.empty());
    pool.release(lent, settling);
    pool.release(shared);
    BOOST_TEST(!pool.core.is_drained());
    pool.check(pool.checking.at(0), true);
    BOOST_TEST(pool.core.is_drained());
    BOOST_TEST(pool.closed.size() == 3U);
    BOOST_TEST(pool.connecting.empty());
}

// 33
BOOST_AUTO_TEST_CASE(a_connect_that_ends_after_close_is_closed) {
    pool_under_test pool{{.min_size = 2}};
    pool.tick();
    pool.core.close(pool.now);
    pool.core.connected(0, pool.now);
    pool.core.connect_failed(1, pool.now, unavailable);
    pool.collect();
    BOOST_TEST(pool.closed.size() == 1U);
    BOOST_TEST(pool.core.is_drained());
}

// 34
BOOST_AUTO_TEST_CASE(drain_replaces_all_connections) {
    pool_under_test pool{{.min_size = 3, .max_size = 3}};
    pool.tick();
    pool.core.connected(0, pool.now);
    pool.core.connected(1, pool.now);
    const auto lent = pool.take();
    pool.core.drain(pool.now);
    pool.collect();
    BOOST_TEST((pool.closed == slots{0}));
    BOOST_TEST(pool.why == close_reason::drained);
    pool.core.connected(2, pool.now);  // begun before
    pool.release(lent);
    BOOST_TEST(pool.closed.size() == 3U);
    pool.connecting = {0, 1, 2};
    pool.succeed();
    BOOST_TEST(pool.count(slot_state::idle) == 3U);
    BOOST_TEST(pool.closed.size() == 3U);
}

// 35
BOOST_AUTO_TEST_CASE(a_pool_can_be_resized_while_it_works) {
    pool_under_test pool{{.max_size = 1}};
    std::deque<exclusive> waiters(5);
    for (auto& w : waiters) pool.request(w);
    pool.core.resize(0, 5, pool.now);
    pool.collect();
    BOOST_TEST(pool.connecting.size() == 4U);
    pool.succeed();
    pool.succeed();
    pool.release(waiters[0].granted);
    pool.core.resize(1, 2, pool.now);
    pool.collect();
    BOOST_TEST(pool.closed.size() == 1U);
    for (std::size_t i = 1; i < 5; ++i) pool.release(waiters[i].granted);
    BOOST_TEST(pool.closed.size() == 3U);
    BOOST_TEST(pool.why == close_reason::surplus);
    BOOST_TEST(pool.count(slot_state::idle) == 2U);
}

// 35
BOOST_AUTO_TEST_CASE(a_smaller_minimum_closes_what_was_idle_for_long) {
    pool_under_test pool{{.min_size = 1, .max_lifetime = 0s, .max_idle = 10s}};
    pool.fill(1);
    pool.pass(1h);
    BOOST_TEST(pool.closed.empty());
    pool.core.resize(0, 1, pool.now);
    pool.collect();
    pool.pass(0s);
    BOOST_TEST(pool.closed.size() == 1U);
}

// 36, 37
BOOST_AUTO_TEST_CASE(a_failed_hook_fails_one_waiter) {
    pool_under_test pool{{.max_size = 1}};
    exclusive a, b;
    pool.request(a);
    pool.request(b);
    pool.fail_connects(hook_failed);
    BOOST_TEST((pool.failed == std::vector<pool_waiter*>{&a}));
    BOOST_TEST(pool.connecting.empty());
    pool.pass(75ms);
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 1U);
}

// 38
BOOST_AUTO_TEST_CASE(who_waits_for_what_he_holds_times_out_and_the_holder_is_told) {
    pool_under_test pool{{.max_size = 1, .leak_after = 1s}};
    pool.fill(1);
    const auto lease = pool.take();
    exclusive inner{pool.now + 2s}, other;
    pool.request(inner);
    pool.pass(1s);
    BOOST_TEST((pool.leaks == slots{0}));
    pool.pass(1h);
    BOOST_TEST(pool.leaks.size() == 1U);
    BOOST_TEST(inner.failure == wait_failure::timed_out);
    pool.request(other);
    pool.release(lease);
    pool.succeed();  // the connection had expired
    BOOST_TEST(pool.granted.size() == 1U);
    pool.pass(1s);
    BOOST_TEST(pool.leaks.size() == 2U);
}

// 39
BOOST_AUTO_TEST_CASE(statistics_add_up) {
    pool_under_test pool{{.min_size = 1, .max_size = 2, .max_waiting = 2}};
    pool.tick();
    pool.now += 3ms;
    pool.succeed();
    const auto lease = pool.take();
    exclusive a, b{pool.now + 1ms}, c;
    pool.request(a);
    pool.request(b);
    pool.request(c);  // refused
    pool.pass(5ms);
    pool.release(lease);
    const auto s = pool.core.stats();
    BOOST_TEST(s.pool_min == 1U);
    BOOST_TEST(s.pool_max == 2U);
    BOOST_TEST(s.pool_size == 2U);
    BOOST_TEST(s.pool_available == 0U);
    BOOST_TEST(s.requests_waiting == 0U);
    BOOST_TEST((s.usage == 5ms));
    BOOST_TEST(s.requests_num == 4U);
    BOOST_TEST(s.requests_queued == 2U);
    BOOST_TEST((s.requests_wait == 5ms));
    BOOST_TEST(s.requests_errors == 2U);
    BOOST_TEST(s.connections_num == 2U);
    BOOST_TEST((s.connections_time == 3ms));
    BOOST_TEST(s.granted == 2U);
    BOOST_TEST(s.released == 1U);
    BOOST_TEST(s.lent == 1U);
    BOOST_TEST(s.wait.buckets[0] == 1U);   // at once
    BOOST_TEST(s.wait.buckets[13] == 1U);  // 4096 to 8191 µs
    BOOST_TEST(s.use.buckets[13] == 1U);
}

BOOST_AUTO_TEST_CASE(buckets_are_powers_of_two) {
    coropg::duration_histogram h;
    for (const auto d : {-1ns, 999ns}) h.add(d);
    for (const auto d : {1us, 2us, 3us, 4us}) h.add(d);
    h.add(1000h);
    BOOST_TEST(h.buckets[0] == 2U);
    BOOST_TEST(h.buckets[1] == 1U);
    BOOST_TEST(h.buckets[2] == 2U);
    BOOST_TEST(h.buckets[3] == 1U);
    BOOST_TEST(h.buckets[23] == 1U);
}

// 43
BOOST_AUTO_TEST_CASE(a_leap_of_the_clock_is_one_tick_late) {
    pool_under_test pool{{.min_size = 2, .max_size = 3}};
    pool.fill(3);
    exclusive a, b{pool.now + 1s};
    pool.now += 24h;
    pool.tick();
    BOOST_TEST(pool.request(a) == request_result::queued);
    BOOST_TEST(pool.request(b) == request_result::queued);
    for (const std::size_t slot : std::exchange(pool.checking, {})) pool.check(slot, true);
    pool.tick();
    BOOST_TEST(b.failure == wait_failure::timed_out);
    pool.succeed();
    BOOST_TEST(pool.granted.size() == 1U);
}

// one-shot statements

BOOST_AUTO_TEST_CASE(one_shots_take_an_idle_connection_else_share_and_grow_the_pool) {
    pool_under_test pool{{.max_size = 3}};
    pool.fill(2);
    const auto a = pool.take(lease_kind::one_shot), b = pool.take(lease_kind::one_shot);
    BOOST_TEST(a.slot != b.slot);
    BOOST_TEST(pool.connecting.empty());
    const auto c = pool.take(lease_kind::one_shot), d = pool.take(lease_kind::one_shot);
    BOOST_TEST(c.slot != d.slot);  // where there are the fewest
    pool.collect();
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.succeed();
    BOOST_TEST(pool.take(lease_kind::one_shot).slot == 2U);
    for (const auto& lease : {a, b, c, d}) pool.release(lease);
    BOOST_TEST(pool.count(slot_state::shared) == 1U);
    BOOST_TEST(pool.count(slot_state::idle) == 2U);
}

BOOST_AUTO_TEST_CASE(a_pipeline_has_a_depth) {
    pool_under_test pool{{.max_size = 1, .pipeline_depth = 2}};
    pool.fill(1);
    const auto a = pool.take(lease_kind::one_shot);
    pool.take(lease_kind::one_shot);
    one_shot c;
    BOOST_TEST(pool.request(c) == request_result::queued);
    pool.release(a);
    BOOST_TEST(pool.granted.size() == 1U);

    pool_under_test unshared{{.max_size = 1, .pipeline_depth = 1}};
    unshared.fill(1);
    unshared.take(lease_kind::one_shot);
    BOOST_TEST(!unshared.core.try_request(lease_kind::one_shot, unshared.now));
}

BOOST_AUTO_TEST_CASE(no_one_shot_is_put_behind_a_long_statement) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto first = pool.take(lease_kind::one_shot);
    pool.now += 10ms - 1ns;
    pool.take(lease_kind::one_shot);
    pool.now += 1ns;
    one_shot a, b;
    BOOST_TEST(pool.request(a) == request_result::queued);
    pool.release(first);
    BOOST_TEST(pool.granted.size() == 1U);
    pool.now += 9ms;
    BOOST_TEST(pool.request(b) == request_result::granted);
}

BOOST_AUTO_TEST_CASE(one_shots_do_not_keep_a_connection_from_one_who_wants_it_alone) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto first = pool.take(lease_kind::one_shot);
    one_shot before, behind;
    exclusive alone;
    pool.request(alone);
    BOOST_TEST(pool.request(behind) == request_result::queued);
    pool.withdraw(alone);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&behind}));
    pool.request(alone);
    pool.release(first);
    BOOST_TEST(pool.granted.size() == 1U);
    pool.release(behind.granted);
    BOOST_TEST(pool.granted.back() == &alone);
}

BOOST_AUTO_TEST_CASE(a_shared_connection_that_broke_takes_no_newcomers) {
    for (const auto how : {broken, settling}) {
        pool_under_test pool{{.max_size = 1}};
        pool.fill(1);
        const auto a = pool.take(lease_kind::one_shot), b = pool.take(lease_kind::one_shot);
        pool.release(a, how);
        BOOST_TEST(!pool.core.try_request(lease_kind::one_shot, pool.now));
        BOOST_TEST(pool.count(slot_state::shared) == 1U);
        pool.release(b);
        BOOST_TEST(pool.closed.size() == (how == broken ? 1U : 0U));
        BOOST_TEST(pool.settling.size() == (how == broken ? 0U : 1U));
    }
}

BOOST_AUTO_TEST_CASE(a_shared_connection_that_is_to_be_closed_takes_no_newcomers) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(2);
    pool.take(lease_kind::one_shot), pool.take(lease_kind::one_shot);
    pool.core.resize(0, 1, pool.now);
    BOOST_TEST(!pool.core.try_request(lease_kind::one_shot, pool.now));
    pool.core.resize(0, 2, pool.now);
    BOOST_TEST(pool.core.try_request(lease_kind::one_shot, pool.now).has_value());
    pool.core.drain(pool.now);
    BOOST_TEST(!pool.core.try_request(lease_kind::one_shot, pool.now));
}

// trying, waking

BOOST_AUTO_TEST_CASE(a_try_that_fails_begins_what_it_lacked) {
    pool_under_test pool{{}};
    BOOST_TEST(!pool.core.try_request(lease_kind::exclusive, pool.now));
    pool.collect();
    pool.succeed();
    pool.release(pool.take());
    pool.pass(1s);
    BOOST_TEST(!pool.core.try_request(lease_kind::exclusive, pool.now));
    pool.collect();
    pool.check(pool.checking.at(0), true);
    pool.take();
    BOOST_TEST(pool.core.stats().refused == 2U);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_checked_rather_than_a_new_one_waited_for) {
    pool_under_test pool{{.min_size = 2}};
    pool.tick();
    pool.core.connected(0, pool.now);
    pool.pass(1s);
    exclusive a;
    pool.request(a);
    BOOST_TEST((pool.checking == slots{0}));
    pool.core.close(pool.now);
}

BOOST_AUTO_TEST_CASE(the_owner_is_woken_when_the_next_tick_comes_earlier) {
    pool_under_test pool{{.max_size = 1}};
    exclusive a{pool.now + 5s}, b{pool.now + 9s}, c{pool.now + 1s};
    pool.request(a);
    BOOST_TEST(pool.wakes == 1);
    pool.request(b);
    BOOST_TEST(pool.wakes == 1);
    pool.request(c);
    BOOST_TEST(pool.wakes == 2);
    BOOST_TEST((pool.core.next_tick() == c.deadline));
    pool.pass(1s);
    BOOST_TEST((pool.core.next_tick() == a.deadline));
    pool.core.close(pool.now);
}

BOOST_AUTO_TEST_SUITE_END()
