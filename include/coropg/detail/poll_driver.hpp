// The blocking driver: waits with poll(2) on the caller's thread. No hidden io_context, and no thread but that of a cancel.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/session.hpp>

#include <memory>
#include <type_traits>
#include <vector>

namespace coropg::detail {

/// One timer for all deadlines of a connection, to be polled beside its socket. It is moved forward only, and may go off
/// for a deadline that is no more: a call with a timeout costs no system call of its own.
class watchdog {
 public:
    watchdog() = default;
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    ~watchdog();

    /// Has it go off at `next` at the latest. Errors: std::system_error when there are no descriptors left.
    void watch(clock::time_point next);
    /// It went off.
    void rest() noexcept { watched_ = no_deadline; }
    [[nodiscard]] bool rests() const noexcept { return watched_ == no_deadline; }
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
    int descriptor_ = -1;
    clock::time_point watched_ = no_deadline;
};

/// A session, and what it is waited for with.
struct poll_link {
    explicit poll_link(pq::connection conn) : core{std::move(conn)} {}

    session core;
    watchdog timer;
};

/// Runs units on a session; copies run them on the same one.
class poll_runner {
 public:
    /// What an operation that answers T returns.
    template <class T>
    using future = T;

    explicit poll_runner(pq::connection conn) : link_{std::make_shared<poll_link>(std::move(conn))} {}

    [[nodiscard]] unit_ptr make_unit(call_options options, std::source_location where,
                                     const std::shared_ptr<scope>& within = nullptr) const {
        return core().make_unit(options, where, within);
    }
    /// Runs `u` and maps it to its result.
    template <class T, class Finish>
    T run(unit_ptr&& u, Finish finish) const {
        return core().result_of(perform(std::move(u)), finish);
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
            if (tx.is_open()) tx.commit();
        } else {
            auto result = work(tx);
            if (tx.is_open()) tx.commit();
            return result;
        }
    }

    [[nodiscard]] session& core() const noexcept { return link_->core; }

 private:
    friend class poll_driver;

    unit_ptr perform(unit_ptr&& u) const;
    void settle() const;
    void wait() const;

    std::shared_ptr<poll_link> link_;
};

/// Owns a session: it ends with this.
class poll_driver {
 public:
    using runner_type = poll_runner;

    explicit poll_driver(pq::connection conn) : runner_{std::move(conn)} {}
    poll_driver(poll_driver&&) noexcept = default;
    poll_driver& operator=(poll_driver&& other) noexcept {
        std::swap(runner_, other.runner_);
        return *this;
    }
    ~poll_driver();

    [[nodiscard]] const poll_runner& runner() const noexcept { return runner_; }

    static pq::connection connect(conninfo info);

 private:
    poll_runner runner_;
};

}  // namespace coropg::detail
