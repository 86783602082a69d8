// Statements that share a connection: how they come to the hub of a slot, and end there.
#include "../ended.hpp"
#include "event.hpp"

#include <boost/asio/post.hpp>

namespace coropg::detail {

void asio_pool::submit(unit_ptr&& u) noexcept {
    if (event::is_in_child(*this)) {
        fail_by(*u, [&] { return std::make_exception_ptr(usage_error{pool_of_parent, u->site()}); });
        completion waiting = std::move(u->waiting);
        return waiting(std::move(u));
    }
    std::unique_ptr<one_shot> work;
    persist([&] { work = std::make_unique<one_shot>(shared_from_this(), std::move(u)); });
    event e{*this};
    work->deadline = std::min(acquire_deadline(), work->u->deadline);
    enqueue(std::move(work), e);
}

void asio_pool::enqueue(std::unique_ptr<one_shot>&& work, event& e) noexcept {
    look_at_next(e.now);
    work->expected = times_.expected(work->text_hash);
    if (work->ticket != 0) persist([&] { cancellable_.emplace(work->ticket, work.get()); });
    const request_result r = core_.request(*work, e.now);
    if (r == request_result::granted) return place(std::move(work));
    pool_waiter& w = *work.release();
    if (r != request_result::queued) persist([&] { end_wait(w, refusal_of(r, snapshot(e.now), site_of(w)), e.todo); });
}

/// Sends a one-shot to the hub of the slot that it was granted.
void asio_pool::place(std::unique_ptr<one_shot>&& work) noexcept {
    const std::size_t i = work->granted.slot;
    slot& s = slots_[i];
    unit_ptr u = std::move(work->u);
    u->may_move = true;
    u->waiting.emplace([work = std::move(work)](unit_ptr done) mutable {
        asio_pool& pool = *work->pool;
        pool.end_one_shot(std::move(work), std::move(done));
    });
    s.inbox.push_back(std::move(u));
    if (std::exchange(s.is_being_served, true)) return;
    persist([&] { asio::post(s.home, [self = shared_from_this(), i] { self->serve_inbox(i); }); });
}

void asio_pool::serve_inbox(std::size_t i) {
    if (event::is_in_child(*this)) return;
    const std::shared_ptr<asio_link> hub = move_in(i);
    unit_queue arrived;
    {
        const std::lock_guard lock{mutex_};
        slots_[i].is_being_served = false;
        arrived = std::move(slots_[i].inbox);
    }
    hub->start_all(std::move(arrived));
}

namespace {

constexpr int max_tries = 3;

std::exception_ptr cancelled_while_waiting(call_site site) {
    return std::make_exception_ptr(operation_aborted{"cancelled while waiting for a connection", std::move(site)});
}

/// Whether a statement that nobody waits for any more runs there.
bool has_abandoned(session& core) {
    bool is_there = false;
    core.for_each_unit([&is_there](const unit& u) { is_there = is_there || u.is_tombstone; });
    return is_there;
}

/// Whether it has no effect, and failed just for the connection that it was given.
bool has_missed(const unit& u) {
    if (!u.has_problem()) return false;
    try {
        u.throw_failure();
    } catch (const commit_in_doubt&) {
    } catch (const connection_error& e) {
        return e.outcome() == outcome::not_sent || e.outcome() == outcome::not_executed;
    } catch (...) {
    }
    return false;
}

}  // namespace

/// At the hub: the last one out of it gives the session back to the slot, unless another one comes meanwhile.
void asio_pool::end_one_shot(std::unique_ptr<one_shot>&& work, unit_ptr&& done) {
    if (event::is_in_child(*this)) return work->waiting(std::move(done));
    const std::size_t i = work->granted.slot;
    std::unique_lock lock{mutex_};
    session& core = slots_[i].hub->core();
    const bool is_last = core_.slots()[i].statements == 1;
    lock.unlock();
    // Outside of the mutex: what was given up may end here and be reported, and who hears of it may ask the pool.
    return_condition how = core.is_open() ? return_condition::usable : return_condition::broken;
    const bool is_missed = has_missed(*done);
    const bool is_moved = is_missed && core.is_open();  // away from what is being cancelled there
    if (is_last)
        how = make_clean(core, options_.reset);
    else if (is_moved || (done->has_problem() && core.is_open() && has_abandoned(core)))
        how = return_condition::clearing;
    {
        event e{*this};
        // A cancel may come until here, and finds it if it is to go on.
        const bool is_over = !is_missed || work->is_cancelled || (!is_moved && ++work->tries == max_tries);
        if (is_missed && work->is_cancelled) done->fail(cancelled_while_waiting(done->site()));
        if (is_over) cancellable_.erase(work->ticket);
        leave_if_read_only(core_, i, core, e.now);
        if (core_.slots()[i].statements == 1) rest(i, slots_[i].hub->part(), e.now);
        const auto worked = core_.release(work->granted, e.now, how);
        if (!is_missed) times_.note(work->text_hash, worked, done->failed());
        go_on(i);
        if (!is_over) {
            done->start_over();
            work->u = std::move(done);
            return enqueue(std::move(work), e);
        }
    }
    work->waiting(std::move(done));
}

std::uint64_t asio_pool::next_ticket() {
    const std::lock_guard lock{mutex_};
    return ++last_ticket_;
}

void asio_pool::cancel(std::uint64_t ticket) noexcept {
    if (event::is_in_child(*this)) return;
    event e{*this};
    const auto found = cancellable_.find(ticket);
    if (found == cancellable_.end()) return;
    pool_waiter& w = *found->second;
    if (core_.withdraw(w, e.now)) return persist([&] { end_wait(w, cancelled_while_waiting(site_of(w)), e.todo); });
    if (w.kind == lease_kind::exclusive) return;
    static_cast<one_shot&>(w).is_cancelled = true;
    const std::size_t i = w.granted.slot;
    persist([&] {
        asio::post(slots_[i].home, [self = shared_from_this(), i, ticket] {
            if (event::is_in_child(*self)) return;
            std::unique_lock lock{self->mutex_};
            const std::shared_ptr<asio_link> hub = self->slots_[i].hub;
            lock.unlock();
            if (hub) hub->cancel(ticket);
        });
    });
}

}  // namespace coropg::detail
