// One connection's core: it owns the PGconn and the queue of units, and never waits. It is told what the socket is
// ready for and answers what it wants next and which units are finished. It knows libpq, and nothing of Asio, threads
// or timers.
//
// libpq stays in pipeline mode; every unit ends with its own Sync, so that units overlap on the wire and still succeed
// or fail one by one. A unit with an op runs alone, out of pipeline mode, once the units before it are finished.
#pragma once

#include <coropg/detail/lease_record.hpp>
#include <coropg/detail/op.hpp>
#include <coropg/detail/pq.hpp>
#include <coropg/detail/statement_cache.hpp>
#include <coropg/detail/type_catalog.hpp>
#include <coropg/detail/unit_queue.hpp>
#include <coropg/observer.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coropg::detail {

class session {
 public:
    /// Takes over a connection that is established and idle.
    explicit session(pq::connection conn);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session();

    /// A unit to fill in and submit: one that went before, if there is one, so that a statement allocates nothing.
    unit_ptr make_unit(call_options options, std::source_location where,
                       const std::shared_ptr<scope>& within = nullptr);
    /// What a finished unit becomes, or its error. The unit is used again.
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
    /// Queues a unit; it is sent by the next `send()`. One that does not belong to the innermost open transaction is
    /// refused.
    void submit(unit_ptr&& u);

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
            submit(std::move(units[i]));
        }
        return std::move(units.back());
    }

    /// Begins a transaction, or a savepoint within `outer`; nothing is sent before its first statement.
    /// Errors: usage_error when `outer` is not the innermost open one.
    std::shared_ptr<scope> begin(const std::shared_ptr<scope>& outer, std::vector<std::string> opening,
                                 bool finds_transaction_id);
    /// Sends what may be sent now, without waiting; then, while the server works, cleans up behind finished units.
    void send();
    /// Reads what has come, and sends what that allows.
    void advance(want ready);
    /// What the socket is to be waited for; nothing when no unit is under way.
    [[nodiscard]] want wants() const noexcept;
    /// The next finished unit, or nullptr.
    unit_ptr take_finished() noexcept { return finished_.empty() ? nullptr : finished_.pop_front(); }
    [[nodiscard]] bool has_finished() const noexcept { return !finished_.empty(); }

    /// Ends the units whose deadline is past: those not sent are dropped, one that runs alone is to be cancelled,
    /// others are abandoned, which leaves a tombstone in the queue to swallow their answers. So is a COMMIT. When nobody
    /// waits any more for what is under way, it is given the time of a drain to end, as a cancelled statement is.
    void expire(clock::time_point now);
    /// When `expire` is to be called next; it may find that what was due is done.
    [[nodiscard]] clock::time_point next_deadline() const noexcept {
        return std::min({first_deadline_, drain_deadline_, cancel_again_});
    }
    /// Makes `u`, which is not submitted yet, one that can be cancelled by the number returned.
    std::uint64_t make_cancellable(unit& u) noexcept { return u.ticket = ++last_ticket_; }
    /// Ends the unit with that number, if it is still there, as `expire` does.
    void cancel(std::uint64_t ticket, clock::time_point now);

    /// Whether the next user of the connection may have it as it is.
    [[nodiscard]] bool is_quiet() const noexcept {
        return state_ == state::pipelining && !is_dirty() && queued_.empty() && underway_.empty() && !current_ &&
               cancelling_ == cancel_state::none && !on_notice_ && PQtransactionStatus(conn_.get()) == PQTRANS_IDLE;
    }
    /// Whether statements that were sent have changed the session beyond their transactions, as far as their texts tell.
    [[nodiscard]] bool is_dirty() const noexcept { return changes_ != session_change::none; }
    /// Cleans the session for the next user of the connection, and waits for nothing: who still waits is told that it
    /// was cancelled, open scopes are ended, and what restores the session is queued. Statements queued behind travel with
    /// it. What fails, or has not ended by `deadline`, ends the connection.
    void reset(clock::time_point deadline);
    /// The session as it is now is how users are to find it; only those who set it up so can do that again.
    void keep_changes() noexcept;
    /// Takes it that the session was changed, whatever the statements said.
    void assume_changed() noexcept;
    /// Whether something is on its way to the server or back, or a transaction is open there: what ends it can take long.
    [[nodiscard]] bool has_leftovers() const noexcept {
        return !underway_.empty() || cancelling_ != cancel_state::none ||
               PQtransactionStatus(conn_.get()) != PQTRANS_IDLE;
    }
    /// Whether its target_session_attrs ask for a server that takes writes, and this one has refused one outside of a
    /// read-only transaction: it is a standby now, or was made read-only.
    [[nodiscard]] bool takes_no_writes() const noexcept { return takes_no_writes_; }
    /// Whether a reset would undo what was kept.
    [[nodiscard]] bool loses_kept_changes() const noexcept { return has_kept_changes_ && is_dirty(); }

    /// The types that are known; sessions of one database share them.
    [[nodiscard]] const std::shared_ptr<const type_catalog>& types() const noexcept { return types_; }
    void share_types(std::shared_ptr<const type_catalog> known) noexcept { types_ = std::move(known); }

    /// Has each statement noted in `record`, from now on.
    void record_in(std::shared_ptr<lease_record> record) noexcept { record_ = std::move(record); }

    /// The cancel that is to be sent, once. Nothing new is sent until `cancel_ended`: it must not meet another
    /// statement.
    std::optional<pq::cancel_request> take_cancel();
    void cancel_ended(clock::time_point now);

    /// Has `handler(diagnostics)` called for each notice, by `deliver_notices`.
    void on_notice(std::function<void(const diagnostics&)> handler) { on_notice_ = std::move(handler); }
    void deliver_notices();

    [[nodiscard]] int socket() const noexcept { return PQsocket(conn_.get()); }
    [[nodiscard]] bool is_open() const noexcept { return state_ != state::closed; }
    [[nodiscard]] PGconn* native_handle() const noexcept { return conn_.get(); }
    /// Ends the connection; all units finish with a connection_error that says `reason`.
    void close(std::string_view reason);
    /// Frees the socket of a closed connection.
    void release() noexcept { conn_.reset(); }
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
    enum class cancel_state : unsigned char {
        none,
        wanted,
        under_way,
        delivered,  ///< the server took note; the statement has not ended yet
    };

    static void take_notice(void* self, const PGresult* notice) noexcept;

    void recycle(unit_ptr&& u) noexcept;
    void clean_up() noexcept;

    bool resolve_types(unit& u);
    void look_up(const std::vector<std::string_view>& names, const std::vector<oid>& numbers, unit_ptr&& dependent,
                 const unit& asking);
    static void fail_unread(unit& u, const unit& lookup);
    void end_lookup(unit_ptr&& u);
    void forget_type_names();
    void note_types(unit& u, result& answer);

    [[nodiscard]] bool admit(unit& u) const;
    void leave(const scope& s);
    [[nodiscard]] static bool has_nothing_to_end(const unit& u);
    static void refuse_behind_failed_begin(unit& u);
    void open(unit& u);
    void ask_for_transaction_id(const unit& commit);
    void note_scope(unit& u);

    void note_change(const unit& u);
    void give_up_all(clock::time_point now);
    void end_scopes();
    unit_ptr make_reset(session_change undone);
    void refuse_behind_reset(const unit& failed);
    [[nodiscard]] bool is_reset_late(clock::time_point now) const;

    [[nodiscard]] bool may_go_on();
    void take_next();
    bool feed(unit& u);
    bool send_command(unit& u, command& c);
    void deallocate_evicted();
    void flush();

    void receive();
    void end_answer(unit& u);
    void on_result(unit& u, pq::result&& r);
    void on_answer(unit& u, pq::result&& r);
    void hand_over(unit& u, command& c);
    void on_sync(pq::result&& r);
    void note_command(unit& u, std::string_view tag);
    void note_refused_write(const unit& u);
    void refuse_copy(unit& u);
    void forget_what_broke(unit& u);
    [[nodiscard]] bool is_to_be_replayed(const unit& u) const;
    void replay(unit_ptr&& u);

    void start_exclusive();
    void resume_exclusive();
    void end_exclusive();

    void hear_first();
    template <class Affected>
    void stop(Affected affected, stop_cause cause, clock::time_point now);
    void limit_drain(clock::time_point now);
    void cancel_abandoned();
    void cancel_head(unit& u, stop_cause cause, clock::time_point now);
    void give_up(unit& u, stop_cause cause, std::string_view reason, outcome became);
    void lose();
    void finish(unit_ptr&& u);
    void fail_closed(unit_ptr&& u, bool sent);
    void report(const unit& u) const;
    void report_end(const unit& u, const query_event& event) const;

    pq::connection conn_;
    state state_ = state::pipelining;
    bool unflushed_ = false;
    std::size_t unflushed_bytes_ = 0;
    want exclusive_wants_ = want::nothing;
    cancel_state cancelling_ = cancel_state::none;
    clock::time_point drain_deadline_ = no_deadline;
    clock::time_point first_deadline_ = no_deadline;
    clock::time_point cancel_again_ = no_deadline;
    std::uint64_t last_ticket_ = 0;
    std::string closed_because_;

    std::shared_ptr<scope> current_;      // the innermost that takes statements
    const scope* transaction_ = nullptr;  // begun on the server, or about to be; only compared
    bool in_transaction_by_hand_ = false;
    bool takes_no_writes_ = false;
    bool beginning_ = false;  // BEGIN is sent and not answered: if it is refused, nothing may run without it

    session_change changes_ = session_change::none;  // by what was sent since the last reset
    bool has_kept_changes_ = false;
    std::size_t resets_ = 0;                           // not ended yet
    std::shared_ptr<const type_catalog> clean_types_;  // as before the changes

    std::shared_ptr<lease_record> record_;
    std::function<void(const diagnostics&)> on_notice_;
    std::vector<diagnostics> notices_;

    statement_cache cache_;
    std::shared_ptr<const type_catalog> types_ = std::make_shared<type_catalog>();
    std::size_t lookups_ = 0;  // not ended yet
    param_arrays arrays_;
    unit_queue queued_;    // nothing of them is sent
    unit_queue underway_;  // sent, the last one perhaps in part; answered in this order
    unit_queue finished_;
    unit_queue held_;   ///< ended, and told once the cancel that is under way has ended, too
    unit_queue used_;   // their waiters are done with them
    unit_queue spare_;  // clean
};

}  // namespace coropg::detail
