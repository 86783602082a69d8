// What a pool decides about those who want a connection, one by one, with a clock that the test sets. Numbers
// are those of the pool's list of behaviours.
#include "../support/pool_under_test.hpp"

#include <initializer_list>

using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(pool_core_)

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

BOOST_AUTO_TEST_CASE(a_newcomer_does_not_overtake) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    pool.pass(1s);  // the connection is checked before it is lent
    exclusive first, second;
    sharing_waiter third;
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

/// A pool of one connection, which several one-shots share, and what was given up on it.
struct shared_connection : pool_under_test {
    explicit shared_connection(const pool_limits& limits) : pool_under_test{limits} {
        fill(1);
        given_up = take(lease_kind::one_shot);
    }

    /// Asks for one who is let in, and comes a moment later than those before.
    void let_in(pool_waiter& w) {
        pass(1ms);
        BOOST_TEST(request(w) == request_result::granted);
    }
    request_result come(pool_waiter& w) {
        pass(1ms);
        return request(w);
    }
    /// Nothing can be done there until what was given up has ended.
    request_result send_away(pool_waiter& w) {
        release(w.granted, return_condition::clearing);
        return come(w);
    }
    void end_what_was_given_up() {
        release(given_up);
        core.cleared(0, now, true);
        collect();
    }

    pool_lease given_up;
};

BOOST_AUTO_TEST_CASE(who_is_sent_away_from_a_connection_keeps_his_place) {
    for (const bool goes_first : {true, false}) {
        shared_connection pool{{.max_size = 1}};
        sharing_waiter first, second;
        exclusive later, last;
        pool.let_in(first);
        pool.let_in(second);
        BOOST_TEST(pool.come(later) == request_result::queued);
        BOOST_TEST(pool.send_away(goes_first ? first : second) == request_result::queued);
        BOOST_TEST(pool.come(last) == request_result::queued);
        BOOST_TEST(pool.send_away(goes_first ? second : first) == request_result::queued);
        pool.end_what_was_given_up();
        for (pool_waiter* w : std::initializer_list<pool_waiter*>{&first, &second, &later}) {
            BOOST_TEST_REQUIRE(pool.granted.back() == w);
            pool.release(w->granted);
        }
        BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&first, &second, &later, &last}));
    }
}

BOOST_AUTO_TEST_CASE(who_is_sent_away_is_not_refused) {
    shared_connection pool{{.max_size = 1, .max_waiting = 1}};
    sharing_waiter first;
    exclusive later, refused;
    pool.let_in(first);
    BOOST_TEST(pool.come(later) == request_result::queued);
    BOOST_TEST(pool.send_away(first) == request_result::queued);
    BOOST_TEST(pool.come(refused) == request_result::overloaded);
    pool.end_what_was_given_up();
    BOOST_TEST_REQUIRE((pool.granted == std::vector<pool_waiter*>{&first}));
    pool.release(first.granted);
    pool.core.close(pool.now);
    pool.collect();
    pool.release(later.granted);
    BOOST_TEST(pool.request(first) == request_result::closed);
}

BOOST_AUTO_TEST_CASE(who_is_sent_away_has_waited_since_he_came) {
    shared_connection pool{{.max_size = 1}};
    sharing_waiter first;
    pool.let_in(first);
    const auto came = pool.now;
    pool.pass(20ms);
    pool.send_away(first);
    BOOST_TEST((first.since == came));
    pool.pass(20ms);
    const auto before = pool.core.stats().requests_wait;
    pool.end_what_was_given_up();
    BOOST_TEST((pool.core.stats().requests_wait - before == pool.now - came));
    pool.release(first.granted);
    exclusive anew;
    pool.come(anew);
    BOOST_TEST((anew.since == pool.now));
}

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

BOOST_AUTO_TEST_CASE(leftovers_are_cleared_before_a_connection_is_lent_again) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(1);
    exclusive a, b;
    pool.request(a);
    pool.release(a.granted, clearing);
    pool.request(b);
    BOOST_TEST((pool.clearing == slots{0}));
    BOOST_TEST(pool.granted.empty());
    BOOST_TEST(pool.connecting.empty());  // soon this one can be lent
    pool.core.cleared(0, pool.now, true);
    pool.collect();
    BOOST_TEST(pool.granted.size() == 1U);
    pool.release(b.granted, clearing);
    pool.core.cleared(0, pool.now, false);
    pool.collect();
    BOOST_TEST(pool.why == close_reason::broken);
    BOOST_TEST(pool.core.stats().returns_bad == 1U);
}

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
    BOOST_TEST(!pool.try_take(lease_kind::one_shot));
    pool.core.close(pool.now);
    pool.collect();
    BOOST_TEST(pool.failed.size() == 1U);
    BOOST_TEST(pool.closed.empty());
    pool.release(lent, clearing);
    pool.release(shared);
    BOOST_TEST(!pool.core.is_drained());
    pool.check(pool.checking.at(0), true);
    BOOST_TEST(pool.core.is_drained());
    BOOST_TEST(pool.closed.size() == 3U);
    BOOST_TEST(pool.connecting.empty());
}

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
    sharing_waiter c;
    BOOST_TEST(pool.request(c) == request_result::queued);
    pool.release(a);
    BOOST_TEST(pool.granted.size() == 1U);

    pool_under_test unshared{{.max_size = 1, .pipeline_depth = 1}};
    unshared.fill(1);
    unshared.take(lease_kind::one_shot);
    BOOST_TEST(!unshared.try_take(lease_kind::one_shot));
}

BOOST_AUTO_TEST_CASE(no_one_shot_is_put_behind_a_long_statement) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto first = pool.take(lease_kind::one_shot);
    pool.now += 10ms - 1ns;
    pool.take(lease_kind::one_shot);
    pool.now += 1ns;
    sharing_waiter a, b;
    BOOST_TEST(pool.request(a) == request_result::queued);
    pool.release(first);
    BOOST_TEST(pool.granted.size() == 1U);
    pool.now += 9ms;
    BOOST_TEST(pool.request(b) == request_result::granted);
}

BOOST_AUTO_TEST_CASE(no_one_shot_is_put_behind_a_statement_that_is_not_known) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(1);
    const auto unknown = pool.take(lease_kind::one_shot, unknown_time);
    sharing_waiter a;
    BOOST_TEST(pool.request(a) == request_result::queued);
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.succeed();
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&a}));
    BOOST_TEST(a.granted.slot != unknown.slot);
    BOOST_TEST(pool.take(lease_kind::one_shot).slot == a.granted.slot);
    pool.release(unknown);
    BOOST_TEST(pool.take(lease_kind::one_shot).slot == unknown.slot);
}

BOOST_AUTO_TEST_CASE(a_statement_that_is_not_known_may_be_put_behind_short_ones) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto a = pool.take(lease_kind::one_shot);
    const auto unknown = pool.take(lease_kind::one_shot, unknown_time);
    BOOST_TEST(!pool.try_take(lease_kind::one_shot));
    pool.release(unknown);
    BOOST_TEST(pool.try_take(lease_kind::one_shot).has_value());
    pool.release(a);
}

BOOST_AUTO_TEST_CASE(one_shots_share_no_more_work_than_is_expected_to_be_short) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto a = pool.take(lease_kind::one_shot, 5ms);
    pool.take(lease_kind::one_shot, 4999us);
    pool.take(lease_kind::one_shot, 1us);
    BOOST_TEST(!pool.try_take(lease_kind::one_shot));
    pool.release(a);
    BOOST_TEST(pool.try_take(lease_kind::one_shot).has_value());
}

BOOST_AUTO_TEST_CASE(one_shots_go_where_the_least_work_is) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(2);
    const auto a = pool.take(lease_kind::one_shot, 5ms), b = pool.take(lease_kind::one_shot, 1ms);
    for (int i = 0; i < 3; ++i) BOOST_TEST(pool.take(lease_kind::one_shot, 1ms).slot == b.slot);
    BOOST_TEST(pool.take(lease_kind::one_shot, 2ms).slot == b.slot);
    BOOST_TEST(pool.take(lease_kind::one_shot, 2ms).slot == a.slot);
}

BOOST_AUTO_TEST_CASE(a_statement_worked_since_the_one_before_it_ended) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto a = pool.take(lease_kind::one_shot), b = pool.take(lease_kind::one_shot);
    pool.now += 3ms;
    BOOST_TEST((pool.core.release(a, pool.now, usable) == 3ms));
    pool.now += 2ms;
    const auto c = pool.take(lease_kind::one_shot);
    BOOST_TEST((pool.core.release(b, pool.now, usable) == 2ms));
    pool.now += 1ms;
    BOOST_TEST((pool.core.release(c, pool.now, usable) == 1ms));
}

BOOST_AUTO_TEST_CASE(one_shots_do_not_keep_a_connection_from_one_who_wants_it_alone) {
    pool_under_test pool{{.max_size = 1}};
    pool.fill(1);
    const auto first = pool.take(lease_kind::one_shot);
    sharing_waiter before, behind;
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

BOOST_AUTO_TEST_CASE(nobody_joins_others_while_one_behind_waits_for_a_connection_alone) {
    pool_under_test pool{{.max_size = 1, .pipeline_depth = 2}};
    pool.fill(1);
    const auto a = pool.take(lease_kind::one_shot), b = pool.take(lease_kind::one_shot);
    sharing_waiter c, d;
    exclusive alone;
    for (auto* w : std::initializer_list<pool_waiter*>{&c, &alone, &d}) pool.request(*w);
    pool.release(a);
    BOOST_TEST(pool.granted.empty());
    pool.release(b);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&c}));
    pool.release(c.granted);
    pool.release(alone.granted);
    BOOST_TEST((pool.granted == std::vector<pool_waiter*>{&c, &alone, &d}));
}

BOOST_AUTO_TEST_CASE(a_shared_connection_that_broke_takes_no_newcomers) {
    for (const auto how : {broken, clearing}) {
        pool_under_test pool{{.max_size = 1}};
        pool.fill(1);
        const auto a = pool.take(lease_kind::one_shot), b = pool.take(lease_kind::one_shot);
        pool.release(a, how);
        BOOST_TEST(!pool.try_take(lease_kind::one_shot));
        BOOST_TEST(pool.count(slot_state::shared) == 1U);
        pool.release(b);
        BOOST_TEST(pool.closed.size() == (how == broken ? 1U : 0U));
        BOOST_TEST(pool.clearing.size() == (how == broken ? 0U : 1U));
    }
}

BOOST_AUTO_TEST_CASE(a_shared_connection_that_is_to_be_closed_takes_no_newcomers) {
    pool_under_test pool{{.max_size = 2}};
    pool.fill(2);
    pool.take(lease_kind::one_shot), pool.take(lease_kind::one_shot);
    pool.core.resize(0, 1, pool.now);
    BOOST_TEST(!pool.try_take(lease_kind::one_shot));
    pool.core.resize(0, 2, pool.now);
    BOOST_TEST(pool.try_take(lease_kind::one_shot).has_value());
    pool.core.drain(pool.now);
    BOOST_TEST(!pool.try_take(lease_kind::one_shot));
}

// trying, waking

BOOST_AUTO_TEST_CASE(a_try_that_fails_begins_what_it_lacked) {
    pool_under_test pool{{}};
    BOOST_TEST(!pool.core.try_request(lease_kind::exclusive, pool.now));
    pool.collect();
    pool.succeed();
    const auto lease = pool.core.try_request(lease_kind::exclusive, pool.now);
    BOOST_REQUIRE(lease.has_value());
    BOOST_TEST(pool.core.stats().refused == 1U);
}

BOOST_AUTO_TEST_CASE(a_try_has_no_time_for_a_sign_of_life) {
    pool_under_test pool{{.check_after_idle = 0s}};
    pool.fill(1);
    pool.pass(1s);
    BOOST_TEST(pool.core.try_request(lease_kind::exclusive, pool.now).has_value());
    pool.collect();
    BOOST_TEST(pool.checking.empty());
}

BOOST_AUTO_TEST_CASE(a_try_in_vain_leaves_the_sign_of_life_owed) {
    pool_under_test pool{{.check_after_idle = 0s}};
    pool.fill(3);
    pool.pass(1s);
    exclusive first, second;
    pool.request(first);
    pool.request(second);
    pool.withdraw(second);  // its check goes on, and will do for the next
    BOOST_TEST(!pool.core.try_request(lease_kind::exclusive, pool.now));
    pool.tick();
    BOOST_TEST(pool.granted.empty());
    pool.check(pool.checking.front(), true);
    BOOST_TEST(pool.granted.size() == 1U);
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
