// A pool's logic with a clock that the test sets, whose actions are collected.
#pragma once

#include <coropg/detail/pool/pool_core.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::slot_state)
BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::close_reason)
BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::wait_failure)
BOOST_TEST_DONT_PRINT_LOG_VALUE(coropg::detail::request_result)

namespace coropg::test {

using namespace coropg::detail;
using slots = std::vector<std::size_t>;
using enum return_condition;
using enum connect_problem;

struct exclusive : pool_waiter {
    explicit exclusive(pool_core::time_point until = pool_core::time_point::max())
        : pool_waiter{lease_kind::exclusive, until} {}
};

/// Of a statement that is known to be short.
struct sharing_waiter : pool_waiter {
    explicit sharing_waiter(pool_limits::duration expects = std::chrono::microseconds{1})
        : pool_waiter{lease_kind::one_shot, time_point::max(), expects} {}
};

struct pool_under_test {
    explicit pool_under_test(const pool_limits& limits, std::uint32_t seed = 1) : core{limits, seed} {}

    void collect() {
        while (const auto action = core.next_action()) {
            using enum pool_action::kind;
            switch (action->what) {
                case connect: connecting.push_back(action->slot); break;
                case check: checking.push_back(action->slot); break;
                case clear: clearing.push_back(action->slot); break;
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
    pool_lease take(lease_kind kind = lease_kind::exclusive,
                    pool_limits::duration expected = std::chrono::microseconds{1}) {
        return try_take(kind, expected).value();
    }
    std::optional<pool_lease> try_take(lease_kind kind, pool_limits::duration expected = std::chrono::microseconds{1}) {
        return core.try_request(kind, now, expected);
    }

    pool_core core;
    pool_core::time_point now{std::chrono::hours{1}};
    slots connecting, checking, clearing, closed, leaks;
    close_reason why = close_reason::none;  // of the last closed
    std::vector<pool_waiter*> granted, failed;
    int wakes = 0;
};

}  // namespace coropg::test
