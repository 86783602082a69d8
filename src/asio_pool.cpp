#include <coropg/detail/asio_pool.hpp>
#include <coropg/log.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <random>

namespace coropg::detail {

using boost::system::error_code;

namespace {

/// Tickets of a session are small numbers; these are to be told from them.
constexpr std::uint64_t first_ticket = std::uint64_t{1} << 63U;

/// Those who still wait for units that ended in a session which has no link at the moment.
void tell_finished(session& core) {
    while (unit_ptr done = core.take_finished())
        if (done->waiting) done->waiting(std::move(done));
}

/// Whoever waits for units of a session that leaves his executor, is told on it nevertheless.
void redirect_waiters(session& core, const asio::any_io_executor& executor) {
    core.for_each_unit([&executor](unit& u) {
        if (!u.waiting || u.is_foreign) return;
        u.is_foreign = true;
        u.waiting.emplace([work = asio::prefer(executor, asio::execution::outstanding_work.tracked),
                           waiting = std::move(u.waiting)](unit_ptr done) mutable {
            asio::dispatch(
                work, [waiting = std::move(waiting), done = std::move(done)]() mutable { waiting(std::move(done)); });
        });
    });
}

/// A connection on its way back to its pool; one that does not arrive is written off.
class returning {
 public:
    returning(std::shared_ptr<asio_pool> pool, lent_link lent, bool is_usable,
              void (asio_pool::*end)(lent_link&&, bool), void (asio_pool::*write_off)(const lent_link&))
        : pool_{std::move(pool)}, lent_{std::move(lent)}, is_usable_{is_usable}, end_{end}, write_off_{write_off} {}
    returning(returning&&) noexcept = default;
    returning& operator=(returning&&) = delete;
    ~returning() {
        if (pool_) (*pool_.*write_off_)(lent_);
    }
    void operator()() {
        const auto pool = std::move(pool_);
        (*pool.*end_)(std::move(lent_), is_usable_);
    }

 private:
    std::shared_ptr<asio_pool> pool_;
    lent_link lent_;
    bool is_usable_;
    void (asio_pool::*end_)(lent_link&&, bool);
    void (asio_pool::*write_off_)(const lent_link&);
};

}  // namespace

// ----------------------------------------------------------------------------------------------------- waiters

lease_waiter::lease_waiter(std::shared_ptr<asio_pool> from, std::source_location asked_at, clock::time_point until)
    : pool_waiter{lease_kind::exclusive, until}, pool{std::move(from)}, where{asked_at} {}

lease_waiter::~lease_waiter() { pool->abandon(*this); }

one_shot::one_shot(std::shared_ptr<asio_pool> to, unit_ptr&& statement)
    : pool_waiter{lease_kind::one_shot},
      pool{std::move(to)},
      u{std::move(statement)},
      ticket{u->ticket},
      waiting{std::move(u->waiting)} {}

// ------------------------------------------------------------------------------------------------------ events

class asio_pool::event {
 public:
    explicit event(asio_pool& pool) : pool_{pool}, lock_{pool.mutex_}, now{clock::now()} {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;
    ~event() {
        while (const auto action = pool_.core_.next_action()) pool_.collect(*action, todo);
        todo.woken.swap(pool_.watchers_);
        lock_.unlock();
        pool_.perform(todo);
    }

 private:
    asio_pool& pool_;
    std::unique_lock<std::mutex> lock_;

 public:
    const clock::time_point now;
    effects todo;
};

void asio_pool::collect(const pool_action& action, effects& out) {
    slot& s = slots_[action.slot];
    switch (action.what) {
        case pool_action::kind::connect:
        case pool_action::kind::check:
        case pool_action::kind::settle: out.begun.push_back(action); break;
        case pool_action::kind::close:
            if (s.sentinel) s.sentinel->close();
            out.dropped.push_back(std::make_shared<slot>(std::exchange(s, slot{s.home})));
            break;
        case pool_action::kind::grant:
            if (action.waiter->kind == lease_kind::exclusive)
                end_wait(*action.waiter, nullptr, out);
            else
                place(std::unique_ptr<one_shot>{static_cast<one_shot*>(action.waiter)});
            break;
        case pool_action::kind::fail: {
            const pool_waiter& w = *action.waiter;
            end_wait(*action.waiter, failure_of(w.failure, snapshot(clock::now()), last_failure_, site_of(w)), out);
            break;
        }
        case pool_action::kind::warn_leak: out.warnings.push_back(leak_warning(name_, s.record->read().where)); break;
        case pool_action::kind::wake: arm_timer(); break;
    }
}

void asio_pool::perform(effects& todo) {
    for (const pool_action& action : todo.begun) {
        const auto begin = action.what == pool_action::kind::connect ? &asio_pool::begin_connect : &asio_pool::prove;
        asio::post(home_of(action.slot), [self = shared_from_this(), begin, i = action.slot] { (*self.*begin)(i); });
    }
    // From here the program's code would run in the middle of whatever has led to this.
    for (auto& [waiting, u] : todo.told)
        asio::post(executor_, [waiting = std::move(waiting), u = std::move(u)]() mutable { waiting(std::move(u)); });
    for (const std::string& warning : todo.warnings) log(log_level::warning, warning);
    for (const auto& timer : todo.woken) asio::post(timer->get_executor(), [timer] { timer->cancel(); });
}

/// Tells `w`, which is not queued any more.
void asio_pool::end_wait(pool_waiter& w, std::exception_ptr problem, effects& out) {
    if (w.kind == lease_kind::exclusive) {
        auto& waiter = static_cast<lease_waiter&>(w);
        cancellable_.erase(waiter.ticket);
        waiter.problem = std::move(problem);
        waiter.has_ended = true;
        if (waiter.waiting) out.told.emplace_back(std::move(waiter.waiting), nullptr);
        return;
    }
    const std::unique_ptr<one_shot> work{static_cast<one_shot*>(&w)};
    cancellable_.erase(work->ticket);
    work->u->fail(std::move(problem));
    out.told.emplace_back(std::move(work->waiting), std::move(work->u));
}

call_site asio_pool::site_of(const pool_waiter& w) {
    if (w.kind == lease_kind::exclusive) return {{}, static_cast<const lease_waiter&>(w).where};
    return static_cast<const one_shot&>(w).u->site();
}

pool_snapshot asio_pool::snapshot(clock::time_point now) const {
    std::vector<const lease_record*> records;
    for (const slot& s : slots_) records.push_back(s.record.get());
    pool_snapshot seen = snapshot_of(core_, records, now);
    seen.name = name_;
    return seen;
}

// ------------------------------------------------------------------------------------------------- the whole pool

asio_pool::asio_pool(asio::any_io_executor executor, conninfo info, const pool_options& options)
    : executor_{std::move(executor)},
      info_{std::move(info)},
      name_{options.name},
      options_{options},
      core_{limits_of(options), std::random_device{}()},
      last_ticket_{first_ticket},
      timer_{executor_} {
    add_slots();
}

/// A child leaves its parent's connections alone: to end one would tell the server so.
asio_pool::~asio_pool() {
    if (!process_.is_left()) return;
    for (slot& s : slots_) (void)s.at_rest.release();
}

void asio_pool::start() {
    const event e{*this};
    core_.tick(e.now);
}

void asio_pool::shut() {
    if (process_.is_left()) return;
    const event e{*this};
    core_.close(e.now);
    timer_.cancel();
    armed_ = no_deadline;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (core_.slots()[i].state != slot_state::connecting) continue;
        asio::post(slots_[i].home, [self = shared_from_this(), i] {
            std::unique_lock lock{self->mutex_};
            const auto signal = self->slots_[i].connecting;
            lock.unlock();
            if (signal) signal->emit(asio::cancellation_type::terminal);
        });
    }
}

pool_stats asio_pool::stats() const {
    const std::lock_guard lock{mutex_};
    return core_.stats();
}

void asio_pool::resize(std::size_t min_size, std::size_t max_size) {
    const event e{*this};
    core_.resize(min_size, max_size, e.now);
    add_slots();
}

void asio_pool::drain() {
    const event e{*this};
    core_.drain(e.now);
}

/// Slots stay where they are.
void asio_pool::add_slots() {
    while (slots_.size() < core_.slots().size()) slots_.emplace_back(asio::make_strand(executor_));
}

void asio_pool::arm_timer() {
    const clock::time_point next = core_.next_tick();
    if (next >= armed_) return;
    armed_ = next;
    timer_.expires_at(next);
    timer_.async_wait([weak = weak_from_this()](error_code problem) {
        const auto self = weak.lock();
        if (problem || !self) return;
        const event e{*self};
        self->armed_ = no_deadline;
        self->core_.tick(e.now);
        self->arm_timer();
    });
}

/// Waits until `is_so()`, which is asked with the mutex held, or returns false behind `deadline`. On a strand, lest it is
/// woken while it goes to sleep.
template <class Predicate>
asio::awaitable<bool> asio_pool::until(std::shared_ptr<asio_pool> self, clock::time_point deadline, Predicate is_so) {
    const auto strand = asio::make_strand(co_await asio::this_coro::executor);
    co_return co_await asio::co_spawn(strand, watch_until(std::move(self), deadline, std::move(is_so)),
                                      asio::use_awaitable);
}

template <class Predicate>
asio::awaitable<bool> asio_pool::watch_until(std::shared_ptr<asio_pool> self, clock::time_point deadline,
                                             Predicate is_so) {
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, deadline);
    for (;;) {
        {
            const std::lock_guard lock{self->mutex_};
            if (is_so()) co_return true;
            self->watchers_.push_back(timer);
        }
        if (clock::now() >= deadline) co_return false;
        error_code woken;
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

asio::awaitable<void> asio_pool::wait(std::shared_ptr<asio_pool> self, std::source_location where) {
    std::exception_ptr problem;
    const auto is_up = [&self, &problem, where] {
        const pool_stats s = self->core_.stats();
        if (self->core_.is_closed())
            problem = refusal_of(request_result::closed, self->snapshot(clock::now()), {{}, where});
        else if (self->core_.is_refused())
            problem = self->last_failure_;
        const std::size_t making = self->snapshot(clock::now()).connecting;
        return problem || s.pool_size - making >= s.pool_min;
    };
    struct awaiting {
        explicit awaiting(asio_pool& p) : pool{p} {
            const event e{pool};
            pool.core_.await_minimum(e.now);
        }
        awaiting(const awaiting&) = delete;
        awaiting& operator=(const awaiting&) = delete;
        ~awaiting() {
            const std::lock_guard lock{pool.mutex_};
            pool.core_.end_awaiting_minimum();
        }
        asio_pool& pool;
    };
    const awaiting minimum{*self};
    const bool is_in_time = co_await until(self, self->acquire_deadline(), is_up);
    if (problem) std::rethrow_exception(problem);
    if (is_in_time) co_return;
    const std::lock_guard lock{self->mutex_};
    std::rethrow_exception(
        failure_of(wait_failure::timed_out, self->snapshot(clock::now()), self->last_failure_, {{}, where}));
}

asio::awaitable<void> asio_pool::close(std::shared_ptr<asio_pool> self, clock::duration grace) {
    self->shut();
    const auto is_drained = [&self] { return self->core_.is_drained(); };
    const bool came_back = co_await until(self, clock::now() + grace, is_drained);
    if (came_back) co_return;
    const std::lock_guard lock{self->mutex_};
    for (const slot& s : self->slots_)
        for (const auto& link : {s.borrowed, s.host})
            if (link) asio::post(link->executor, [link] { link->shut_down(); });
}

clock::time_point asio_pool::acquire_deadline() const {
    return options_.acquire_timeout.count() == 0 ? no_deadline : clock::now() + options_.acquire_timeout;
}

// ------------------------------------------------------------------------------------------------------ leases

std::optional<lent_link> asio_pool::request(lease_waiter& w, const asio::any_io_executor& executor) {
    require_home();
    std::unique_ptr<session> core;
    lent_link lent;
    {
        const event e{*this};
        w.deadline = std::min(w.deadline, acquire_deadline());
        look_at_next(e.now);
        const request_result r = core_.request(w, e.now);
        if (r == request_result::queued) return std::nullopt;
        if (r != request_result::granted) std::rethrow_exception(refusal_of(r, snapshot(e.now), site_of(w)));
        w.is_taken = true;
        lent = lend(w.granted, executor, w.where, core);
    }
    return hand_over(std::move(lent), std::move(core), executor);
}

std::optional<lent_link> asio_pool::try_request(const asio::any_io_executor& executor, std::source_location where) {
    require_home();
    std::unique_ptr<session> core;
    lent_link lent;
    {
        const event e{*this};
        look_at_next(e.now);
        const std::optional<pool_lease> granted = core_.try_request(lease_kind::exclusive, e.now);
        if (!granted) return std::nullopt;
        lent = lend(*granted, executor, where, core);
    }
    return hand_over(std::move(lent), std::move(core), executor);
}

void asio_pool::await(lease_waiter& w, std::uint64_t ticket, completion&& waiting) {
    event e{*this};
    if (w.has_ended) return e.todo.told.emplace_back(std::move(waiting), nullptr), void();
    w.waiting = std::move(waiting);
    w.ticket = ticket;
    if (ticket != 0) cancellable_.emplace(ticket, &w);
}

lent_link asio_pool::take(lease_waiter& w, const asio::any_io_executor& executor) {
    if (w.problem) std::rethrow_exception(w.problem);
    std::unique_ptr<session> core;
    lent_link lent;
    {
        const std::lock_guard lock{mutex_};
        w.is_taken = true;
        lent = lend(w.granted, executor, w.where, core);
    }
    return hand_over(std::move(lent), std::move(core), executor);
}

void asio_pool::abandon(lease_waiter& w) noexcept {
    if (w.is_taken) return;
    const event e{*this};
    if (w.problem) return;
    cancellable_.erase(w.ticket);
    if (core_.withdraw(w, e.now) || !w.has_ended) return;
    core_.release(w.granted, e.now, return_condition::usable);
    go_on(w.granted.slot);
}

/// Takes the session out of its slot, and the link that was made for that executor before, if there is one.
lent_link asio_pool::lend(const pool_lease& lease, const asio::any_io_executor& executor, std::source_location where,
                          std::unique_ptr<session>& core) {
    slot& s = slots_[lease.slot];
    s.record->begin(where);
    core = std::move(s.at_rest);
    core->record_in(s.record);
    if (s.last && s.last->executor == executor) s.borrowed = s.last;
    return {lease, s.borrowed};
}

/// Outside of the mutex, on the executor of the one who gets it.
lent_link asio_pool::hand_over(lent_link lent, std::unique_ptr<session>&& core, const asio::any_io_executor& executor) {
    try {
        if (!lent.link) {
            lent.link = make_link(core->socket(), executor);
            const std::lock_guard lock{mutex_};
            slots_[lent.lease.slot].borrowed = lent.link;
        }
        lent.link->adopt(std::move(core));
        return lent;
    } catch (...) {
        write_off(lent);
        throw;
    }
}

void asio_pool::give_back(lent_link&& lent, bool is_usable) {
    if (!lent.link) return write_off(lent);  // the program has moved the connection away, to keep it
    const asio::any_io_executor& executor = lent.link->executor;
    asio::dispatch(executor, returning{shared_from_this(), std::move(lent), is_usable, &asio_pool::take_back,
                                       &asio_pool::write_off});
}

/// On the executor of the link. Others may still wait for statements on it.
void asio_pool::take_back(lent_link&& lent, bool is_usable) {
    if (is_usable && after_release) is_usable = pass_release_hook(lent.link);
    std::unique_ptr<session> core = lent.link->part();
    if (!is_usable) core->close("the pool does not want it any more");
    const return_condition how = make_clean(*core, options_.reset);
    tell_finished(*core);
    redirect_waiters(*core, lent.link->executor);

    const event e{*this};
    slot& s = slots_[lent.lease.slot];
    s.borrowed = nullptr;
    const bool is_here = &asio::query(lent.link->executor, asio::execution::context) ==
                         &asio::query(executor_, asio::execution::context);
    s.last = is_here && how != return_condition::broken ? std::move(lent.link) : nullptr;
    leave_if_read_only(lent.lease.slot, *core, e.now);
    rest(lent.lease.slot, std::move(core), lent.lease.since);
    core_.release(lent.lease, e.now, how);
    go_on(lent.lease.slot);
}

bool asio_pool::pass_release_hook(const std::shared_ptr<asio_link>& link) {
    connection conn{asio_driver{link}};
    const bool is_welcome = passes_release_hook(after_release, conn);
    (void)std::move(conn).take_driver().take_link();  // lest the connection ends with `conn`
    return is_welcome;
}

void asio_pool::write_off(const lent_link& lent) {
    const event e{*this};
    slots_[lent.lease.slot].borrowed = nullptr;
    core_.release(lent.lease, e.now, return_condition::broken);
}

/// Where writes are wanted, a connection whose server has refused one is replaced, and so are the others that it had then.
void asio_pool::leave_if_read_only(std::size_t i, const session& core, clock::time_point now) {
    if (!core.takes_no_writes() || !slots_[i].is_for_writes) return;
    if (core_.slots()[i].doom == close_reason::none) core_.drain(now);
}

void asio_pool::rest(std::size_t i, std::unique_ptr<session>&& core, clock::time_point heard_from) {
    types_ = core->types();
    core->record_in(nullptr);
    slots_[i].at_rest = std::move(core);
    slots_[i].heard_from = heard_from;
}

/// What a connection needs that nobody has asked for: its reset is sent when nobody does, and its end is noticed.
void asio_pool::go_on(std::size_t i) {
    if (core_.slots()[i].state != slot_state::idle) return;
    if (!slots_[i].at_rest->is_quiet())
        asio::post(slots_[i].home, [self = shared_from_this(), i] {
            const event e{*self};
            if (self->slots_[i].at_rest && !self->slots_[i].at_rest->is_quiet()) self->core_.doubt(i, e.now);
        });
    watch(i);
}

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
        conninfo info = self->info_;
        if (self->options_.connect_timeout.count() != 0) info.connect_timeout(self->options_.connect_timeout);
        is_in_hook = true;
        if (self->before_connect) co_await self->before_connect(info);
        is_in_hook = false;
        pq::connection established = co_await asio_driver::connect(std::move(info));
        const asio::any_io_executor home = co_await asio::this_coro::executor;
        connection conn{asio_driver{make_link(std::move(established), home)}};
        self->share_types(conn.runner().core());
        is_in_hook = true;
        if (self->after_connect) co_await self->after_connect(conn);
        conn.runner().core().keep_changes();
        require_quiet(conn.runner().core());
        link = std::move(conn).take_driver().take_link();
    } catch (...) {
        problem = std::current_exception();
    }
    if (!problem) co_return self->end_connect(i, std::move(link));
    const connect_problem kind = is_in_hook ? connect_problem::hook_failed : problem_of(problem);
    self->fail_connect(i, kind, problem);
}

void asio_pool::share_types(session& core) const {
    const std::lock_guard lock{mutex_};
    if (types_) core.share_types(types_);
}

namespace {

/// By the connection's own settings: a hook or the environment may have made them.
bool wants_writes(PGconn* conn) {
    const pq::options settings{PQconninfo(conn)};
    for (const PQconninfoOption* o = settings.get(); o != nullptr && o->keyword != nullptr; ++o) {
        if (std::string_view{o->keyword} != "target_session_attrs" || o->val == nullptr) continue;
        const std::string_view wanted = o->val;
        return wanted == "read-write" || wanted == "primary";
    }
    return false;
}

}  // namespace

void asio_pool::end_connect(std::size_t i, std::shared_ptr<asio_link>&& host) {
    std::unique_ptr<session> core = host->part();
    std::shared_ptr<descriptor> sentinel;
    try {
        sentinel = std::make_shared<descriptor>(executor_, duplicate(core->socket()));
    } catch (...) {
        return fail_connect(i, connect_problem::unavailable, std::current_exception());
    }
    const event e{*this};
    slot& s = slots_[i];
    s.connecting = nullptr;
    s.host = std::move(host);
    s.sentinel = std::move(sentinel);
    s.is_for_writes = wants_writes(core->native_handle());
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

/// At the host: the last one out of it gives the session back to the slot.
void asio_pool::end_one_shot(std::unique_ptr<one_shot>&& work, unit_ptr&& done) {
    const std::size_t i = work->granted.slot;
    {
        event e{*this};
        slot& s = slots_[i];
        cancellable_.erase(work->ticket);
        const bool is_open = s.host->core().is_open();
        return_condition how = is_open ? return_condition::usable : return_condition::broken;
        leave_if_read_only(i, s.host->core(), e.now);
        if (core_.slots()[i].statements == 1) {
            std::unique_ptr<session> core = s.host->part();
            how = make_clean(*core, options_.reset);
            rest(i, std::move(core), e.now);
        }
        core_.release(work->granted, e.now, how);
        go_on(i);
        if (!is_open && !work->is_cancelled && has_missed(*done) && ++work->tries < max_tries) {
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

// --------------------------------------------------------------------------------------------- idle connections

/// Has the end of an idle connection noticed. What comes while it is used wakes it once, for nothing.
void asio_pool::watch(std::size_t i) {
    slot& s = slots_[i];
    if (std::exchange(s.is_watched, true)) return;
    s.sentinel->async_wait(descriptor::wait_read,
                           [weak = weak_from_this(), i, sentinel = s.sentinel](error_code problem) {
                               if (const auto self = weak.lock(); self && !problem) self->on_sentinel(i, *sentinel);
                           });
}

void asio_pool::on_sentinel(std::size_t i, descriptor& sentinel) {
    const event e{*this};
    slot& s = slots_[i];
    if (s.sentinel.get() != &sentinel) return;
    s.is_watched = false;
    if (core_.slots()[i].state != slot_state::idle) return;
    if (look_at(i, e.now)) watch(i);
}

/// Whether nothing has come for an idle connection, and its end has not. Else the core is told.
bool asio_pool::look_at(std::size_t i, clock::time_point now) {
    char byte{};
    const ssize_t seen = ::recv(slots_[i].sentinel->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (seen > 0)
        core_.doubt(i, now);  // a notice, or why the server closes it
    else
        core_.lost(i, now);
    return false;
}

/// The end of an idle connection is noticed before it is lent, even when the event loop had no time to tell. One that has
/// just been heard from is not worth a system call.
void asio_pool::look_at_next(clock::time_point now) {
    while (const auto next = core_.next_idle()) {
        const bool was_heard = now - slots_[*next].heard_from < std::chrono::milliseconds{1};
        if (was_heard || look_at(*next, now)) return;
    }
}

// ------------------------------------------------------------------------------------------------- waiting for one

asio::awaitable<lent_link> lease(std::shared_ptr<asio_pool> pool, std::source_location where,
                                 clock::time_point deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    lease_waiter w{pool, where, deadline};
    std::optional<lent_link> at_once = pool->request(w, executor);
    if (at_once) co_return std::move(*at_once);
    co_await asio::async_initiate<const asio::deferred_t&, void(unit_ptr)>(
        [&w](auto handler) {
            asio_pool& from = *w.pool;
            const std::uint64_t ticket = from.listen_for_cancellation(asio::get_associated_cancellation_slot(handler));
            completion waiting;
            waiting.emplace(
                [work = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked),
                 handler = std::move(handler)](unit_ptr) mutable {
                    asio::dispatch(work, [handler = std::move(handler)]() mutable { std::move(handler)(unit_ptr{}); });
                });
            from.await(w, ticket, std::move(waiting));
        },
        asio::deferred);
    co_return pool->take(w, executor);
}

}  // namespace coropg::detail
