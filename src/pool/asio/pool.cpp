#include "../../drivers/asio_descriptor.hpp"
#include "../ended.hpp"
#include "event.hpp"
#include "strands.hpp"

#include <coropg/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <random>

namespace coropg::detail {

using boost::system::error_code;

namespace {

/// Tickets of a session are small numbers; these are to be told from them.
constexpr std::uint64_t first_ticket = std::uint64_t{1} << 63U;

/// Ends a session that the pool gives up: those who still wait for statements on it are told.
void end_session(session& core, const asio::any_io_executor& executor) {
    bool is_awaited = false;
    core.for_each_unit([&is_awaited](const unit& u) { is_awaited = is_awaited || u.waiting; });
    if (!is_awaited) return;
    core.close("the pool gave the connection up");
    tell_finished(core, executor);
}

}  // namespace

// ----------------------------------------------------------------------------------------------------- waiters

lease_waiter::lease_waiter(std::shared_ptr<asio_pool> from, std::source_location asked_at, clock::time_point until)
    : pool_waiter{lease_kind::exclusive, until}, pool{std::move(from)}, where{asked_at} {}

lease_waiter::~lease_waiter() { pool->abandon(*this); }

one_shot::one_shot(std::shared_ptr<asio_pool> to, unit_ptr&& statement)
    : pool_waiter{lease_kind::one_shot},
      pool{std::move(to)},
      u{std::move(statement)},
      text_hash{u->statements.front().hash},
      ticket{u->ticket},
      waiting{std::move(u->waiting)} {}

// ------------------------------------------------------------------------------------------------------ events

void asio_pool::collect(const pool_action& action, effects& out) {
    slot& s = slots_[action.slot];
    const auto end = [](slot* given_up) {
        const std::unique_ptr<slot> owned{given_up};
        if (owned->at_rest) end_session(*owned->at_rest, owned->home);
    };
    switch (action.what) {
        case pool_action::kind::connect:
        case pool_action::kind::check:
        case pool_action::kind::clear: out.begun.push_back(action); break;
        case pool_action::kind::close:
            if (s.idle_socket) s.idle_socket->close();
            for (const auto& link : {s.hub, s.last})
                if (link) out.retired.push_back(link);
            out.dropped.push_back(std::shared_ptr<slot>{new slot{s.home}, end});
            std::swap(*static_cast<slot*>(out.dropped.back().get()), s);
            break;
        case pool_action::kind::grant:
            if (action.waiter->kind == lease_kind::exclusive)
                end_wait(*action.waiter, nullptr, out);
            else
                place(std::unique_ptr<one_shot>{static_cast<one_shot*>(action.waiter)});
            break;
        case pool_action::kind::fail: end_wait(*action.waiter, failure_of(*action.waiter, out), out); break;
        case pool_action::kind::warn_leak: out.warnings.push_back(leak_warning(name_, holder_of(action.slot))); break;
        case pool_action::kind::wake: arm_timer(); break;
    }
}

void asio_pool::perform(effects& todo) {
    for (const pool_action& action : todo.begun) {
        const auto begin = action.what == pool_action::kind::connect ? &asio_pool::begin_connect : &asio_pool::ping;
        persist([&] {
            asio::post(home_of(action.slot),
                       [self = shared_from_this(), begin, i = action.slot] { (*self.*begin)(i); });
        });
    }
    for (auto& [waiting, u] : todo.told) waiting(std::move(u));  // posts it
    for (const std::string& warning : todo.warnings) log(log_level::warning, warning);
    for (const auto& link : todo.retired) persist([&link] { asio::post(link->executor, [link] { link->retire(); }); });
}

/// Tells `w`, which is not queued any more.
void asio_pool::end_wait(pool_waiter& w, std::exception_ptr problem, effects& out) {
    if (w.kind == lease_kind::exclusive) {
        auto& waiter = static_cast<lease_waiter&>(w);
        if (waiter.waiting) out.told.emplace_back(std::move(waiter.waiting), nullptr);
        cancellable_.erase(waiter.ticket);
        waiter.problem = std::move(problem);
        waiter.has_ended = true;
        return;
    }
    auto& [waiting, u] = out.told.emplace_back(completion{}, nullptr);
    const std::unique_ptr<one_shot> work{static_cast<one_shot*>(&w)};
    cancellable_.erase(work->ticket);
    work->u->fail(std::move(problem));
    waiting = std::move(work->waiting);
    u = std::move(work->u);
}

std::exception_ptr asio_pool::failure_of(const pool_waiter& w, effects& out) const {
    if (!out.seen) out.seen = snapshot(clock::now());
    const bool was_its_own_time = w.kind == lease_kind::one_shot && w.failure == wait_failure::timed_out &&
                                  static_cast<const one_shot&>(w).u->deadline <= w.deadline;
    if (!was_its_own_time) return detail::failure_of(w.failure, *out.seen, last_failure_.problem, site_of(w));
    return std::make_exception_ptr(too_late_for_statement(*out.seen, site_of(w)));
}

call_site asio_pool::site_of(const pool_waiter& w) {
    if (w.kind == lease_kind::exclusive) return {{}, static_cast<const lease_waiter&>(w).where};
    return static_cast<const one_shot&>(w).u->site();
}

// Connections are neither made nor closed, and nothing is lent.
bool asio_pool::event::is_in_child(asio_pool& pool) noexcept {
    if (!pool.process_.is_left()) return false;
    std::unique_lock lock{pool.mutex_, std::try_to_lock};
    if (!lock) return true;
    const auto problem_at = [](call_site site) {
        return std::make_exception_ptr(usage_error{pool_of_parent, std::move(site)});
    };
    effects out;
    pool.core_.close(clock::now());
    while (const auto action = pool.core_.next_action())
        if (action->what == pool_action::kind::fail)
            persist([&] { pool.end_wait(*action->waiter, problem_at(site_of(*action->waiter)), out); });
    for (slot& s : pool.slots_)
        for (unit_queue& placed = s.inbox; !placed.empty();) {
            unit_ptr u = placed.pop_front();
            fail_by(*u, [&] { return problem_at(u->site()); });
            persist([&] { out.told.emplace_back(); });
            out.told.back() = {std::move(u->waiting), std::move(u)};
        }
    lock.unlock();
    for (auto& [waiting, u] : out.told) waiting(std::move(u));
    return true;
}

// ------------------------------------------------------------------------------------------------- the whole pool

asio_pool::asio_pool(asio::any_io_executor executor, conninfo info, const pool_options& options)
    : pool_shell{std::move(info), options},
      executor_{std::move(executor)},
      last_ticket_{first_ticket},
      timer_{executor_},
      end_{executor_, no_deadline} {
    add_slots();
}

/// A child leaves its parent's connections alone: to end one would tell the server so.
asio_pool::~asio_pool() {
    if (!process_.is_left()) return;
    for (slot& s : slots_) {
        (void)s.at_rest.release();
        for (const auto& link : {s.hub, s.borrowed})
            if (link) (void)link->part().release();
        if (s.idle_socket) leave_to_parent(*s.idle_socket);
    }
}

/// Destroyed without being called, it tells that the execution context is going away.
class asio_pool::context_watch {
 public:
    explicit context_watch(std::weak_ptr<asio_pool> pool) noexcept : pool_{std::move(pool)} {}
    context_watch(context_watch&&) noexcept = default;
    context_watch& operator=(context_watch&&) = delete;
    ~context_watch() {
        if (const auto alive = pool_.lock()) alive->orphan();
    }
    void operator()(error_code) { pool_.reset(); }

 private:
    std::weak_ptr<asio_pool> pool_;
};

/// The handlers of those who wait own coroutines, which may own the pool: the circle is broken here.
void asio_pool::orphan() {
    if (process_.is_left()) return;
    effects doomed;  // this and the next outlive the lock; nobody is told
    std::vector<unit_queue> waiting;
    const std::lock_guard lock{mutex_};
    for (slot& s : slots_)
        if (s.at_rest) waiting.push_back(s.at_rest->take_all());
    core_.close(clock::now());
    while (const auto action = core_.next_action()) collect(*action, doomed);
    for (slot& s : slots_) waiting.push_back(std::move(s.inbox));
}

std::shared_ptr<asio_pool> asio_pool::make(asio::any_io_executor executor, conninfo info, const pool_options& options) {
    auto made = std::make_shared<asio_pool>(std::move(executor), std::move(info), options);
    made->end_.async_wait(context_watch{made});
    return made;
}

void asio_pool::shut() {
    if (process_.is_left()) return;
    const event e{*this};
    core_.close(e.now);
    timer_.cancel();
    end_.cancel();
    armed_ = no_deadline;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (core_.slots()[i].state != slot_state::connecting) continue;
        persist([&] {
            asio::post(slots_[i].home, [self = shared_from_this(), i] {
                if (event::is_in_child(*self)) return;
                std::unique_lock lock{self->mutex_};
                const auto signal = self->slots_[i].connecting;
                lock.unlock();
                if (signal) signal->emit(asio::cancellation_type::terminal);
            });
        });
    }
}

void asio_pool::resize(std::size_t min_size, std::size_t max_size) {
    require_home();
    const event e{*this};
    core_.resize(min_size, max_size, e.now);
    add_slots();
}

void asio_pool::drain() {
    require_home();
    const event e{*this};
    forget_types();
    core_.drain(e.now);
}

/// Slots stay where they are.
void asio_pool::add_slots() {
    add_records();
    while (slots_.size() < core_.slots().size()) slots_.emplace_back(strand_on(executor_));
}

void asio_pool::arm_timer() {
    const clock::time_point next = core_.next_tick();
    if (next >= armed_) return;
    timer_.expires_at(next);
    timer_.async_wait([weak = weak_from_this()](error_code problem) {
        const auto self = weak.lock();
        if (problem || !self || event::is_in_child(*self)) return;
        const event e{*self};
        self->armed_ = no_deadline;
        self->core_.tick(e.now);
        self->arm_timer();
    });
    armed_ = next;
}

/// Waits until `is_so()`, which is asked with the mutex held, or returns false behind `deadline`. On a strand: else it
/// could be woken while it goes to sleep.
template <class Predicate>
asio::awaitable<bool> asio_pool::until(std::shared_ptr<asio_pool> self, clock::time_point deadline,
                                       watchers asio_pool::*those, Predicate is_so) {
    const asio::any_io_executor strand = strand_on(co_await asio::this_coro::executor);
    bool is_in_time = false;
    co_await spawned(strand, [&] { return watch_until(self, deadline, those, is_so, is_in_time); });
    co_return is_in_time;
}

template <class Predicate>
asio::awaitable<void> asio_pool::watch_until(std::shared_ptr<asio_pool> self, clock::time_point deadline,
                                             watchers asio_pool::*those, Predicate is_so, bool& is_in_time) {
    struct watching {
        asio_pool& pool;
        watchers& those;
        std::shared_ptr<asio::steady_timer> timer;

        ~watching() {
            if (pool.process_.is_left()) return;
            const std::lock_guard lock{pool.mutex_};
            those.erase(timer);
        }
    };
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, deadline);
    const watching me{*self, (*self).*those, timer};
    for (;;) {
        self->require_home();
        {
            const std::lock_guard lock{self->mutex_};
            is_in_time = is_so();
            if (is_in_time) co_return;
            me.those.insert(timer);
        }
        if (clock::now() >= deadline) co_return;
        const auto begin = [timer](auto handler) { timer->async_wait(std::move(handler)); };
        try {
            co_await started_by<void(error_code)>(begin);
        } catch (const boost::system::system_error&) {  // woken, or cancelled
        }
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (ends_operation(state.cancelled()))
            throw operation_aborted{"cancelled by the program while waiting for the pool"};
    }
}

asio::awaitable<void> asio_pool::wait(std::shared_ptr<asio_pool> self, std::source_location where) {
    self->require_home();
    std::exception_ptr problem;
    const auto is_up = [&self, &problem, where] { return self->is_up(where, problem); };
    {
        const event e{*self};
        self->core_.await_minimum(e.now);
    }
    const awaited_minimum until_the_end{self->core_, self->mutex_};
    const bool is_in_time = co_await until(self, self->acquire_deadline(), &asio_pool::awaiting_minimum_, is_up);
    if (problem) std::rethrow_exception(problem);
    if (is_in_time) co_return;
    const std::lock_guard lock{self->mutex_};
    std::rethrow_exception(self->timed_out(where));
}

asio::awaitable<void> asio_pool::close(std::shared_ptr<asio_pool> self, std::chrono::milliseconds grace) {
    self->require_home();
    self->shut();
    const auto is_drained = [&self] { return self->core_.is_drained(); };
    const bool came_back = co_await until(self, later(clock::now(), grace), &asio_pool::awaiting_end_, is_drained);
    if (came_back) co_return;
    self->is_cut_off_ = true;
    const std::lock_guard lock{self->mutex_};
    for (const slot& s : self->slots_)
        for (const auto& link : {s.borrowed, s.hub})
            if (link) persist([&link] { asio::post(link->executor, [link] { link->shut_down(was_closed); }); });
}

}  // namespace coropg::detail
