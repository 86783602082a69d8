#include <coropg/detail/ops/ops.hpp>
#include <coropg/detail/pool/poll_pool.hpp>
#include <coropg/log.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <random>
#include <system_error>

namespace coropg::detail {

namespace {

/// A connect that nobody has gone on with for longer is begun anew: the server does not wait for ever.
constexpr std::chrono::seconds longest_pause{1};

/// Whether it is about a connection that is there, and soon done.
bool is_proof(const pool_action& job) { return job.what != pool_action::kind::connect; }

}  // namespace

/// A thread that waits for something, and works meanwhile.
struct poll_pool::helper {
    explicit helper(clock::time_point until) : deadline{until} {}

    /// With the mutex held.
    void tell() {
        told.notify_one();
        work_ends.ring();
    }

    const clock::time_point deadline;
    std::condition_variable told;
    bell work_ends;
    bool is_called = false;
};

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
    explicit event(poll_pool& pool) : pool_{pool} {
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

    /// Its connection ends once the mutex is left.
    void drop(slot& s) {
        dropped_.push_back(std::exchange(s, slot{}));
        is_idle_ = false;
    }
    /// Logged once the mutex is left: a logger may ask the pool.
    void warn(std::string text) { warnings_.lines.push_back(std::move(text)); }
    /// Until there is something to do, or nothing left to wait for.
    void sleep(helper& me) {
        if (!dropped_.empty()) return;
        is_idle_ = true;
        pool_.sleepers_.push_back(&me);
        me.told.wait_until(lock_, std::min(me.deadline, pool_.core_.next_tick()));
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
    bool is_idle_ = false;
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
        const std::lock_guard lock{pool_.mutex_};
        std::erase(pool_.onlookers_, &me_);
    }

 private:
    poll_pool& pool_;
    helper& me_;
};

// ---------------------------------------------------------------------------------------------- what the core wants

void poll_pool::collect(event& e) {
    for (;;) {
        while (const auto action = core_.next_action()) {
            slot& s = slots_[action->slot];
            switch (action->what) {
                case pool_action::kind::connect:
                case pool_action::kind::check:
                case pool_action::kind::settle: jobs_.push_back(*action); break;
                case pool_action::kind::close: e.drop(s); break;
                case pool_action::kind::grant:
                case pool_action::kind::fail: {
                    waiter& w = static_cast<waiter&>(*action->waiter);
                    w.has_ended = true;
                    if (w.failure != wait_failure::none)
                        w.problem = failure_of(w.failure, snapshot(e.now()), last_failure_, {{}, w.where});
                    w.thread.tell();
                    break;
                }
                case pool_action::kind::warn_leak: e.warn(leak_warning(name_, holder_of(action->slot))); break;
                case pool_action::kind::wake:
                    for (helper* each : sleepers_) each->told.notify_one();
                    break;
            }
        }
        if (!core_.is_closed() || jobs_.empty()) break;
        give_up(jobs_.front(), e);
        jobs_.pop_front();
    }
    // Those who came last are going to wait for longest.
    for (; called_ < jobs_.size() && !sleepers_.empty(); sleepers_.pop_back(), ++called_) {
        sleepers_.back()->is_called = true;
        sleepers_.back()->told.notify_one();
    }
}

/// Of a closed pool.
void poll_pool::give_up(const pool_action& job, event& e) {
    switch (job.what) {
        case pool_action::kind::connect:
            e.drop(slots_[job.slot]);
            return core_.connect_failed(job.slot, e.now(), connect_problem::unavailable);
        case pool_action::kind::check: return core_.checked(job.slot, e.now(), true);
        default: return core_.settled(job.slot, e.now(), true);
    }
}

/// Works until `is_so()`, which is asked with the mutex held; false behind the deadline.
template <class Predicate>
bool poll_pool::work_until(helper& me, Predicate is_so) {
    for (;;) {
        std::optional<pool_action> job;
        {
            event e{*this};
            if (is_so()) return true;
            if (e.now() >= me.deadline) return false;
            job = take_job(me);
            if (!job) e.sleep(me);
        }
        if (!job) continue;
        const patience mine{me.deadline, &me.work_ends};
        if (job->what == pool_action::kind::connect)
            connect(*job, mine);
        else
            prove(*job, mine);
    }
}

/// What is the shortest way to a connection.
std::optional<pool_action> poll_pool::take_job(helper& me) {
    if (jobs_.empty()) return std::nullopt;
    auto next = std::ranges::find_if(jobs_, is_proof);
    if (next == jobs_.end()) next = jobs_.begin();
    const pool_action job = *next;
    jobs_.erase(next);
    me.work_ends.hang();
    return job;
}

void poll_pool::put_back(const pool_action& job) {
    const event e{*this};
    slots_[job.slot].put_back_at = e.now();
    jobs_.push_front(job);
}

// -------------------------------------------------------------------------------------------------- the whole pool

poll_pool::poll_pool(conninfo info, const pool_options& options)
    : pool_shell{std::move(info), options}, slots_(core_.slots().size()) {}

void poll_pool::wait(std::shared_ptr<poll_pool> self, std::source_location where) {
    helper me{self->acquire_deadline()};
    std::exception_ptr problem;
    const auto is_up = [&] { return self->is_settled(where, problem); };
    const onlooking guard{*self, me};
    {
        const event e{*self};
        self->core_.await_minimum(e.now());
    }
    const awaited_minimum until_the_end{self->core_, self->mutex_};
    if (!self->work_until(me, is_up)) {
        const event e{*self};
        problem = self->timed_out(where);
    }
    if (problem) std::rethrow_exception(problem);
}

void poll_pool::close(std::shared_ptr<poll_pool> self, clock::duration grace) {
    self->require_home();
    self->shut();
    helper me{clock::now() + grace};
    const onlooking guard{*self, me};
    if (self->work_until(me, [&self] { return self->core_.is_drained(); })) return;
    const event e{*self};
    for (const slot& s : self->slots_)
        if (s.socket.get() >= 0) ::shutdown(s.socket.get(), SHUT_RDWR);
}

void poll_pool::shut() {
    if (process_.is_left()) {
        new std::shared_ptr{shared_from_this()};  // lives on: to end the connections would end them for the parent
        return;
    }
    const event e{*this};
    core_.close(e.now());
    for (helper* each : onlookers_) each->tell();
}

void poll_pool::resize(std::size_t min_size, std::size_t max_size) {
    const event e{*this};
    core_.resize(min_size, max_size, e.now());
    slots_.resize(core_.slots().size());
    add_records();
}

void poll_pool::drain() {
    const event e{*this};
    core_.drain(e.now());
}

// --------------------------------------------------------------------------------------------------------- leases

lent_session poll_pool::lease(std::source_location where, clock::time_point until) {
    waiter w{where, until};
    {
        const event e{*this};
        look_at_next(e.now());
        const request_result r = core_.request(w, e.now());
        if (r == request_result::granted) return lend(w.granted, where);
        if (r != request_result::queued) std::rethrow_exception(refusal_of(r, snapshot(e.now()), {{}, where}));
    }
    lent_session lent;
    const auto has_ended = [&] {
        if (w.has_ended && !w.problem) lent = lend(w.granted, where);
        return w.has_ended;
    };
    if (!work_until(w.thread, has_ended)) assert(!"the core ends a wait at its deadline");
    if (w.problem) std::rethrow_exception(w.problem);
    return lent;
}

std::optional<lent_session> poll_pool::try_lease(std::source_location where) {
    helper me{clock::now()};
    std::optional<pool_action> job;
    {
        const event e{*this};
        look_at_next(e.now());
        if (!core_.next_idle() && std::ranges::any_of(jobs_, is_proof)) job = take_job(me);
    }
    if (job) prove(*job, {me.deadline, &me.work_ends});  // the answer may be there
    const event e{*this};
    look_at_next(e.now());
    const std::optional<pool_lease> granted = core_.try_request(lease_kind::exclusive, e.now());
    if (!granted) return std::nullopt;
    return lend(*granted, where);
}

/// Nobody watches connections that are idle: has one looked after whose socket is not as it was left.
void poll_pool::look_at_next(clock::time_point now) {
    while (const std::optional<std::size_t> i = core_.next_idle()) {
        const slot& s = slots_[*i];
        if (!s.at_rest->core.is_quiet()) return;  // what comes answers its reset
        if (is_silent(*i, s.socket.get(), now)) return;
    }
}

lent_session poll_pool::lend(const pool_lease& lease, std::source_location where) {
    slot& s = slots_[lease.slot];
    lend_to(lease.slot, s.at_rest->core, where);
    return {lease, std::move(s.at_rest)};
}

void poll_pool::give_back(const pool_lease& lease, sync::connection&& conn, bool is_usable) {
    if (process_.is_left()) {
        // To end the session would end it for the parent.
        (void)std::move(conn).take_driver().take_session().release();
        return;
    }
    if (is_usable && after_release) is_usable = passes_release_hook(after_release, conn);
    std::unique_ptr<poll_session> session = std::move(conn).take_driver().take_session();
    return_condition how = return_condition::broken;
    if (session) {
        if (!is_usable) session->core.close("the pool does not want it any more");
        how = make_clean(session->core, options_.reset);
        // What it takes travels: the answers are read by the next user.
        if (how != return_condition::broken && !session->core.is_quiet()) session->core.send();
    }
    const event e{*this};
    if (session) leave_if_read_only(core_, lease.slot, session->core, e.now());
    rest(lease.slot, std::move(session));
    core_.release(lease, e.now(), how);
}

void poll_pool::rest(std::size_t i, std::unique_ptr<poll_session>&& session) {
    if (session) take_in(session->core);
    slots_[i].at_rest = std::move(session);
}

// ----------------------------------------------------------------------------------------------------------- jobs

/// Slots stay where they are.
poll_pool::slot& poll_pool::slot_at(std::size_t i) {
    const std::lock_guard lock{mutex_};
    return slots_[i];
}

void poll_pool::connect(const pool_action& job, const patience& p) {
    slot& s = slot_at(job.slot);
    std::unique_ptr<poll_session> made;
    unique_fd socket;
    std::exception_ptr problem;
    bool is_in_hook = false;
    try {
        if (clock::now() - s.put_back_at > longest_pause) s.connecting = nullptr;
        if (!s.connecting) {
            conninfo info = connect_info();
            is_in_hook = true;
            if (before_connect) before_connect(info);
            is_in_hook = false;
            s.connecting = std::make_unique<poll_work<pq::connection>>(ops::connect(std::move(info)));
        }
        std::optional<pq::connection> established = s.connecting->go_on(p);
        if (!established) return put_back(job);
        sync::connection conn{poll_driver{std::move(*established)}};
        share_types(conn.runner().core());
        is_in_hook = true;
        if (after_connect) after_connect(conn);
        conn.runner().core().changes().keep();
        require_quiet(conn.runner().core());
        is_in_hook = false;
        socket = duplicate(conn.runner().core().socket());
        made = std::move(conn).take_driver().take_session();
    } catch (...) {
        problem = std::current_exception();
    }
    s.connecting = nullptr;
    const event e{*this};
    last_failure_ = problem;
    if (problem)
        return core_.connect_failed(job.slot, e.now(), is_in_hook ? connect_problem::hook_failed : problem_of(problem));
    s.socket = std::move(socket);
    rest(job.slot, std::move(made));
    core_.connected(job.slot, e.now());
}

/// Has the session in a slot end what is queued in it, and answer.
void poll_pool::prove(const pool_action& job, const patience& p) {
    slot& s = slot_at(job.slot);
    const poll_runner runner{std::move(s.at_rest)};
    if (!s.proof_due) {
        s.proof_due = clock::now() + longest_check;
        unit_ptr fence = runner.make_unit({}, {});
        fence->add_own("SELECT 1");
        runner.start(std::move(fence));
    }
    const bool has_answered = runner.drain({std::min(p.limit, *s.proof_due), p.interruption});
    const bool is_late = !has_answered && clock::now() >= *s.proof_due;
    std::unique_ptr<poll_session> session = runner.link().part();
    if (!has_answered && !is_late) {
        s.at_rest = std::move(session);
        return put_back(job);
    }
    s.proof_due.reset();
    const event e{*this};
    const bool ok = has_answered && session->core.is_open() && session->core.is_quiet();
    rest(job.slot, std::move(session));
    if (job.what == pool_action::kind::check)
        core_.checked(job.slot, e.now(), ok, is_late);
    else
        core_.settled(job.slot, e.now(), ok);
}

}  // namespace coropg::detail
