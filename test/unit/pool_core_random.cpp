// Random schedules of all events, after each of which the pool's promises are checked: 1,000,000 of them when
// COROPG_TEST_FULL is set, else 100,000. COROPG_TEST_SEED repeats those that begin with the seed of a failure.
#include <coropg/detail/pool/pool_core.hpp>

#include "../support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <deque>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace coropg::detail;
using coropg::test::announced_seed;
using coropg::test::dice;
using namespace std::chrono_literals;

namespace {

struct random_request : pool_waiter {
    using pool_waiter::pool_waiter;

    bool is_queued() const { return list_base_hook::is_linked(); }

    int ends = 0;
    bool has_given_up = false;  // before it heard that it was granted
};

/// Takes one out, which keeps no order.
template <class T>
T take(std::vector<T>& from, std::size_t i) {
    std::swap(from[i], from.back());
    T taken = from.back();
    from.pop_back();
    return taken;
}

class schedule {
 public:
    explicit schedule(std::uint64_t seed)
        : roll_{seed}, limits_{some_limits()}, core_{limits_, 1}, max_{limits_.max_size} {}

    void run() {
        try {
            for (std::size_t left = 10 + roll_(31); left > 0; --left) {
                event();
                check();
                if (roll_(4) > 0) perform();
            }
            finish();
        } catch (...) {
            while (!waiting_.empty()) core_.withdraw(*take(waiting_, 0), now_);
            throw;
        }
    }

    /// What happened, a letter an event.
    const std::string& trace() const { return trace_; }
    std::uint64_t events() const { return events_; }

 private:
    pool_limits some_limits() {
        pool_limits l;
        l.max_size = 1 + roll_(4);
        l.min_size = roll_(3) == 0 ? roll_(l.max_size + 1) : 0;
        l.max_waiting = roll_(3) == 0 ? 3 : 0;
        l.max_parallel_connects = 1 + roll_(4);
        l.long_connecting = roll_(2) == 0 ? 1s : 100ms;
        l.pipeline_depth = 1 + roll_(3);
        l.max_lifetime = roll_(2) * 1s;
        l.max_idle = roll_(2) * 300ms;
        l.max_uses = roll_(3) == 0 ? 3 : 0;
        l.check_after_idle = (static_cast<int>(roll_(3)) - 1) * 100ms;
        l.leak_after = roll_(2) * 500ms;
        return l;
    }

    void event() {
        using enum return_condition;
        const std::size_t kind = roll_(100);
        const auto happens = [&](std::size_t below, char letter) {
            if (kind >= below) return false;
            trace_ += letter;
            return true;
        };
        if (happens(22, 'r')) return request();
        if (happens(26, 'y')) return try_request();
        if (happens(36, 'u')) return release(roll_(8) == 0 ? broken : roll_(6) == 0 ? clearing : usable);
        if (happens(44, 'd')) return deliver();
        if (happens(50, 'w')) return cancel();
        if (happens(65, 'c')) return end_connect(roll_(3) > 0);
        if (happens(73, 'k')) return end_check(roll_(4) > 0);
        if (happens(78, 's')) return end_settle(roll_(4) > 0);
        if (happens(80, 'l')) return core_.lost(roll_(core_.slots().size()), now_);
        if (happens(93, 't')) return pass();
        if (happens(96, 'T')) return core_.tick(now_);
        if (happens(97, 'z')) return resize();
        if (happens(98, 'n')) return core_.drain(now_);
        if (roll_(3) == 0 && happens(99, 'x')) return close();
    }

    void request() {
        const auto kind = roll_(2) == 0 ? lease_kind::exclusive : lease_kind::one_shot;
        random_request& w =
            roll_(2) == 0 ? requests_.emplace_back(kind, now_ + roll_(400) * 1ms) : requests_.emplace_back(kind);
        w.expected = some_time();
        const bool is_first = waiting_.empty();
        switch (core_.request(w, now_)) {
            case request_result::granted:
                require(is_first, "overtook");
                held_.push_back(w.granted);
                ++w.ends;
                break;
            case request_result::queued:
                require(!is_closed_, "queued though closed");
                waiting_.push_back(&w);
                break;
            case request_result::overloaded:
                require(waiting_.size() == limits_.max_waiting, "refused without need");
                ++w.ends;
                break;
            case request_result::closed: require(is_closed_, "refused though open"); ++w.ends;
        }
    }

    void try_request() {
        const bool is_first = waiting_.empty();
        const auto kind = roll_(2) == 0 ? lease_kind::exclusive : lease_kind::one_shot;
        if (const auto lease = core_.try_request(kind, now_, some_time())) {
            require(is_first, "overtook by trying");
            held_.push_back(*lease);
        }
    }

    /// To expect of a statement.
    pool_limits::duration some_time() { return roll_(3) == 0 ? unknown_time : (1 + roll_(12)) * 1ms; }

    void release(return_condition how) {
        if (!held_.empty()) core_.release(take(held_, roll_(held_.size())), now_, how);
    }

    void deliver() {
        if (!granted_.empty()) held_.push_back(take(granted_, roll_(granted_.size()))->granted);
    }

    /// Of any request, at any time: it may be granted already, and may or may not have heard of it.
    void cancel() {
        if (requests_.empty()) return;
        random_request& w = requests_[roll_(requests_.size())];
        const bool was_queued = w.is_queued();
        require(core_.withdraw(w, now_) == was_queued, "withdraw does not know who is queued");
        if (was_queued) {
            ++w.ends;
            std::erase(waiting_, &w);
        } else if (std::erase(granted_, &w) > 0) {
            core_.release(w.granted, now_, return_condition::usable);
        } else if (w.ends == 0 && w.failure == wait_failure::none && !w.has_given_up) {
            w.has_given_up = true;
            --untold_;
            core_.release(w.granted, now_, return_condition::usable);
        }
    }

    void end_connect(bool ok) {
        if (connecting_.empty()) return;
        const std::size_t slot = take(connecting_, roll_(connecting_.size()));
        if (ok) return core_.connected(slot, now_);
        core_.connect_failed(slot, now_, static_cast<connect_problem>(roll_(3)));
    }

    void end_check(bool ok) {
        if (!checking_.empty()) core_.checked(take(checking_, roll_(checking_.size())), now_, ok, !ok && roll_(2) == 0);
    }

    void end_settle(bool ok) {
        if (!clearing_.empty()) core_.cleared(take(clearing_, roll_(clearing_.size())), now_, ok);
    }

    void pass() {
        constexpr std::array<pool_limits::duration, 6> steps{1us, 1ms, 12ms, 60ms, 250ms, 1500ms};
        now_ += steps[roll_(steps.size())];
        if (now_ >= core_.next_tick() && roll_(4) > 0) core_.tick(now_);
    }

    void resize() {
        limits_.max_size = 1 + roll_(5);
        limits_.min_size = roll_(limits_.max_size + 1);
        core_.resize(limits_.min_size, limits_.max_size, now_);
    }

    void close() {
        is_closed_ = true;
        core_.close(now_);
    }

    /// The owner's part.
    void perform() {
        while (const auto action = core_.next_action()) {
            auto* const w = static_cast<random_request*>(action->waiter);
            switch (action->what) {
                case pool_action::kind::connect: connecting_.push_back(action->slot); break;
                case pool_action::kind::check: checking_.push_back(action->slot); break;
                case pool_action::kind::clear: clearing_.push_back(action->slot); break;
                case pool_action::kind::grant:
                    require(++w->ends == 1 && w->failure == wait_failure::none, "ended twice");
                    if (!w->has_given_up) {
                        --untold_;
                        granted_.push_back(w);
                    }
                    break;
                case pool_action::kind::fail:
                    require(++w->ends == 1 && w->failure != wait_failure::none, "ended twice");
                    break;
                default: break;
            }
        }
    }

    void check() {
        ++events_;
        check_order();
        check_slots();
        const coropg::pool_stats s = core_.stats();
        require(s.requests_waiting == waiting_.size(), "requests_waiting");
        require(s.requests_num == s.granted + s.timed_out + s.cancelled + s.refused + s.failed + waiting_.size(),
                "requests");
        require(s.lent == held_.size() + granted_.size() + untold_, "granted = released + lent");
    }

    /// Those who wait no longer were the first, except for those who failed.
    void check_order() {
        std::size_t kept = 0;
        for (random_request* w : waiting_) {
            if (w->is_queued()) {
                waiting_[kept++] = w;
            } else if (w->failure == wait_failure::none) {
                require(kept == 0, "not first come, first served");
                ++untold_;
            }
        }
        waiting_.resize(kept);
    }

    void check_slots() {
        std::array<std::size_t, 7> counts{};
        std::size_t statements = 0;
        std::size_t recent_attempts = 0;
        bool has_fresh = false;
        for (const pool_slot& s : core_.slots()) {
            ++counts[static_cast<std::size_t>(s.state)];
            statements += s.statements;
            recent_attempts += s.state == slot_state::connecting && now_ - s.since < limits_.long_connecting;
            require(s.statements <= (s.state == slot_state::shared ? limits_.pipeline_depth : 1), "pipeline_depth");
            require((s.statements > 0) == (s.state >= slot_state::leased), "statements without a lease");
            require((s.statements > 0) == (s.backlog > 0s), "a backlog without statements");
            has_fresh |= s.state == slot_state::idle &&
                         (limits_.check_after_idle < 0s || now_ - s.since <= limits_.check_after_idle);
        }
        const auto count = [&](slot_state s) { return counts[static_cast<std::size_t>(s)]; };
        const std::size_t size = core_.slots().size() - count(slot_state::vacant);
        max_ = std::max(limits_.max_size, std::min(max_, size));  // after a resize it shrinks
        require(size <= max_, "more than max_size");
        require(recent_attempts <= limits_.max_parallel_connects, "max_parallel_connects");
        require(statements == held_.size() + granted_.size() + untold_, "a lease is lost");
        if (is_closed_) require(count(slot_state::idle) == 0 && waiting_.empty(), "closed");
        if (waiting_.empty()) return;
        const std::size_t prepared = count(slot_state::checking) + count(slot_state::clearing);
        require(!has_fresh, "an idle connection is kept from one who waits");
        require(count(slot_state::idle) == 0 || prepared >= waiting_.size(), "an idle connection could be checked");
        require(size > 0 || core_.next_tick() < pool_core::time_point::max(), "nothing will wake who waits");
    }

    /// With a server that is well all are served, and all that was lent comes back.
    void finish() {
        core_.tick(now_);
        check();
        for (int rounds = 0; !is_quiet(); ++rounds) {
            require(rounds < 1000, "somebody waits for ever");
            step();
            check();
        }
        for (const random_request& w : requests_) require(w.ends == 1, "ended not once");
        const coropg::pool_stats s = core_.stats();
        require(s.lent == 0 && s.granted == s.released, "not all came back");
        require(is_closed_ ? core_.is_drained() : s.pool_available == s.pool_size, "a connection is lost");
        if (s.connections_errors == 0 && !is_closed_)
            require(s.pool_available >= limits_.min_size, "less than min_size");
        core_.close(now_);
        require(core_.is_drained(), "closed with connections");
    }

    bool is_quiet() {
        perform();
        return waiting_.empty() && granted_.empty() && held_.empty() && connecting_.empty() && checking_.empty() &&
               clearing_.empty();
    }

    void step() {
        if (!granted_.empty()) return deliver();
        if (!connecting_.empty()) return end_connect(true);
        if (!checking_.empty()) return end_check(true);
        if (!clearing_.empty()) return end_settle(true);
        if (!held_.empty()) return release(return_condition::usable);
        now_ = std::max(now_, core_.next_tick());
        core_.tick(now_);
    }

    static void require(bool ok, const char* promise) {
        if (!ok) throw std::runtime_error{promise};
    }

    dice roll_;
    pool_limits limits_;
    pool_core core_;
    pool_core::time_point now_{1h};
    std::deque<random_request> requests_;
    std::vector<random_request*> waiting_;  // in the order of their arrival
    std::vector<random_request*> granted_;  // and told, but not delivered
    std::size_t untold_ = 0;                // granted, but not told
    std::vector<pool_lease> held_;
    std::vector<std::size_t> connecting_, checking_, clearing_;
    std::size_t max_;
    bool is_closed_ = false;
    std::string trace_;
    std::uint64_t events_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_core_random)

BOOST_AUTO_TEST_CASE(promises_hold_in_random_schedules) {
    const std::uint64_t first = announced_seed();
    const std::uint64_t count = std::getenv("COROPG_TEST_FULL") != nullptr ? 1'000'000 : 100'000;
    std::uint64_t events = 0;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        schedule s{seed};
        try {
            s.run();
            events += s.events();
        } catch (const std::runtime_error& e) {
            BOOST_FAIL("COROPG_TEST_SEED=" << seed << ": " << e.what() << " after " << s.trace());
        }
    }
    BOOST_TEST(events > 20 * count);
    BOOST_TEST_MESSAGE(count << " schedules with " << events << " events");
}

BOOST_AUTO_TEST_SUITE_END()
