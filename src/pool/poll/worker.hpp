// Shared by the parts of the blocking pool: the event, within which its core and its slots may be touched, and the
// thread that works while it waits.
#pragma once

#include <coropg/detail/pool/poll_pool.hpp>
#include <coropg/log.hpp>

#include <algorithm>

namespace coropg::detail {

/// A thread that waits for something, and works meanwhile.
struct poll_pool::helper {
    explicit helper(clock::time_point until) : deadline{until} {}

    /// With the mutex held.
    void tell() {
        told.notify_one();
        work_ends.ring();
    }

    /// For a turn that begins now.
    [[nodiscard]] patience for_turn(std::chrono::milliseconds turn) const {
        return {std::min(deadline, later(clock::now(), turn)), &work_ends};
    }

    const clock::time_point deadline;
    std::condition_variable told;
    bell work_ends;
    bool is_called = false;
};

/// Within that time the threads have come by every job, if there are not too many.
constexpr std::chrono::milliseconds longest_round{50};
constexpr std::chrono::milliseconds shortest_turn{1};

/// How long each of so many threads stays with one job, when so many others wait.
constexpr std::chrono::milliseconds turn_of(std::size_t threads, std::size_t waiting) {
    using count = std::chrono::milliseconds::rep;
    const auto share = longest_round * static_cast<count>(threads) / static_cast<count>(threads + waiting);
    return std::max(share, shortest_turn);
}

struct poll_pool::waiter : pool_waiter {
    waiter(std::source_location line, clock::time_point until)
        : pool_waiter{lease_kind::exclusive, until}, where{line}, thread{until} {}

    std::source_location where;
    helper thread;
    bool has_ended = false;
    std::exception_ptr problem;
};

/// Something that happens to the pool: holds the mutex, and has done what the core wants, before and after.
class poll_pool::event {
 public:
    /// Unless something is done, an event of a `turn` tells nobody who looks on.
    explicit event(poll_pool& pool, bool is_turn = false) : pool_{pool}, is_idle_{is_turn} {
        pool.require_home();
        lock_ = std::unique_lock{pool.mutex_};
        now_ = clock::now();
        if (pool.core_.next_tick() <= now_) pool.core_.tick(now_);
        pool.collect(*this);
    }
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() {
        pool_.collect(*this);
        if (is_idle_) return;
        for (helper* each : pool_.onlookers_) each->told.notify_one();
    }

    [[nodiscard]] clock::time_point now() const noexcept { return now_; }
    void something_is_done() noexcept { is_idle_ = false; }

    /// Its connection ends once the mutex is left.
    void drop(slot& s) {
        persist([&] { dropped_.emplace_back(); });
        std::swap(dropped_.back(), s);
        something_is_done();
    }
    /// Logged once the mutex is left: a logger may ask the pool.
    void warn(std::string text) { warnings_.lines.push_back(std::move(text)); }
    /// Until there is something to do, or nothing left to wait for.
    void sleep(helper& me) {
        if (!dropped_.empty()) return;
        persist([&] { pool_.sleepers_.push_back(&me); });
        is_idle_ = true;
        const clock::time_point until = std::min(me.deadline, pool_.core_.next_tick());
        if (until == no_deadline)  // not every library's wait_until knows so late a time
            me.told.wait(lock_);
        else
            me.told.wait_until(lock_, until);
        std::erase(pool_.sleepers_, &me);
        if (std::exchange(me.is_called, false)) --pool_.called_;
    }

 private:
    struct warnings {
        std::vector<std::string> lines;

        ~warnings() {
            for (const std::string& line : lines) log(log_level::warning, line);
        }
    };

    poll_pool& pool_;
    std::vector<slot> dropped_;  // this and the next outlive the lock
    warnings warnings_;
    std::unique_lock<std::mutex> lock_;
    clock::time_point now_;
    bool is_idle_;
};

/// Has `me` told whatever happens.
class poll_pool::onlooking {
 public:
    onlooking(poll_pool& pool, helper& me) : pool_{pool}, me_{me} {
        pool.require_home();
        const std::lock_guard lock{pool_.mutex_};
        pool_.onlookers_.push_back(&me_);
    }
    onlooking(const onlooking&) = delete;
    onlooking& operator=(const onlooking&) = delete;
    ~onlooking() {
        if (pool_.process_.is_left()) return;
        const std::lock_guard lock{pool_.mutex_};
        std::erase(pool_.onlookers_, &me_);
    }

 private:
    poll_pool& pool_;
    helper& me_;
};

/// Works until `is_so()`, which is asked with the mutex held; false behind the deadline.
template <class Predicate>
bool poll_pool::work_until(helper& me, Predicate is_so) {
    std::optional<pool_action> job;  // not done yet
    bool is_at_work = false;
    for (;;) {
        std::chrono::milliseconds turn{};
        {
            event e{*this, true};
            if (std::exchange(is_at_work, false)) --at_work_;
            if (job) put_back(*std::exchange(job, std::nullopt), e);
            if (is_so()) return true;
            if (e.now() >= me.deadline) return false;
            job = take_job(me, e);
            if (!job) {
                e.sleep(me);
                continue;
            }
            is_at_work = true;
            turn = turn_of(++at_work_, jobs_.size());
        }
        if (advance(*job, me, turn)) job.reset();
    }
}

}  // namespace coropg::detail
