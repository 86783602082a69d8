// Connections that are lent, and those that wait to be.
#include "../ended.hpp"
#include "event.hpp"
#include "strands.hpp"

#include <coropg/log.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace coropg::detail {

namespace {

/// Has the waiters of a session that leaves their link told by its executor nevertheless; those on others, too, when they
/// are to come behind a handler of notices that is being called there.
void redirect_waiters(session& core, const asio_link& link) {
    core.for_each_unit([&link](unit& u) {
        if (!u.waiting || (u.is_foreign && !link.is_telling())) return;
        u.is_foreign = true;
        persist([&] { u.waiting.emplace(posted_to(link.executor, std::move(u.waiting))); });
    });
}

bool have_same_context(const asio::any_io_executor& a, const asio::any_io_executor& b) {
    return &asio::query(a, asio::execution::context) == &asio::query(b, asio::execution::context);
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

std::optional<lent_link> asio_pool::request(lease_waiter& w, const asio::any_io_executor& executor) {
    require_home();
    std::unique_ptr<session> core;
    lent_link lent;
    {
        const event e{*this};
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
    if (w.has_ended) {
        e.todo.told.emplace_back(std::move(waiting), nullptr);
        return;
    }
    if (ticket != 0) cancellable_.emplace(ticket, &w);
    w.ticket = ticket;
    w.waiting = std::move(waiting);
}

lent_link asio_pool::take(lease_waiter& w, const asio::any_io_executor& executor) {
    if (w.problem) std::rethrow_exception(w.problem);
    require_home();
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
    if (w.is_taken || process_.is_left()) return;
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
    core = std::move(s.at_rest);
    lend_to(lease.slot, *core, where);
    if (s.last && s.last->users == executor) s.borrowed = s.last;
    return {lease, s.borrowed};
}

/// Outside of the mutex, on the executor of the one who gets it.
lent_link asio_pool::hand_over(lent_link lent, std::unique_ptr<session>&& core, const asio::any_io_executor& executor) {
    try {
        if (!lent.link) {
            // that of the slot, if it can be: Asio's own way to a new one needs memory, and crashes when there is none
            const asio::any_io_executor strand = is_strand(executor)                      ? executor
                                                 : have_same_context(executor, executor_) ? home_of(lent.lease.slot)
                                                                                          : strand_on(executor);
            lent.link = make_link(core->socket(), strand, executor);
            const std::lock_guard lock{mutex_};
            slots_[lent.lease.slot].borrowed = lent.link;
        }
        lent.link->adopt(std::move(core));
        if (is_cut_off_) lent.link->shut_down(was_closed);
        return lent;
    } catch (...) {
        write_off(lent);
        throw;
    }
}

void asio_pool::give_back(const pool_lease& lease, connection&& conn, bool is_usable) {
    lent_link lent{lease, std::move(conn).take_driver().take_link()};
    // The program has moved the connection away, to keep it; or this is a child process.
    if (!lent.link || process_.is_left()) return write_off(lent);
    contain("the return of a connection", [&] {
        if (!after_release)  // a way through the event loop costs more than all the rest
            if (std::unique_ptr<session> core = lent.link->part_at_rest())
                return put_back(lent, std::move(core), is_usable);
        const bool is_in_turn = lent.link->revoke();
        const asio::any_io_executor executor = lent.link->executor;
        returning back{shared_from_this(), std::move(lent), is_usable, &asio_pool::take_back, &asio_pool::write_off};
        if (is_in_turn)
            asio::post(executor, std::move(back));
        else
            asio::dispatch(executor, std::move(back));
    });
}

/// On the executor of the link. Others may still wait for statements on it.
void asio_pool::take_back(lent_link&& lent, bool is_usable) {
    if (is_usable && after_release && !process_.is_left()) {
        const std::optional<bool> is_welcome = pass_release_hook(lent.link);
        if (!is_welcome) return write_off(lent);
        is_usable = *is_welcome;
    }
    if (process_.is_left()) return write_off(lent);
    put_back(lent, lent.link->part(), is_usable);
}

/// Lays the session, which is nobody's now, into its slot.
void asio_pool::put_back(const lent_link& lent, std::unique_ptr<session>&& core, bool is_usable) {
    if (!is_usable) core->close("the pool does not want it any more");
    return_condition how = make_clean(*core, options_.reset);
    tell_finished(*core, lent.link->executor);
    redirect_waiters(*core, *lent.link);

    event e{*this};
    if (has_ended_unused(*core, e.now - lent.lease.since)) how = return_condition::broken;
    slot& s = slots_[lent.lease.slot];
    s.borrowed = nullptr;
    const bool is_to_keep = have_same_context(lent.link->executor, executor_) && how != return_condition::broken;
    const std::shared_ptr<asio_link> kept = is_to_keep ? lent.link : nullptr;
    for (const auto& link : {s.last, lent.link})
        if (link && link != kept) persist([&] { e.todo.retired.push_back(link); });
    s.last = kept;
    leave_if_read_only(core_, lent.lease.slot, *core, e.now);
    rest(lent.lease.slot, std::move(core), lent.lease.since);
    core_.release(lent.lease, e.now, how);
    go_on(lent.lease.slot);
}

std::optional<bool> asio_pool::pass_release_hook(const std::shared_ptr<asio_link>& link) {
    connection conn{asio_driver{link}};
    const bool is_welcome = passes_release_hook(after_release, conn);
    const bool is_kept = std::move(conn).take_driver().take_link() != nullptr;  // and does not end with `conn`
    return is_kept ? std::optional{is_welcome} : std::nullopt;
}

void asio_pool::write_off(const lent_link& lent) {
    if (process_.is_left()) {
        if (lent.link) (void)lent.link->part().release();  // to end the session would end it for the parent
        return;
    }
    const event e{*this};
    slots_[lent.lease.slot].borrowed = nullptr;
    core_.release(lent.lease, e.now, return_condition::broken);
}

asio::awaitable<lent_link> lease(std::shared_ptr<asio_pool> pool, std::source_location where,
                                 clock::time_point deadline) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    lease_waiter w{pool, where, deadline};
    std::optional<lent_link> at_once = pool->request(w, executor);
    if (at_once) co_return std::move(*at_once);
    std::exception_ptr problem;
    co_await asio::async_initiate<const asio::deferred_t&, void(unit_ptr)>(
        [&w, &problem](auto handler) {
            asio_pool& from = *w.pool;
            const auto cancelling = asio::get_associated_cancellation_slot(handler);
            const auto told_on = asio::get_associated_executor(handler);
            completion waiting;
            persist([&] { waiting.emplace(posted_to(told_on, std::move(handler))); });
            try {
                from.await(w, from.listen_for_cancellation(cancelling), std::move(waiting));
            } catch (...) {
                problem = std::current_exception();
                if (waiting) waiting(nullptr);
            }
        },
        asio::deferred);
    if (problem) std::rethrow_exception(problem);
    co_return pool->take(w, executor);
}

}  // namespace coropg::detail
