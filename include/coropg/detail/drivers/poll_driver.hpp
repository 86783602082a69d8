// The blocking driver: waits with poll(2) on the caller's thread. No hidden io_context, and no thread but that of a
// cancel.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/drivers/bell.hpp>
#include <coropg/detail/drivers/runner.hpp>
#include <coropg/detail/drivers/watchdog.hpp>
#include <coropg/detail/session/session.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg::detail {

/// For how long a thread goes on with something that can be left to another one.
struct patience {
    clock::time_point limit = no_deadline;
    const bell* interruption = nullptr;

    [[nodiscard]] bool is_over() const noexcept {
        return (interruption != nullptr && interruption->has_rung()) || (limit != no_deadline && clock::now() >= limit);
    }
};

/// Waits for what an op asks for; nothing when patience is over first.
std::optional<answer> wait_for(const wish& asked, const patience& p, watchdog& timer);

/// An op that one thread can begin and another one end.
template <class T>
class poll_work {
 public:
    explicit poll_work(op<T> work) : work_{std::move(work)}, asked_{work_.resume()} {}

    /// The result; nothing when patience is over first, also while there is always something to read. Errors: those of
    /// the op.
    std::optional<T> go_on(const patience& p) {
        for (bool is_over = false; asked_; is_over = p.is_over()) {
            if (is_over) return std::nullopt;
            const std::optional<answer> reply = wait_for(*asked_, p, timer_);
            if (!reply) return std::nullopt;
            asked_ = work_.resume(*reply);
        }
        return work_.take();
    }

 private:
    op<T> work_;
    std::optional<wish> asked_;
    watchdog timer_;
};

/// A session, and what it is waited for with.
struct poll_session {
    explicit poll_session(pq::connection conn) : core{std::move(conn)} {}

    session core;
    watchdog timer;
    std::atomic<std::thread::id> user;  ///< who runs a verb; kept in debug builds of the library
};

/// Shared by the copies of a runner: a session, until it is given away.
class poll_link {
 public:
    explicit poll_link(std::unique_ptr<poll_session> session) noexcept : session_{std::move(session)} {}

    /// Gives the session away.
    [[nodiscard]] std::unique_ptr<poll_session> part() noexcept { return std::move(session_); }
    [[nodiscard]] bool has_session() const noexcept { return session_ != nullptr; }
    /// Errors: usage_error when the session was given away.
    [[nodiscard]] poll_session& here() const {
        if (!session_) throw_parted();
        return *session_;
    }
    [[noreturn]] static void throw_parted();

 private:
    std::unique_ptr<poll_session> session_;
};

/// Runs units on a session; copies run them on the same one.
class poll_runner {
 public:
    /// The return type of an operation that answers T.
    template <class T>
    using future = T;

    explicit poll_runner(std::unique_ptr<poll_session>&& session)
        : link_{std::make_shared<poll_link>(std::move(session))} {}

    [[nodiscard]] unit_ptr make_unit(call_options options, std::source_location where,
                                     const std::shared_ptr<scope>& within = nullptr) const {
        return core().make_unit(options, where, within);
    }
    /// Runs `u` and maps it to its result.
    template <class T, class Finish>
    T run(unit_ptr&& u, Finish finish) const {
        unit_ptr done = perform(std::move(u));
        // The program's code comes last, when neither the session nor this is in use: it may give the connection back.
        told_last news{core().notices().take()};
        if constexpr (acts_afterwards<Finish>) {
            core().result_of(std::move(done), finish);
            news.tell();
            finish.afterwards();
        } else {
            return core().result_of(std::move(done), finish);
        }
    }
    /// Runs all of `units`, and calls `finish(index, unit)` for each in order.
    template <class Finish>
    static void run_all(poll_runner self, std::vector<unit_ptr> units, Finish finish) {
        if (units.empty()) return;
        const std::size_t index = units.size() - 1;
        unit_ptr last = self.core().submit_all_but_last(std::move(units), finish);
        self.run<void>(std::move(last), [&](unit& u) { finish(index, u); });
    }
    /// Sends `u`, as far as the socket takes it; nobody waits for its end.
    void start(unit_ptr&& u) const;
    /// Waits until nothing is under way any more; false when patience is over first.
    [[nodiscard]] bool wait_until_idle(const patience& p) const;

    template <class Make>
    static auto make(Make make) {
        return make();
    }
    /// Runs `work(transaction)` in what `begin` returns, and commits it; an exception rolls it back.
    template <class Begin, class Work>
    static auto transact(Begin begin, Work work) {
        auto tx = begin();
        if constexpr (std::is_void_v<std::invoke_result_t<Work&, decltype(tx)&>>) {
            work(tx);
            if (!tx.is_open()) return require_kept(*tx.within());
            tx.commit(tx.within()->where);
        } else {
            auto result = work(tx);
            if (!tx.is_open())
                require_kept(*tx.within());
            else
                tx.commit(tx.within()->where);
            return result;
        }
    }

    /// Errors: usage_error when the session was given away, or this was moved from.
    [[nodiscard]] session& core() const {
        if (!link_) poll_link::throw_parted();
        return link_->here().core;
    }
    /// Null when the session was given away, or this was moved from.
    [[nodiscard]] const session* find_core() const noexcept {
        return link_ && link_->has_session() ? &link_->here().core : nullptr;
    }
    /// Nothing: no event loop works on the session beside its user.
    static constexpr std::nullptr_t hold() noexcept { return nullptr; }
    [[nodiscard]] poll_link& link() const noexcept { return *link_; }

 private:
    friend class poll_driver;

    struct told_last {
        inbox::delivery news;

        void tell() { std::exchange(news, {})(); }
        ~told_last() { news(); }
    };

    unit_ptr perform(unit_ptr&& u) const;
    void complete() const;
    void wait(const patience& p = {}) const;

    std::shared_ptr<poll_link> link_;
};

static_assert(session_runner<poll_runner>);

/// Owns a session: it ends with this.
class poll_driver {
 public:
    using runner_type = poll_runner;

    explicit poll_driver(pq::connection conn) : poll_driver{std::make_unique<poll_session>(std::move(conn))} {}
    explicit poll_driver(std::unique_ptr<poll_session>&& session) : runner_{std::move(session)} {}
    poll_driver(poll_driver&&) noexcept = default;
    poll_driver& operator=(poll_driver&& other) noexcept {
        std::swap(runner_, other.runner_);
        return *this;
    }
    ~poll_driver();

    [[nodiscard]] const poll_runner& runner() const noexcept { return runner_; }

    /// Moves the session out, which then lives on. Null if there is none.
    [[nodiscard]] std::unique_ptr<poll_session> take_session() && noexcept {
        return runner_.link_ ? runner_.link_->part() : nullptr;
    }

    static pq::connection connect(conninfo info);

 private:
    poll_runner runner_;
};

}  // namespace coropg::detail
