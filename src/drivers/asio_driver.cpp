#include <coropg/detail/drivers/asio_driver.hpp>
#include <coropg/detail/ops/ops.hpp>
#include <coropg/log.hpp>

#include "asio_descriptor.hpp"
#include "asio_wait.hpp"
#include "turn.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>

namespace coropg::detail {

namespace {

using boost::system::error_code;
using descriptor = asio::posix::stream_descriptor;

/// A deadline that is noticed so late shows a handler that blocks the event loop, or one that is not run all the time.
void tell_if_late(clock::duration late) {
    constexpr std::chrono::seconds long_time{1};
    if (late < long_time) return;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(late).count();
    log(log_level::warning,
        "a deadline was noticed " + std::to_string(ms) + " ms late: the event loop did not run in that time");
}

class socket_link final : public asio_link {
 public:
    socket_link(int socket, const asio::any_io_executor& ex, const asio::any_io_executor& of_users)
        : asio_link{ex, of_users}, read_side_{watched(ex, duplicate(socket))}, write_side_{ex}, watchdog_{ex} {}
    ~socket_link() override {
        if (is_left()) let_go();
    }

    void adopt(std::unique_ptr<session> moved) override {
        const link_lock held = hold();
        core_ = std::move(moved);
        if (!is_completing_) rearm();
    }

    void start(unit_ptr&& u) noexcept override {
        const link_lock held = hold();
        if (is_left() && (has_lock() || u->is_foreign)) return forsake(std::move(u));
        if (orphaned_) return;
        if (!core_) return refuse(std::move(u));
        alone()->submit(std::move(u));
        if (!is_completing_) flush();
    }

    void start_all(unit_queue&& units) noexcept override {
        const link_lock held = hold();
        while (is_left() && !units.empty()) forsake(units.pop_front());
        if (orphaned_) return;
        while (!units.empty()) alone()->submit(units.pop_front());
        if (!is_completing_) flush();
    }

    /// Not in place: handlers would be called inside of `emit`. All that are cancelled until then go together, for each
    /// cancel looks through the whole queue.
    void cancel(std::uint64_t ticket) noexcept override {
        if (is_left() && has_lock()) return;
        const std::lock_guard lock{cancels_mutex_};
        persist([&] { cancels_.push_back(ticket); });
        if (cancels_.size() > 1) return;
        persist([this] { asio::post(executor, [link = self()] { link->cancel_all(); }); });
    }

    void shut_down(std::string_view why) noexcept override {
        const link_lock held = hold();
        if (!core_) return;
        if (is_left() && has_lock()) return (void)core_.release();  // a thread of the parent may have been at it
        core_->notices().clear();
        core_->close(why, ending::by_program);
        if (orphaned_) return;
        if (!is_completing_) rearm();
    }

    void retire() override {
        const link_lock held = hold();
        if (!core_) let_go();
    }

 private:
    /// Of a child process, where another thread may have been at the session, and none may run its executor.
    void forsake(unit_ptr&& u) const noexcept {
        fail_by(*u, [&] {
            const std::string text = std::string{"the connection is closed: "} + of_parent;
            return std::make_exception_ptr(
                connection_closed{text + "; the statement was not sent", u->site(), outcome::not_sent});
        });
        if (u->is_foreign && u->waiting) return u->waiting(std::move(u));  // posts it
        if (u->waiting) refuse(std::move(u));
    }

    [[nodiscard]] std::shared_ptr<socket_link> self() {
        return std::static_pointer_cast<socket_link>(shared_from_this());
    }

    /// What the event loop is to call. Destroyed without being called, it tells that the execution context is going away.
    class continuation {
     public:
        explicit continuation(std::shared_ptr<socket_link> link) : link_{std::move(link)} {}
        continuation(continuation&&) noexcept = default;
        continuation& operator=(continuation&&) = delete;
        ~continuation() {
            if (link_ && !link_->is_arming_) link_->orphan();
        }

     protected:
        std::shared_ptr<socket_link> take_link() noexcept { return std::exchange(link_, nullptr); }

     private:
        std::shared_ptr<socket_link> link_;
    };

    /// Waits for one direction.
    class on_ready : public continuation {
     public:
        on_ready(std::shared_ptr<socket_link> link, want direction)
            : continuation{std::move(link)}, direction_{direction} {}
        void operator()(error_code problem) {
            const std::shared_ptr<socket_link> link = take_link();
            link_lock held = link->hold();
            (direction_ == want::read ? link->reading_ : link->writing_) = false;
            link->run(held, problem ? want::nothing : direction_);
        }

     private:
        want direction_;
    };

    class next_turn : public continuation {
     public:
        using continuation::continuation;
        void operator()() {
            const std::shared_ptr<socket_link> link = take_link();
            link_lock held = link->hold();
            link->is_posted_ = false;
            link->run(held, want::nothing);
        }
    };

    /// The session, while no other thread is at work on it.
    class own_turn {
     public:
        explicit own_turn(socket_link& link) : link_{link}, turn_{link.user_}, core_{*link.core_} {
            if (turn_.is_intruder()) die_of_two_threads();
            link_.count_turn(+1);
        }
        ~own_turn() { link_.count_turn(-1); }
        session* operator->() const noexcept { return &core_; }

     private:
        socket_link& link_;
        turn turn_;
        session& core_;
    };
    [[nodiscard]] own_turn alone() { return own_turn{*this}; }

    /// The time in which a handler of notices is called: other threads may use the session.
    class telling {
     public:
        telling(socket_link& link, link_lock& held) : link_{link}, held_{held} {
            link_.is_telling_ = true;
            if (link_.has_lock()) held_.unlock();
        }
        telling(const telling&) = delete;
        telling& operator=(const telling&) = delete;
        ~telling() {
            if (link_.has_lock()) held_.lock();
            link_.is_telling_ = false;
        }

     private:
        socket_link& link_;
        link_lock& held_;
    };

    /// A turn: takes in what came, and last of all calls the program's code. That may throw, submit more, run the event
    /// loop, destroy the connection or move its session away: all that is still to be done is in the hands of the event
    /// loop by then. Who waits on another executor than this one is told there.
    void run(link_lock& held, want ready) {
        is_completing_ = false;  // whichever turn was completing, this one goes on with it
        if (!core_) return;
        alone()->advance(ready);
        if (const inbox::delivery news = core_->notices().take(); !news.empty()) {
            rearm();
            const telling now{*this, held};
            news();
        }
        if (core_) complete();
    }

    /// Completes those who are done, but for those who are refused meanwhile: the event loop is not only ours.
    void complete() {
        unit_ptr done = core_->take_finished();
        std::size_t left = core_->finished_count();
        rearm();
        if (left == 0) return call(std::move(done));
        // Statements that they submit are sent together.
        is_completing_ = true;
        for (call(std::move(done)); is_completing_ && core_ && left > 0; --left) call(core_->take_finished());
        if (!std::exchange(is_completing_, false)) return;
        if (core_) flush();
    }
    static void call(unit_ptr done) {
        if (done && done->waiting) done->waiting(std::move(done));
    }

    void cancel_all() {
        link_lock held = hold();
        std::vector<std::uint64_t> tickets;
        {
            const std::lock_guard lock{cancels_mutex_};
            tickets.swap(cancels_);
        }
        if (orphaned_ || !core_) return;
        std::ranges::sort(tickets);
        alone()->cancel(tickets, clock::now());
        run(held, want::nothing);
    }

    /// Sends what was submitted.
    void flush() noexcept {
        alone()->send();
        rearm();
    }

    /// Arranges to be called again for all that is open. When that cannot be, the connection is closed, and the turn that
    /// tells so comes in any case.
    void rearm() noexcept {
        is_arming_ = true;
        guard(*core_, [this] {
            if (std::optional<pq::cancel_request> request = core_->take_cancel()) send_cancel(std::move(*request));
            if (!core_->is_open()) return;
            watch();
            wait();
        });
        const bool is_to_tell = core_->finished_count() > 0;
        if (is_to_tell && !std::exchange(is_posted_, true))
            persist([this] { asio::post(executor, next_turn{self()}); });
        is_arming_ = false;
        if (!core_->is_open() && !is_to_tell) disconnect();
    }

    void wait() {
        const want wanted = core_->wants();
        // The answer was read already: an idle connection gives the event loop nothing to do.
        if (reading_ && wanted == want::nothing) read_side_.cancel();
        if (has(wanted, want::read) && !reading_) {
            reading_ = true;
            read_side_.async_wait(descriptor::wait_read, on_ready{self(), want::read});
        }
        if (has(wanted, want::write) && !writing_) {
            writing_ = true;
            // On a descriptor of its own, if there is one left: once Asio has waited for EPOLLOUT on one, its later
            // waits wake for nothing.
            if (!write_side_.is_open()) try {
                    write_side_ = watched(executor, duplicate(core_->socket()));
                } catch (const connection_error&) {
                }
            descriptor& side = write_side_.is_open() ? write_side_ : read_side_;
            side.async_wait(descriptor::wait_write, on_ready{self(), want::write});
        }
    }

    /// One timer for all deadlines. It is moved forward only; one that fires too early looks for the next.
    void watch() {
        const clock::time_point next = core_->next_deadline();
        if (next >= watched_) return;
        watched_ = next;
        watchdog_.expires_at(next);
        watchdog_.async_wait([link = self(), next](error_code problem) {
            if (problem) return;
            tell_if_late(clock::now() - next);
            link_lock held = link->hold();
            link->watched_ = no_deadline;
            if (!link->core_ || !link->core_->is_open()) return;
            link->alone()->expire(clock::now());
            link->run(held, want::nothing);
        });
    }

    void send_cancel(pq::cancel_request&& request);
    class cancel_end;

    void disconnect() {
        let_go();
        core_->release();
    }

    void let_go() {
        error_code ignored;
        for (descriptor* const side : {&read_side_, &write_side_})
            if (is_left()) leave_to_parent(*side);
        read_side_.close(ignored);
        write_side_.close(ignored);
        watchdog_.cancel();
        abandon_cancel();
    }

    /// On the executor, as the cancel: this may be the thread of a user who is not.
    void abandon_cancel() {
        const auto signal = std::exchange(cancelling_, nullptr);
        if (!signal || is_left()) return;
        if (!has_lock()) return signal->emit(asio::cancellation_type::terminal);
        persist([&] { asio::post(executor, [signal] { signal->emit(asio::cancellation_type::terminal); }); });
    }

    /// The handlers of the waiters own coroutines, which may own this connection: the circle is broken here.
    void orphan() {
        orphaned_ = true;
        const unit_queue doomed = core_ ? core_->take_all() : unit_queue{};
    }

    turn_holder user_{};
    descriptor read_side_;
    descriptor write_side_;
    asio::steady_timer watchdog_;
    clock::time_point watched_ = no_deadline;
    std::shared_ptr<asio::cancellation_signal> cancelling_;
    bool reading_ = false;
    bool writing_ = false;
    bool is_completing_ = false;  ///< what is submitted now, is sent once all of a turn are completed
    bool is_posted_ = false;      ///< the next turn
    bool is_arming_ = false;      ///< what is destroyed now, was not begun for lack of memory
    bool orphaned_ = false;
    std::mutex cancels_mutex_;
    std::vector<std::uint64_t> cancels_;  ///< tickets
};

/// The end of a cancel. Destroyed without being called, it tells that the execution context is going away.
class socket_link::cancel_end {
 public:
    cancel_end(std::weak_ptr<asio_link> link, std::shared_ptr<asio::cancellation_signal> signal)
        : link_{std::move(link)}, signal_{std::move(signal)} {}
    cancel_end(cancel_end&&) noexcept = default;
    cancel_end& operator=(cancel_end&&) = delete;
    ~cancel_end() {
        if (const auto link = take_link(); link && link->cancelling_ == signal_ && !link->is_arming_) link->orphan();
    }
    void operator()(const std::exception_ptr& failure, const std::string& problem) {
        const auto link = take_link();
        if (!link) return;
        link_lock held = link->hold();
        if (link->orphaned_ || !link->core_ || link->cancelling_ != signal_) return;
        if (!problem.empty()) contain("a cancel", [&] { log(log_level::warning, "cannot send a cancel: " + problem); });
        link->cancelling_ = nullptr;
        if (failure)  // it goes on, and nobody knows until when
            link->core_->close("the end of a cancel cannot be waited for");
        else
            link->core_->cancel_ended(clock::now());
        link->run(held, want::nothing);
    }

 private:
    std::shared_ptr<socket_link> take_link() {
        return std::static_pointer_cast<socket_link>(std::exchange(link_, {}).lock());
    }

    std::weak_ptr<asio_link> link_;
    std::shared_ptr<asio::cancellation_signal> signal_;
};

void socket_link::send_cancel(pq::cancel_request&& request) {
    const auto signal = cancelling_ = std::make_shared<asio::cancellation_signal>();
    asio::co_spawn(executor, drive(ops::cancel(std::move(request))),
                   asio::bind_cancellation_slot(signal->slot(), cancel_end{weak_from_this(), signal}));
}

}  // namespace

void asio_link::refuse(unit_ptr&& u) const noexcept { tell_later(executor, std::move(u)); }

std::exception_ptr asio_link::parted() {
    return std::make_exception_ptr(usage_error{"the connection went back to its pool"});
}

void asio_link::throw_parted() { std::rethrow_exception(parted()); }

std::shared_ptr<asio_link> make_link(int socket, asio::any_io_executor executor, asio::any_io_executor users) {
    return std::make_shared<socket_link>(socket, executor, users);
}

std::shared_ptr<asio_link> make_link(pq::connection conn, const asio::any_io_executor& executor) {
    const auto link = make_link(PQsocket(conn.get()), executor, executor);
    link->adopt(std::make_unique<session>(std::move(conn)));
    return link;
}

}  // namespace coropg::detail
