// The asynchronous driver: waits on an Asio executor. A statement costs one coroutine frame and no allocation for its
// waiter; all statements of a connection share one outstanding wait.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/drivers/handlers.hpp>
#include <coropg/detail/drivers/runner.hpp>
#include <coropg/detail/home_process.hpp>
#include <coropg/detail/session/session.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <vector>

#ifdef BOOST_ASIO_NO_TYPEID
#error "coropg's asynchronous face needs RTTI: with -fno-rtti Asio tells executors apart otherwise than in the library"
#endif

namespace coropg::detail {

namespace asio = boost::asio;

class asio_link;

/// For one thread at a time, which may lock it again: observers, and codecs, may use the connection that they are called
/// for.
class link_mutex {
 public:
    void lock() {
        mutex_.lock();
        ++depth_;
    }
    /// False also if this thread has locked it.
    [[nodiscard]] bool try_lock() {
        if (!mutex_.try_lock()) return false;
        const bool is_first = depth_ == 0;
        if (is_first)
            ++depth_;
        else
            mutex_.unlock();
        return is_first;
    }
    void unlock() {
        --depth_;
        mutex_.unlock();
    }

 private:
    std::recursive_mutex mutex_;
    int depth_ = 0;
};

/// A lock on a link, which lives at least as long; none where the link's users run on its own executor.
class link_lock {
 public:
    link_lock() = default;
    link_lock(std::shared_ptr<const asio_link> of, link_mutex& mutex) : of_{std::move(of)}, lock_{mutex} {}

    void lock() { lock_.lock(); }
    void unlock() { lock_.unlock(); }

 private:
    std::shared_ptr<const asio_link> of_;  // another thread may drop the last use of it meanwhile
    std::unique_lock<link_mutex> lock_;
};

/// A session on an executor. It lives as long as somebody waits for it or its connection's handle does. A session can
/// move from one link to another of the same socket.
class asio_link : public std::enable_shared_from_this<asio_link> {
 public:
    asio_link(asio::any_io_executor ex, asio::any_io_executor of_users)
        : executor{std::move(ex)}, users{std::move(of_users)}, has_lock_{executor != users} {}
    virtual ~asio_link() = default;

    /// Locks the session: take this before any use of it. A turn unlocks it while it calls a notice handler.
    /// Not in a child process, where nobody may be left to unlock it.
    [[nodiscard]] link_lock hold() const {
        return has_lock_ && !process_.is_left() ? link_lock{shared_from_this(), mutex_} : link_lock{};
    }
    /// Whether who waits there can be told in the midst of a turn: not with the lock held.
    [[nodiscard]] bool completes_in_place_on(const asio::any_io_executor& e) const noexcept {
        return !has_lock_ && e == executor;
    }
    /// Whether a handler of notices is being called.
    [[nodiscard]] bool is_telling() const noexcept { return is_telling_; }

    /// Sends `u`, or queues it behind what is under way.
    virtual void start(unit_ptr&& u) noexcept = 0;
    /// Tells the waiter of `u`, which has failed before it came to a session.
    void refuse(unit_ptr&& u) const noexcept;
    /// The same for all of them, in one flush.
    virtual void start_all(unit_queue&& units) noexcept = 0;
    /// Ends the unit with that ticket, if it is still there. Threads: any.
    virtual void cancel(std::uint64_t ticket) noexcept = 0;
    /// Ends the session: units that are still waited for end with a connection_error, which says `why`.
    virtual void shut_down(std::string_view why) noexcept = 0;

    /// It gets no session any more: leaves the event loop, and lets go of the socket.
    virtual void retire() = 0;

    /// Takes over a session, and goes on with what is under way in it.
    virtual void adopt(std::unique_ptr<session> moved) = 0;
    /// Gives the session away. Its users here can use it no longer, even if it comes back.
    [[nodiscard]] std::unique_ptr<session> part() noexcept {
        const link_lock held = hold();
        ++tenancy_;
        return std::move(core_);
    }

    /// The same at once, on any thread, if nothing is under way in the session and nobody is at work on the link; else
    /// nothing.
    [[nodiscard]] std::unique_ptr<session> part_at_rest() {
        if (!has_lock_ || process_.is_left()) return nullptr;
        const std::unique_lock held{mutex_, std::try_to_lock};
        if (!held || is_in_turn() || is_telling_ || !core_ || !core_->is_quiet() || core_->finished_count() > 0)
            return nullptr;
        ++tenancy_;
        return std::move(core_);
    }

    /// Its users here can use the session no longer, from now on, though it is given away later: other threads may be at
    /// work on the executor. Returns whether this is called in the midst of a turn of the session, by an observer.
    [[nodiscard]] bool revoke() noexcept {
        const link_lock held = hold();
        if (has_lock_) ++tenancy_;
        return is_in_turn();
    }

    /// Tells those apart who used the link one after the other.
    [[nodiscard]] std::uint64_t tenancy() const noexcept { return tenancy_; }
    /// Whether its users of then may use the session.
    [[nodiscard]] bool is_of(std::uint64_t tenancy) const noexcept { return tenancy_ == tenancy && core_ != nullptr; }
    /// Errors: usage_error when the session was given away.
    [[nodiscard]] session& core() const {
        if (!core_) throw_parted();
        return *core_;
    }

    const asio::any_io_executor executor;  ///< its own: runs one handler at a time
    const asio::any_io_executor users;     ///< of the coroutines that use it: the same, or one that is no strand

    [[noreturn]] static void throw_parted();
    [[nodiscard]] static std::exception_ptr parted();

 protected:
    [[nodiscard]] bool has_lock() const noexcept { return has_lock_; }
    /// Whether this is a child process.
    [[nodiscard]] bool is_left() const noexcept { return process_.is_left(); }

    /// One more turn of the session is under way, within those of before, or one less. Threads: one at a time.
    void count_turn(int change) noexcept {
        turns_.store(turns_.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
    }

    std::unique_ptr<session> core_;
    bool is_telling_ = false;

 private:
    [[nodiscard]] bool is_in_turn() const noexcept { return turns_.load(std::memory_order_relaxed) > 0; }

    const bool has_lock_;
    const home_process process_;
    mutable link_mutex mutex_;
    std::atomic<int> turns_ = 0;  // a link without a lock may be asked by any thread
    std::uint64_t tenancy_ = 0;
};

/// A link for sessions of that socket; it has none yet. `executor` runs one handler at a time.
std::shared_ptr<asio_link> make_link(int socket, asio::any_io_executor executor, asio::any_io_executor users);
/// A session whose users are on an executor that runs one handler at a time.
std::shared_ptr<asio_link> make_link(pq::connection conn, const asio::any_io_executor& executor);

/// Starts a unit and completes `handler` on its own executor.
struct start_unit {
    asio_link* link;
    std::uint64_t tenancy;

    /// What it throws would go to the event loop, and take the coroutine along.
    template <class Handler>
    void operator()(Handler&& handler, unit_ptr&& u) const noexcept {
        const link_lock held = link->hold();
        bool is_started = link->is_of(tenancy);
        try {
            if (!is_started) asio_link::throw_parted();
            listen_for_cancellation(asio::get_associated_cancellation_slot(handler), *u);
        } catch (...) {
            u->fail(std::current_exception());
            is_started = false;
        }
        const auto executor = asio::get_associated_executor(handler, link->executor);
        if (link->completes_in_place_on(executor)) {
            u->waiting.emplace(std::forward<Handler>(handler));
        } else {
            u->is_foreign = true;
            persist([&] { u->waiting.emplace(posted_to(executor, std::forward<Handler>(handler))); });
        }
        is_started ? link->start(std::move(u)) : link->refuse(std::move(u));
    }

 private:
    /// The handler that stays in the slot refers to nothing that could be destroyed.
    template <class Slot>
    void listen_for_cancellation(Slot slot, unit& u) const {
        if (!slot.is_connected()) return;
        slot.assign(
            [weak = link->weak_from_this(),
             ticket = u.ticket != 0 ? u.ticket : link->core().make_cancellable(u)](asio::cancellation_type type) {
                if (!ends_operation(type)) return;
                if (const auto alive = weak.lock()) alive->cancel(ticket);
            });
    }
};

/// Runs units on a session; copies run them on the same one.
class asio_runner {
 public:
    /// The return type of an operation that answers T.
    template <class T>
    using future = asio::awaitable<T>;

    explicit asio_runner(std::shared_ptr<asio_link> link) noexcept
        : link_{std::move(link)}, tenancy_{link_->tenancy()} {}

    [[nodiscard]] unit_ptr make_unit(call_options options, std::source_location where,
                                     const std::shared_ptr<scope>& within = nullptr) const {
        const link_lock held = hold();
        return core().make_unit(options, where, within);
    }
    /// Runs `u` once it is awaited, and maps it to its result.
    template <class T, class Finish>
    asio::awaitable<T> run(unit_ptr&& u, Finish finish) const {
        return run_unit<T>(*this, std::move(u), std::move(finish));
    }
    /// Runs all of `units` once it is awaited, and calls `finish(index, unit)` for each in order.
    template <class Finish>
    static asio::awaitable<void> run_all(asio_runner self, std::vector<unit_ptr> units, Finish finish) {
        if (units.empty()) co_return;
        const std::size_t index = units.size() - 1;
        unit_ptr last = self.submit_all_but_last(std::move(units), finish);
        const auto finish_last = [finish, index](unit& u) { finish(index, u); };
        co_await self.run<void>(std::move(last), finish_last);
    }
    /// Starts `u`, whose end nobody waits for.
    void start(unit_ptr&& u) const {
        const link_lock held = hold();
        if (is_current()) link_->start(std::move(u));
    }

    /// Calls `make` once it is awaited.
    template <class Make>
    static auto make(Make make) -> asio::awaitable<std::invoke_result_t<Make>> {
        co_return make();
    }
    /// Runs `work(transaction)` in what `begin` returns, and commits it; an exception rolls it back.
    template <class Begin, class Work>
    static auto transact(Begin begin, Work work) -> std::invoke_result_t<Work&, std::invoke_result_t<Begin>&> {
        using value = typename std::invoke_result_t<Work&, std::invoke_result_t<Begin>&>::value_type;
        auto tx = begin();
        if constexpr (std::is_void_v<value>) {
            co_await work(tx);
            if (!tx.is_open()) co_return require_kept(*tx.within());
            const bool throws = co_await asio::this_coro::throw_if_cancelled();
            require_uncancelled(throws, co_await asio::this_coro::cancellation_state, tx.within()->where);
            co_await tx.commit(tx.within()->where);
        } else {
            value result = co_await work(tx);
            if (tx.is_open()) {
                const bool throws = co_await asio::this_coro::throw_if_cancelled();
                require_uncancelled(throws, co_await asio::this_coro::cancellation_state, tx.within()->where);
                co_await tx.commit(tx.within()->where);
            } else {
                require_kept(*tx.within());
            }
            co_return result;
        }
    }

    /// Errors: usage_error when the session was given away.
    [[nodiscard]] session& core() const {
        if (!is_current()) asio_link::throw_parted();
        return link_->core();
    }
    /// Null when the session was given away, or this was moved from.
    [[nodiscard]] const session* find_core() const noexcept { return is_current() ? &link_->core() : nullptr; }
    /// Locks the session for as long as it is used.
    [[nodiscard]] link_lock hold() const { return link_ ? link_->hold() : link_lock{}; }
    [[nodiscard]] const std::shared_ptr<asio_link>& link() const noexcept { return link_; }
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return link_->executor; }

 private:
    friend class asio_driver;

    template <class T, class Finish>
    static asio::awaitable<T> run_unit(asio_runner self, unit_ptr u, Finish finish) {
        if (!self.link_) asio_link::throw_parted();
        unit_ptr done = co_await asio::async_initiate<const asio::deferred_t&, void(unit_ptr)>(
            start_unit{self.link_.get(), self.tenancy_}, asio::deferred, std::move(u));
        if constexpr (acts_afterwards<Finish>) {
            self.map(std::move(done), finish);
            finish.afterwards();
        } else {
            co_return self.map(std::move(done), finish);
        }
    }
    template <class Finish>
    unit_ptr submit_all_but_last(std::vector<unit_ptr>&& units, const Finish& finish) const {
        const link_lock held = hold();
        return core().submit_all_but_last(std::move(units), finish);
    }
    template <class Finish>
    auto map(unit_ptr done, Finish& finish) const {
        const link_lock held = hold();
        if (!is_current()) return finish(*done);
        return link_->core().result_of(std::move(done), finish);
    }

    /// Whether the session is still there.
    [[nodiscard]] bool is_current() const noexcept { return link_ && link_->is_of(tenancy_); }

    std::shared_ptr<asio_link> link_;
    std::uint64_t tenancy_;
};

static_assert(session_runner<asio_runner>);

/// Owns a session: it ends with this.
class asio_driver {
 public:
    using runner_type = asio_runner;

    asio_driver(pq::connection conn, const asio::any_io_executor& executor)
        : asio_driver{make_link(std::move(conn), executor)} {}
    explicit asio_driver(std::shared_ptr<asio_link> link) : runner_{std::move(link)} {}
    asio_driver(asio_driver&&) noexcept = default;
    asio_driver& operator=(asio_driver&& other) noexcept {
        std::swap(runner_, other.runner_);
        return *this;
    }
    ~asio_driver() {
        if (runner_.link_) runner_.link_->shut_down("its handle was destroyed");
    }

    [[nodiscard]] const asio_runner& runner() const noexcept { return runner_; }
    /// Moves the link out, whose session then lives on.
    [[nodiscard]] std::shared_ptr<asio_link> take_link() && noexcept { return std::move(runner_.link_); }

    static asio::awaitable<pq::connection> connect(conninfo info);

 private:
    asio_runner runner_;
};

}  // namespace coropg::detail
