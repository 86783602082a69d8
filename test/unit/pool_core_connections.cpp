// What a pool decides about its connections: when they are made, tested and closed, and what failures lead to. Numbers
// are those of the pool's list of behaviours.
#include "../support/pool_under_test.hpp"

#include <set>

using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(pool_core_connections)

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

BOOST_AUTO_TEST_CASE(attempts_to_connect_that_may_hang_keep_nobody_waiting) {
    pool_under_test pool{{.max_size = 10, .max_parallel_connects = 1}};
    std::deque<exclusive> waiters(2);
    for (auto& w : waiters) pool.request(w);
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.pass(999ms);
    BOOST_TEST(pool.connecting.size() == 1U);
    pool.pass(1ms);
    BOOST_TEST(pool.connecting.size() == 2U);
    pool.core.connected(pool.connecting.back(), pool.now);
    pool.collect();
    BOOST_TEST(pool.granted.size() == 1U);
    BOOST_TEST(pool.connecting.size() == 3U);
    pool.pass(1s);
    BOOST_TEST(pool.connecting.size() == 4U);
    pool.core.close(pool.now);
}

BOOST_AUTO_TEST_CASE(nor_those_who_wait_for_the_minimum) {
    pool_under_test pool{{.min_size = 1, .max_size = 3}};
    pool.core.tick(pool.now);
    pool.collect();
    pool.pass(5s);
    BOOST_TEST(pool.connecting.size() == 1U, "nobody waits");
    pool.core.await_minimum(pool.now);
    pool.collect();
    BOOST_TEST(pool.connecting.size() == 2U);
    pool.pass(1s);
    BOOST_TEST(pool.connecting.size() == 3U);
    pool.pass(5s);
    BOOST_TEST(pool.connecting.size() == 3U);
    pool.core.end_awaiting_minimum();
    pool.core.close(pool.now);
}

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

BOOST_AUTO_TEST_CASE(one_check_without_an_answer_has_all_others_checked) {
    pool_under_test pool{{.max_size = 4}};
    pool.fill(3);
    pool.pass(1s);
    exclusive a;
    pool.request(a);
    BOOST_TEST(pool.checking.size() == 1U);
    pool.check(pool.checking[0], false, true);
    BOOST_TEST(pool.checking.size() == 3U);
    BOOST_TEST(pool.connecting.size() == 1U);  // lest they are silent, too
    pool.check(pool.checking[1], false);
    pool.check(pool.checking[2], true);
    BOOST_TEST(pool.granted.size() == 1U);
    BOOST_TEST(pool.core.stats().connections_lost == 2U);
}

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

BOOST_AUTO_TEST_CASE(a_success_ends_the_delay_at_once) {
    pool_under_test pool{{.min_size = 2}};
    pool.tick();
    pool.core.connect_failed(0, pool.now, unavailable);
    pool.core.connected(1, pool.now);
    pool.collect();
    BOOST_TEST((pool.connecting == slots{0, 1, 0}));
}

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

BOOST_AUTO_TEST_CASE(what_expired_waits_for_a_replacement_that_took_the_last_room) {
    pool_under_test pool{{.min_size = 2, .max_size = 3, .max_lifetime = 10s, .lifetime_jitter = 0}};
    pool.fill(2);
    pool.pass(10s);
    pool.tick();
    BOOST_TEST(pool.connecting.size() == 1U);
    BOOST_TEST(pool.closed.empty());
    pool.succeed();
    pool.succeed();
    BOOST_TEST(pool.closed.size() == 2U);
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

BOOST_AUTO_TEST_CASE(drain_does_not_wait_for_a_replacement_of_what_expired) {
    pool_under_test pool{{.min_size = 1, .max_size = 2, .max_lifetime = 10s}};
    pool.fill(1);
    pool.pass(10s);
    BOOST_TEST(pool.closed.empty());
    pool.core.drain(pool.now);
    pool.collect();
    BOOST_TEST((pool.closed == slots{0}));
}

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

BOOST_AUTO_TEST_SUITE_END()
