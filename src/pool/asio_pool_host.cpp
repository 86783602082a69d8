// What is done at the host of a slot: connects, checks, resets, and one-shot statements.
#include <coropg/detail/drivers/descriptor.hpp>

#include "asio_pool_event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace coropg::detail {

using boost::system::error_code;

// ---------------------------------------------------------------------------------------------------- at the host

asio::any_io_executor asio_pool::home_of(std::size_t i) const {
    const std::lock_guard lock{mutex_};
    return slots_[i].home;
}

void asio_pool::begin_connect(std::size_t i) {
    const auto signal = std::make_shared<asio::cancellation_signal>();
    {
        const event e{*this};
        if (core_.is_closed()) return core_.connect_failed(i, e.now, connect_problem::unavailable);
        slots_[i].connecting = signal;
    }
    const auto end = [signal](const std::exception_ptr&) {};
    asio::co_spawn(home_of(i), make_connection(shared_from_this(), i),
                   asio::bind_cancellation_slot(signal->slot(), end));
}

asio::awaitable<void> asio_pool::make_connection(std::shared_ptr<asio_pool> self, std::size_t i) {
    std::shared_ptr<asio_link> link;
    std::exception_ptr problem;
    bool is_in_hook = false;
    try {
        conninfo info = self->connect_info();
        is_in_hook = true;
        if (self->before_connect) co_await self->before_connect(info);
        is_in_hook = false;
        pq::connection established = co_await asio_driver::connect(std::move(info));
        const asio::any_io_executor home = co_await asio::this_coro::executor;
        connection conn{asio_driver{make_link(std::move(established), home)}};
        self->share_types(conn.runner().core());
        is_in_hook = true;
        if (self->after_connect) co_await self->after_connect(conn);
        conn.runner().core().changes().keep();
        require_quiet(conn.runner().core());
        link = std::move(conn).take_driver().take_link();
    } catch (...) {
        problem = std::current_exception();
    }
    if (!problem) co_return self->end_connect(i, std::move(link));
    const connect_problem kind = is_in_hook ? connect_problem::hook_failed : problem_of(problem);
    self->fail_connect(i, kind, problem);
}

void asio_pool::end_connect(std::size_t i, std::shared_ptr<asio_link>&& host) {
    std::unique_ptr<session> core = host->part();
    std::shared_ptr<descriptor> sentinel;
    try {
        sentinel = std::make_shared<descriptor>(executor_, duplicate(core->socket()).release());
    } catch (...) {
        return fail_connect(i, connect_problem::unavailable, std::current_exception());
    }
    const event e{*this};
    slot& s = slots_[i];
    s.connecting = nullptr;
    s.host = std::move(host);
    s.sentinel = std::move(sentinel);
    last_failure_ = nullptr;
    rest(i, std::move(core), e.now);
    core_.connected(i, e.now);
    go_on(i);
}

void asio_pool::fail_connect(std::size_t i, connect_problem problem, std::exception_ptr why) {
    const event e{*this};
    slots_[i].connecting = nullptr;
    last_failure_ = std::move(why);
    core_.connect_failed(i, e.now, problem);
}

namespace {

/// A statement that shows whether what is before it in the queue ends, and the connection lives.
struct proof {
    explicit proof(const asio::any_io_executor& home) : timer{home, longest_check} {}

    asio::steady_timer timer;
    bool is_late = false;
    bool has_ended = false;
};

}  // namespace

/// On the slot's home: has its session end what is queued in it, and answer.
void asio_pool::prove(std::size_t i) {
    const std::shared_ptr<asio_link> host = move_in(i);
    const auto end = std::make_shared<proof>(host->executor);
    end->timer.async_wait([end, host](error_code problem) {
        if (problem || end->has_ended) return;
        end->is_late = true;
        host->shut_down();
    });
    unit_ptr fence = host->core().make_unit({}, {});
    fence->add_own("SELECT 1");
    fence->waiting.emplace([self = shared_from_this(), i, end](unit_ptr done) {
        end->has_ended = true;
        end->timer.cancel();
        self->end_proof(i, !done->failed(), end->is_late);
    });
    host->start(std::move(fence));
}

void asio_pool::end_proof(std::size_t i, bool is_well, bool is_late) {
    std::unique_ptr<session> core = move_out(i);
    tell_finished(*core);
    const event e{*this};
    const bool ok = is_well && core->is_open() && core->is_quiet();
    rest(i, std::move(core), e.now);
    if (core_.slots()[i].state == slot_state::checking)
        core_.checked(i, e.now, ok, is_late);
    else
        core_.settled(i, e.now, ok);
    go_on(i);
}

/// Brings the session that rests in a slot to its host.
std::shared_ptr<asio_link> asio_pool::move_in(std::size_t i) {
    std::unique_ptr<session> core;
    std::shared_ptr<asio_link> host;
    {
        const std::lock_guard lock{mutex_};
        core = std::move(slots_[i].at_rest);
        host = slots_[i].host;
    }
    if (core) host->adopt(std::move(core));
    return host;
}

std::unique_ptr<session> asio_pool::move_out(std::size_t i) {
    const std::lock_guard lock{mutex_};
    return slots_[i].host->part();
}

// --------------------------------------------------------------------------------------------------- one-shots

void asio_pool::submit(unit_ptr&& u) {
    auto work = std::make_unique<one_shot>(shared_from_this(), std::move(u));
    event e{*this};
    work->deadline = std::min(acquire_deadline(), work->u->deadline);
    enqueue(std::move(work), e);
}

void asio_pool::enqueue(std::unique_ptr<one_shot>&& work, event& e) {
    look_at_next(e.now);
    if (work->ticket != 0) cancellable_.emplace(work->ticket, work.get());
    const request_result r = core_.request(*work, e.now);
    if (r == request_result::granted) return place(std::move(work));
    pool_waiter& w = *work.release();
    if (r != request_result::queued) end_wait(w, refusal_of(r, snapshot(e.now), site_of(w)), e.todo);
}

/// Sends a one-shot to the host of the slot that it was granted.
void asio_pool::place(std::unique_ptr<one_shot>&& work) {
    const std::size_t i = work->granted.slot;
    slot& s = slots_[i];
    unit_ptr u = std::move(work->u);
    u->waiting.emplace([work = std::move(work)](unit_ptr done) mutable {
        asio_pool& pool = *work->pool;
        pool.end_one_shot(std::move(work), std::move(done));
    });
    s.inbox.push_back(std::move(u));
    if (std::exchange(s.is_draining, true)) return;
    asio::post(s.home, [self = shared_from_this(), i] { self->serve_inbox(i); });
}

void asio_pool::serve_inbox(std::size_t i) {
    const std::shared_ptr<asio_link> host = move_in(i);
    unit_queue arrived;
    {
        const std::lock_guard lock{mutex_};
        slots_[i].is_draining = false;
        arrived = std::move(slots_[i].inbox);
    }
    host->start_all(std::move(arrived));
}

namespace {

constexpr int max_tries = 3;

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

/// At the host: the last one out of it gives the session back to the slot, unless another one comes meanwhile.
void asio_pool::end_one_shot(std::unique_ptr<one_shot>&& work, unit_ptr&& done) {
    const std::size_t i = work->granted.slot;
    std::unique_lock lock{mutex_};
    cancellable_.erase(work->ticket);
    session& core = slots_[i].host->core();
    const bool is_last = core_.slots()[i].statements == 1;
    lock.unlock();
    // Outside of the mutex: what was given up may end here and be reported, and who hears of it may ask the pool.
    return_condition how = core.is_open() ? return_condition::usable : return_condition::broken;
    if (is_last) how = make_clean(core, options_.reset);
    const bool is_missed = !core.is_open() && !work->is_cancelled && has_missed(*done);
    {
        event e{*this};
        leave_if_read_only(core_, i, core, e.now);
        if (core_.slots()[i].statements == 1) rest(i, slots_[i].host->part(), e.now);
        core_.release(work->granted, e.now, how);
        go_on(i);
        if (is_missed && ++work->tries < max_tries) {
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

void asio_pool::cancel(std::uint64_t ticket) {
    event e{*this};
    const auto found = cancellable_.find(ticket);
    if (found == cancellable_.end()) return;
    pool_waiter& w = *found->second;
    if (core_.withdraw(w, e.now))
        return end_wait(
            w, std::make_exception_ptr(operation_aborted{"cancelled while waiting for a connection", site_of(w)}),
            e.todo);
    if (w.kind == lease_kind::exclusive) return;
    static_cast<one_shot&>(w).is_cancelled = true;
    const std::size_t i = w.granted.slot;
    asio::post(slots_[i].home, [self = shared_from_this(), i, ticket] {
        std::unique_lock lock{self->mutex_};
        const std::shared_ptr<asio_link> host = self->slots_[i].host;
        lock.unlock();
        if (host) host->cancel(ticket);
    });
}

}  // namespace coropg::detail
