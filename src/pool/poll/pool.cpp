// The blocking pool as a whole, and its leases.
#include "../../hang_up.hpp"
#include "../ended.hpp"
#include "worker.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cassert>

namespace coropg::detail {

// -------------------------------------------------------------------------------------------------- the whole pool

poll_pool::poll_pool(conninfo info, const pool_options& options)
    : pool_shell{std::move(info), options}, slots_(core_.slots().size()) {}

void poll_pool::wait(std::shared_ptr<poll_pool> self, std::source_location where) {
    helper me{self->acquire_deadline()};
    std::exception_ptr problem;
    const auto is_up = [&] { return self->is_up(where, problem); };
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

void poll_pool::close(std::shared_ptr<poll_pool> self, std::chrono::milliseconds grace) {
    self->require_home();
    self->shut();
    helper me{later(clock::now(), grace)};
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
    forget_types();
    core_.drain(e.now());
}

// --------------------------------------------------------------------------------------------------------- leases

lent_session poll_pool::lease(std::source_location where, clock::time_point until) {
    // Stays in the queue in a child process: threads of the parent may have stood there, too.
    struct place {
        place(poll_pool& p, std::source_location line, clock::time_point limit) : pool{p}, w{line, limit} {}
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place() {
            if (!pool.process_.is_left()) w.~waiter();
        }

        poll_pool& pool;
        union {
            waiter w;
        };
    };
    place mine{*this, where, until};
    waiter& w = mine.w;
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
    try {
        [[maybe_unused]] const bool is_in_time = work_until(w.thread, has_ended);
        assert(is_in_time && "the core ends a wait at its deadline");
    } catch (...) {
        leave(w);
        throw;
    }
    if (w.problem) std::rethrow_exception(w.problem);
    return lent;
}

/// Takes one out of the queue that does not wait any more.
void poll_pool::leave(waiter& w) {
    if (process_.is_left()) return;
    const event e{*this};
    const bool was_granted = w.has_ended && !w.problem;
    if (!core_.withdraw(w, e.now()) && was_granted) core_.release(w.granted, e.now(), return_condition::usable);
}

std::optional<lent_session> poll_pool::try_lease(std::source_location where) {
    helper me{clock::now()};
    std::optional<pool_action> job;
    {
        const event e{*this};
        look_at_next(e.now());
        const auto is_new = [this](const pool_action& each) { return is_new_ping(each); };
        if (!core_.next_idle() && std::ranges::any_of(jobs_, is_new)) job = take_job(me, e);
    }
    if (job && ping(*job, {me.deadline, &me.work_ends})) job.reset();  // the answer may be there
    const event e{*this};
    if (job) put_back(*job, e);
    look_at_next(e.now());
    const std::optional<pool_lease> granted = core_.try_request(lease_kind::exclusive, e.now());
    if (!granted) return std::nullopt;
    return lend(*granted, where);
}

/// Nobody watches connections that are idle: has one looked after whose socket is not as it was left.
void poll_pool::look_at_next(clock::time_point now) {
    while (const std::optional<std::size_t> i = core_.next_idle()) {
        const slot& s = slots_[*i];
        if (s.at_rest->core.is_quiet()) {
            if (is_silent(*i, s.socket.get(), now)) return;
        } else {  // what comes answers its reset
            if (!has_hung_up(s.socket.get())) return;
            core_.lost(*i, now);
        }
    }
}

lent_session poll_pool::lend(const pool_lease& lease, std::source_location where) {
    slot& s = slots_[lease.slot];
    lend_to(lease.slot, s.at_rest->core, where);
    return {lease, std::move(s.at_rest)};
}

void poll_pool::give_back(const pool_lease& lease, sync::connection&& conn, bool is_usable) {
    if (is_usable && after_release && !process_.is_left()) is_usable = passes_release_hook(after_release, conn);
    std::unique_ptr<poll_session> session = std::move(conn).take_driver().take_session();
    if (process_.is_left()) return (void)session.release();  // to end it would end it for the parent
    return_condition how = return_condition::broken;
    if (session) {
        if (!is_usable) session->core.close("the pool does not want it any more");
        how = make_clean(session->core, options_.reset);
        // The reset is sent now; its answers are read by the next user.
        if (how != return_condition::broken && !session->core.is_quiet()) session->core.send();
    }
    const event e{*this};
    if (session && has_ended_unused(session->core, e.now() - lease.since)) how = return_condition::broken;
    if (session) leave_if_read_only(core_, lease.slot, session->core, e.now());
    rest(lease.slot, std::move(session));
    core_.release(lease, e.now(), how);
}

void poll_pool::rest(std::size_t i, std::unique_ptr<poll_session>&& session) {
    if (session) take_in(i, session->core);
    slots_[i].at_rest = std::move(session);
}

}  // namespace coropg::detail
