// One connection's core: it owns the queue of units, and never waits. It is told what the socket is ready for and
// answers what it wants next and which units are finished. It knows nothing of Asio, threads or timers, and libpq only
// by its wire. Whatever happens to it throws nothing: when something fails on the way, memory for instance, the connection
// is closed, and all units are told why.
//
// libpq stays in pipeline mode; every unit ends with its own Sync, so that units overlap on the wire and still succeed
// or fail one by one. A unit with an op runs alone, out of pipeline mode, once the units before it are finished.
#pragma once

#include <coropg/detail/ops/op.hpp>
#include <coropg/detail/session/canceller.hpp>
#include <coropg/detail/session/inbox.hpp>
#include <coropg/detail/session/lease_record.hpp>
#include <coropg/detail/session/session_changes.hpp>
#include <coropg/detail/session/spares.hpp>
#include <coropg/detail/session/transaction_state.hpp>
#include <coropg/detail/session/type_resolver.hpp>
#include <coropg/detail/session/unit_queue.hpp>
#include <coropg/detail/session/wire.hpp>
#include <coropg/log.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coropg::detail {

/// How a connection has ended, as far as that tells more of its last units.
enum class ending : unsigned char {
    any,
    by_program,  ///< which is told by a connection_closed
    unheard,     ///< by the server, before it had read anything of them
};

class session;

/// Does `work` of that session, which is closed if it throws.
template <class Work>
void guard(session& core, Work&& work) noexcept;

class session {
 public:
    /// Takes over a connection that is established and idle.
    explicit session(pq::connection conn) : wire_{std::move(conn), inbox_} {}
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session() = default;

    // Queueing

    /// A unit to fill in and submit: one that went before, if there is one, so that a statement allocates nothing.
    unit_ptr make_unit(call_options options, std::source_location where,
                       const std::shared_ptr<scope>& within = nullptr) {
        return spares_.make(options, where, within);
    }
    /// The result of a finished unit, or its error. The unit is used again.
    template <class Map>
    auto result_of(unit_ptr done, Map map) {
        struct at_the_end {
            session& self;
            unit_ptr u;
            ~at_the_end() { self.recycle(std::move(u)); }
        };
        const at_the_end keeper{*this, std::move(done)};
        return map(*keeper.u);
    }
    /// Reads what came while nothing was under way, if that was for some time: the server may have ended the connection.
    void hear_after_idling() noexcept;
    /// Queues a unit; it is sent by the next `send()`. One that does not belong to the innermost open transaction is
    /// refused, and so is one that there is no memory for.
    void submit(unit_ptr&& u) noexcept;
    /// Submits what belongs together, but for the last, which is returned: it ends when all have ended. `finish(index,
    /// unit)` is called for each of the others. Who can cancel the last, cancels all.
    template <class Finish>
    unit_ptr submit_all_but_last(std::vector<unit_ptr> units, Finish finish) {
        const auto group = std::make_shared<unit_group>();
        group->left = units.size();
        units.back()->group = group;
        const std::uint64_t ticket = make_cancellable(*units.back());
        for (std::size_t i = 0; i + 1 < units.size(); ++i) {
            units[i]->ticket = ticket;
            units[i]->waiting.emplace([group, finish, i](unit_ptr done) {
                finish(i, *done);
                group->end_one();
            });
        }
        unit_ptr last = std::move(units.back());
        units.pop_back();
        for (unit_ptr& u : units) submit(std::move(u));
        return last;
    }
    [[nodiscard]] transaction_state& transactions() noexcept { return transactions_; }

    // Sending and receiving

    /// Sends what may be sent now, without waiting; then, while the server works, cleans up behind finished units.
    void send() noexcept;
    /// Reads what has come, and sends what that allows. Also when a receiver has room again, with `want::read`, for
    /// rows may have been read from the socket already; and when a caller has supplied its op, with nothing.
    void advance(want ready) noexcept;
    /// The readiness to wait for; nothing if no unit is under way.
    [[nodiscard]] want wants() const noexcept;
    /// The next finished unit, or nullptr.
    unit_ptr take_finished() noexcept { return finished_.empty() ? nullptr : finished_.pop_front(); }
    [[nodiscard]] std::size_t finished_count() const noexcept { return finished_.size(); }
    /// Notices and their handler.
    [[nodiscard]] inbox& notices() noexcept { return inbox_; }

    // Deadlines and cancellation

    /// Ends the units whose deadline is past: those not sent are dropped, one that runs alone is to be cancelled,
    /// others are abandoned, which leaves a tombstone in the queue to swallow their answers. So is a COMMIT. When
    /// nobody waits any more for what is under way, it is given as long to end as a cancelled statement is.
    void expire(clock::time_point now) noexcept;
    /// When `expire` is to be called next; it may find that what was due is done.
    [[nodiscard]] clock::time_point next_deadline() const noexcept { return canceller_.next_deadline(); }
    /// Makes `u`, which is not submitted yet, one that can be cancelled by the number returned.
    std::uint64_t make_cancellable(unit& u) noexcept { return u.ticket = canceller_.make_ticket(); }
    /// Ends the units with these numbers, which are sorted, as far as they are still there, as `expire` does.
    void cancel(std::span<const std::uint64_t> tickets, clock::time_point now) noexcept;
    /// The cancel that is to be sent, once. Nothing new is sent until `cancel_ended`: it must not meet another
    /// statement.
    std::optional<pq::cancel_request> take_cancel();
    void cancel_ended(clock::time_point now) noexcept;

    // Handing over to the next user

    /// Whether the next user of the connection may have it as it is.
    [[nodiscard]] bool is_quiet() const noexcept;
    /// Whether something is on its way to the server or back, or a transaction is open there: what ends it can take
    /// long.
    [[nodiscard]] bool has_leftovers() const noexcept;
    /// Cleans the session for the next user of the connection, and waits for nothing: who still waits is told that it
    /// was cancelled, open scopes are ended, and what restores the session is queued. Statements queued behind travel
    /// with it. What fails, or has not ended by `deadline`, ends the connection.
    void reset(clock::time_point deadline) noexcept;
    /// The changes by statements that were sent, and which of them are to stay.
    [[nodiscard]] session_changes& changes() noexcept { return changes_; }
    [[nodiscard]] const session_changes& changes() const noexcept { return changes_; }
    /// Takes it that the session was changed, whatever the statements said.
    void assume_changed() noexcept;
    /// Whether its target_session_attrs ask for a server that takes writes, and this one has refused one outside of a
    /// read-only transaction: it is a standby now, or was made read-only.
    [[nodiscard]] bool takes_no_writes() const noexcept { return takes_no_writes_; }
    [[nodiscard]] type_resolver& types() noexcept { return types_; }
    [[nodiscard]] statement_cache& statements() noexcept { return wire_.statements(); }
    /// Has each statement noted in `record`, from now on.
    void record_in(std::shared_ptr<lease_record> record) noexcept { record_ = std::move(record); }

    // The connection

    [[nodiscard]] int socket() const noexcept { return PQsocket(native_handle()); }
    [[nodiscard]] bool is_open() const noexcept { return state_ != state::closed; }
    [[nodiscard]] PGconn* native_handle() const noexcept { return wire_.native_handle(); }
    /// Ends the connection; all units finish with a connection_error that says `reason`.
    void close(std::string_view reason, ending how = ending::any) noexcept;
    /// Frees the socket of a closed connection.
    void release() noexcept { wire_.release(); }
    /// Calls `visit(unit)` for all whose waiters have not been told, and for those that wait for the end of another.
    template <class Visitor>
    void for_each_unit(Visitor visit) {
        for (const unit_queue* units : {&queued_, &underway_, &held_})
            units->for_each([&visit](unit& u) {
                visit(u);
                if (u.dependent) visit(*u.dependent);
            });
    }
    /// All units, finished or not, out of the session: nobody is going to be told of them.
    unit_queue take_all();

 private:
    enum class state : unsigned char {
        pipelining,  ///< units overlap on the wire
        exclusive,   ///< one op has the connection
        closed,
    };

    // sending
    [[nodiscard]] bool may_go_on();
    void take_next();
    void note_change(const unit& u);
    void deallocate_evicted();

    // receiving
    void receive() noexcept;
    void on_rows(unit& u);
    void on_answer(unit& u);
    void hand_over(unit& u, command& c);
    void note_tag(unit& u, const command& c);
    void on_sync();
    void learn_from(unit_ptr&& ended);
    void note_refused_write(const unit& u);
    void refuse_copy(unit& u);
    void forget_what_broke(unit& u);
    [[nodiscard]] bool is_to_be_replayed(const unit& u) const;
    void replay(unit_ptr&& u);

    // exclusive work
    void start_exclusive();
    void resume_exclusive();
    void end_exclusive();

    // types
    bool fill_types(unit& u);
    void look_up(const std::vector<std::string_view>& names, const std::vector<oid>& numbers, unit_ptr&& dependent,
                 const unit& asking);
    void end_lookup(unit_ptr&& u) noexcept;

    // transactions
    void ask_for_transaction_id(const unit& commit);
    bool open(unit& u);
    void note_scope(unit& u);

    // stopping
    template <class Affected>
    void stop(Affected affected, stop_cause cause, clock::time_point now);
    void drop(unit_ptr&& u, stop_cause cause) noexcept;
    void roll_back(unit& u, stop_cause cause);
    void limit_wait(clock::time_point now);
    void send_away();
    void cancel_abandoned();
    void cancel_head(unit& u, stop_cause cause, clock::time_point now);
    void give_up(unit& u, stop_cause cause, std::string_view reason, outcome became);

    // resetting
    void give_up_all(clock::time_point now);
    void end_scopes();
    unit_ptr make_reset(session_change undone);
    void refuse_behind_reset(const unit& failed);

    // ends
    void recycle(unit_ptr&& u) noexcept;
    void finish(unit_ptr&& u) noexcept;
    void fail_closed(unit_ptr&& u, bool sent) noexcept;
    void lose();

    session_changes changes_;
    inbox inbox_{changes_};
    wire wire_;
    transaction_state transactions_;
    canceller canceller_;
    type_resolver types_;
    spares spares_;

    state state_ = state::pipelining;
    want exclusive_wants_ = want::nothing;
    const awaited* exclusive_caller_ = nullptr;  // what the op waits for besides the socket
    bool takes_no_writes_ = false;
    clock::time_point woken_;  // when a statement found nothing else under way
    std::string closed_because_;
    ending ended_ = ending::any;
    std::shared_ptr<lease_record> record_;

    unit_queue queued_;    // nothing of them is sent
    unit_queue underway_;  // sent, the last one perhaps in part; answered in this order
    unit_queue finished_;
    unit_queue held_;  // ended, and told once the cancel that is under way has ended, too
};

template <class Work>
void guard(session& core, Work&& work) noexcept {
    try {
        std::forward<Work>(work)();
    } catch (const std::exception& e) {
        core.close(text_of(e));
    } catch (...) {
        core.close(unknown_exception);
    }
}

}  // namespace coropg::detail
