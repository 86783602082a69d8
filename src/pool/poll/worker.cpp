// The actions of the core, and the jobs that threads do while they wait: connects, checks and resets.
#include "worker.hpp"
#include "../../hang_up.hpp"
#include "../ended.hpp"

#include <coropg/detail/ops/ops.hpp>

namespace coropg::detail {

namespace {

/// A server does not wait for ever for who has begun to log in.
constexpr std::chrono::seconds longest_pause{1};

}  // namespace

void poll_pool::collect(const pool_action& action, event& e, std::optional<pool_snapshot>& seen) {
    switch (action.what) {
        case pool_action::kind::connect:
        case pool_action::kind::check:
        case pool_action::kind::clear: jobs_.push_back(action); break;
        case pool_action::kind::close: e.drop(slots_[action.slot]); break;
        case pool_action::kind::grant:
        case pool_action::kind::fail: {
            waiter& w = static_cast<waiter&>(*action.waiter);
            if (w.failure != wait_failure::none) {
                if (!seen) seen = snapshot(e.now());
                w.problem = failure_of(w.failure, *seen, last_failure_.problem, {{}, w.where});
            }
            w.has_ended = true;
            w.thread.tell();
            break;
        }
        case pool_action::kind::warn_leak: e.warn(leak_warning(name_, holder_of(action.slot))); break;
        case pool_action::kind::wake:
            for (helper* each : sleepers_) each->told.notify_one();
            break;
    }
}

void poll_pool::collect(event& e) noexcept {
    std::optional<pool_snapshot> seen;  // one for all who fail, since thousands may fail at a time
    for (;;) {
        while (const auto action = core_.next_action()) {
            e.something_is_done();
            persist([&] { collect(*action, e, seen); });
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
        default: return core_.cleared(job.slot, e.now(), true);
    }
}

/// Whether it is about a connection that is there, and as far as one knows soon done.
bool poll_pool::is_new_ping(const pool_action& job) const {
    return job.what != pool_action::kind::connect && !slots_[job.slot].ping_due;
}

/// What may hang gets its turns with the others.
std::optional<pool_action> poll_pool::take_job(helper& me, const event& e) {
    if (jobs_.empty()) return std::nullopt;
    auto next = std::ranges::find_if(jobs_, [this](const pool_action& job) { return is_new_ping(job); });
    if (next == jobs_.end()) next = jobs_.begin();
    const pool_action job = *next;
    jobs_.erase(next);
    slot& s = slots_[job.slot];
    if (s.connecting && e.now() - s.put_back_at > longest_pause) s.was_left = true;
    me.work_ends.hang();
    return job;
}

void poll_pool::put_back(const pool_action& job, const event& e) {
    slots_[job.slot].put_back_at = e.now();
    persist([&] { jobs_.push_back(job); });
}

/// Slots stay where they are.
poll_pool::slot& poll_pool::slot_at(std::size_t i) {
    const std::lock_guard lock{mutex_};
    return slots_[i];
}

/// Whether the job is done, which the core is told then.
bool poll_pool::advance(const pool_action& job, const helper& me, std::chrono::milliseconds turn) {
    return job.what == pool_action::kind::connect ? connect(job, me, turn) : ping(job, me.for_turn(turn));
}

bool poll_pool::connect(const pool_action& job, const helper& me, std::chrono::milliseconds turn) {
    slot& s = slot_at(job.slot);
    std::unique_ptr<poll_session> made;
    unique_fd socket;
    std::exception_ptr problem;
    std::optional<sync::connection> conn;
    bool is_in_hook = false;
    try {
        if (!s.connecting) {
            conninfo info = connect_info();
            is_in_hook = true;
            if (before_connect) before_connect(info);
            is_in_hook = false;
            require_home();
            s.connecting = std::make_unique<poll_work<pq::connection>>(ops::connect(std::move(info)));
        }
        std::optional<pq::connection> established = s.connecting->go_on(me.for_turn(turn));  // begins behind the hook
        if (!established) return false;
        conn.emplace(poll_driver{std::move(*established)});
        set_up(conn->runner().core());
        is_in_hook = true;
        if (after_connect) after_connect(*conn);
        keep_as_set_up(conn->runner().core());
        is_in_hook = false;
        require_connected(conn->runner().core());
        socket = duplicate(conn->runner().core().socket());
        made = std::move(*conn).take_driver().take_session();
    } catch (...) {
        problem = std::current_exception();
    }
    const bool is_made = conn.has_value();
    const bool is_lost = is_made && !conn->is_open();
    conn.reset();
    std::optional<connect_problem> kind;
    if (problem) kind = is_in_hook ? problem_in_hook(problem, is_lost) : problem_of(problem);
    s.connecting = nullptr;
    // The server has ended what nobody went on with: it is begun anew.
    if (std::exchange(s.was_left, false) && problem && !is_made && !is_in_hook) return false;
    connect_failure former;  // is destroyed behind the mutex: it may be the program's
    persist([&] { former = connect_failure{problem}; });
    const event e{*this};
    std::swap(last_failure_, former);
    if (kind) {
        core_.connect_failed(job.slot, e.now(), *kind);
    } else {
        s.socket = std::move(socket);
        rest(job.slot, std::move(made));
        core_.connected(job.slot, e.now());
    }
    return true;
}

/// Has the session in a slot end what is queued in it, and answer.
bool poll_pool::ping(const pool_action& job, const patience& p) {
    slot& s = slot_at(job.slot);
    std::optional<poll_runner> given;
    persist([&] { given.emplace(std::move(s.at_rest)); });
    const poll_runner& runner = *given;
    if (!s.ping_due) {
        s.ping_due = clock::now() + longest_check;
        persist([&] {
            unit_ptr question = runner.make_unit({}, {});
            question->add_own("SELECT 1");
            runner.start(std::move(question));
        });
    }
    const bool has_answered = runner.wait_until_idle({std::min(p.limit, *s.ping_due), p.interruption});
    const bool is_late = !has_answered && clock::now() >= *s.ping_due;
    std::unique_ptr<poll_session> session = runner.link().part();
    if (!has_answered && !is_late) {
        s.at_rest = std::move(session);
        return false;
    }
    s.ping_due.reset();
    const event e{*this};
    const bool ok =
        has_answered && session->core.is_open() && session->core.is_quiet() && !has_hung_up(session->core.socket());
    rest(job.slot, std::move(session));
    if (job.what == pool_action::kind::check)
        core_.checked(job.slot, e.now(), ok, is_late);
    else
        core_.cleared(job.slot, e.now(), ok);
    return true;
}

}  // namespace coropg::detail
