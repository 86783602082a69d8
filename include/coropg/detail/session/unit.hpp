// A unit: what a caller submits and a session runs up to one Sync. It is one statement, or several that succeed or fail
// together, or one op that needs the connection for itself. It owns its SQL, its parameters and its results.
#pragma once

#include <coropg/detail/ops/op.hpp>
#include <coropg/detail/pq.hpp>
#include <coropg/detail/session/completion.hpp>
#include <coropg/detail/session/purpose.hpp>
#include <coropg/detail/session/scope.hpp>
#include <coropg/detail/values/params.hpp>
#include <coropg/options.hpp>
#include <coropg/result.hpp>
#include <coropg/sql_text.hpp>

#include <cstdint>
#include <forward_list>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace coropg::detail {

/// The text of a statement, once for commands in a row that repeat it.
struct statement_text {
    std::string_view sql;
    std::uint64_t hash;
    /// It was made as the program ran, and may hold values.
    bool is_composed;
};

/// One execution of a statement. Small: a unit may have a million.
struct command {
    command(std::size_t index, std::size_t first, std::size_t count) noexcept
        : statement{static_cast<std::uint32_t>(index)},
          parameter_count{static_cast<std::uint16_t>(count)},
          first_parameter{first} {}

    /// Which of its unit's statements.
    std::uint32_t statement;
    std::uint16_t parameter_count;
    /// Set when it was sent behind the Parse that prepares it: libpq then answers for both.
    bool with_parse = false;
    /// False when nobody can ask for the answer any more: it is counted and freed.
    bool is_wanted = true;
    /// One of ours, like BEGIN: sent without a name, for what is prepared can vanish.
    bool is_own = false;
    /// Where its parameters begin.
    std::size_t first_parameter;
    result answer;
};

/// What the server no longer has as a unit took it for.
enum class out_of_date : unsigned char {
    nothing,
    statement,  ///< a prepared one of ours is gone, or is there already
    plan,       ///< that of a prepared statement of ours
    type,       ///< of a parameter
    format,     ///< a column has no binary form, as was seen when its first value was made
};

/// Why a unit is not waited for to its natural end.
enum class stop_cause : unsigned char { none, timeout, cancellation };

/// The state of a unit, apart from what it owns.
class unit;

/// How its results come and are read.
struct result_form {
    bool lax = false;  ///< rows may have columns too many
    bool in_text = false;
};

struct unit_state {
    std::source_location where;
    prepare preparing = prepare::automatic;
    result_form form{};
    clock::time_point deadline = no_deadline;
    /// Its deadline may be past when it is submitted.
    bool may_be_late = false;
    /// When it was submitted, if that is going to be logged.
    clock::time_point started{};

    /// Its waiter runs on another executor than the session's, which then must not see it again.
    bool is_foreign = false;
    /// By which it is cancelled; 0 if nobody can.
    std::uint64_t ticket = 0;
    purpose is_for = purpose::statements;
    /// The change that its statements may make to the session.
    session_change changes = session_change::none;
    /// What its statements may do to types and their names.
    name_change alters = name_change::none;
    /// Some of its parameters are of types that are not built in.
    bool sends_user_types = false;
    int replays = 0;
    /// It may run on another connection as well: it does not wait behind what is being cancelled, but ends as not sent.
    bool may_move = false;
    /// Its commands are one statement for the elements of a range, in order.
    bool is_repeated = false;
    /// False: results are counted and freed as they come.
    bool keeps_results = true;
    /// The first commands open the scope; those of the caller follow.
    std::size_t opening_commands = 0;
    /// Why its statement is to be cancelled.
    stop_cause stopped = stop_cause::none;
    /// Its waiter was told that it was stopped; what is left swallows the answers.
    bool is_tombstone = false;
    /// The unit whose parameters wait for this lookup; only compared.
    const unit* asks_for = nullptr;

    [[nodiscard]] bool is_stopped() const noexcept { return stopped != stop_cause::none; }
    [[nodiscard]] bool ends_scope() const noexcept { return detail::ends_scope(is_for); }
};

/// How far a unit has come; one that is run again begins anew. Commands are sent and answered in order.
struct unit_progress {
    std::size_t sent = 0;
    std::size_t answered = 0;  ///< commands that are complete
    std::size_t failed_command = 0;
    /// The server refused the Parse of that command, and so ran nothing of it.
    bool failed_in_parse = false;
    /// Its error ended the connection, which no function can raise.
    bool failed_fatally = false;
    /// So many commands are done, the last of them more than rows: none of them is run once more.
    std::size_t kept = 0;
    /// So many are done, and the effect of the last of them stays, whatever becomes of the rest: COMMIT, CALL; or can be
    /// kept: SAVEPOINT.
    std::size_t stored = 0;
    bool parse_answered = false;
    bool sync_sent = false;
    /// When its types were asked for (`type_resolver::generation`), 0 if they were not: what is not known then, the server
    /// does not have.
    std::size_t types_asked = 0;
    std::uint64_t affected_rows = 0;
};

/// Units that end as one: the waiter of the last is told once all have ended, in any order.
struct unit_group {
    std::size_t left = 0;
    unit_ptr last;
    completion waiting;

    /// Takes the waiter of `last` over, which is about to be queued.
    static void enter(unit& last);
    void end_one();
};

/// Takes what a unit's statements return as it comes, so that it need not be kept until its Sync.
class receiver {
 public:
    virtual ~receiver() = default;
    /// Whether rows are handed over as they come, before the answer that ends them. Nothing is sent behind such a unit.
    [[nodiscard]] virtual bool takes_rows() const noexcept { return false; }
    /// Whether more may be read now. While it may not, nothing is read for the unit, and the server has to wait.
    [[nodiscard]] virtual bool may_read() const noexcept { return true; }
    /// Some rows of the caller's statement at `index` are there, if it takes rows.
    virtual void rows(unit& /*u*/, std::size_t /*index*/, result&& /*some*/) noexcept {}
    /// The answer to the caller's statement at `index` is there, `u.own(index).answer`.
    virtual void answer(unit& u, std::size_t index) noexcept = 0;
    /// The unit has ended, however it did.
    virtual void end(unit& /*u*/) noexcept {}
};

class unit : public unit_state, public unit_progress {
 public:
    unit(call_options options, std::source_location line, const std::shared_ptr<scope>& scope = nullptr) {
        begin(options, line, scope);
    }

    void begin(call_options options, std::source_location line, const std::shared_ptr<scope>& scope);
    /// Lets the time of `options` run from now on.
    void set_deadline(const call_options& options);
    /// Gives back all but the memory that the next statement can use.
    void clear() noexcept;
    /// As it was before it was sent.
    void start_over();

    /// Appends a statement whose parameters are about to be added to `parameters`.
    /// Errors: usage_error for COPY, for more parameters than the protocol can count, and for what would end the
    /// transaction it is part of.
    void add(const sql_view& sql, std::size_t parameter_count);
    /// Appends the last statement once more, for the parameters that are about to be added.
    void add_again();
    /// Appends a statement of our own, without parameters.
    void add_own(std::string sql);
    /// Makes it one that ends its scope, whatever it was; `name` is that of a prepared transaction, quoted.
    void end_scope(purpose how, std::string_view name = {});
    /// Puts the opening of its scope, and of those around it that nothing was sent of, in front.
    void open_scopes();
    /// Notes which of these the server refused.
    void note_refused_scopes();

    [[nodiscard]] const statement_text& text_of(const command& c) const noexcept { return statements[c.statement]; }
    /// The caller's command at `index`.
    [[nodiscard]] command& own(std::size_t index = 0) { return commands[opening_commands + index]; }

    /// Ends it with an error that the server did not report; it outranks one that the server did.
    void fail(std::exception_ptr problem) { problem_ = std::move(problem); }
    /// Ends it with the server's error about command `index`.
    void fail(std::size_t index, pq::result error);
    /// Ends it with what `other` failed with, whose error goes with it.
    void fail_as(unit& other);
    /// Whether the next answer is that of a Parse.
    [[nodiscard]] bool awaits_parse() const noexcept {
        return answered < sent && commands[answered].with_parse && !parse_answered;
    }
    /// Whether its rows are handed over as they come, and somebody still wants them.
    [[nodiscard]] bool is_streamed() const noexcept {
        return receiver && receiver->takes_rows() && !is_stopped() && !is_tombstone;
    }
    /// Whether its waiter has no room for more of its rows.
    [[nodiscard]] bool holds_back() const noexcept { return is_streamed() && !receiver->may_read(); }
    [[nodiscard]] bool failed() const noexcept { return problem_ != nullptr || server_error_ != nullptr; }
    [[nodiscard]] bool has_problem() const noexcept { return problem_ != nullptr; }
    /// The SQLSTATE of the server's error, else "".
    [[nodiscard]] std::string_view sqlstate() const noexcept;
    /// The text of the server's error, else "".
    [[nodiscard]] std::string_view server_message() const noexcept;
    /// What it failed for. Its error then shows that nothing of the command that failed was executed, but for `format`.
    [[nodiscard]] out_of_date staleness() const;
    /// Throws what it failed with, if it did.
    void throw_failure() const;
    /// The same for the caller's statement at `index`: if another one of the unit failed, a pipeline_aborted.
    void throw_failure_of(std::size_t index) const;
    /// The caller's statement and the line that asked for it.
    [[nodiscard]] call_site site() const {
        call_site whole = site_of(opening_commands);
        whole.element = 0;
        return whole;
    }
    /// The text of the caller's first statement; null if it has none.
    [[nodiscard]] const statement_text* site_text() const noexcept {
        return opening_commands < commands.size() ? &text_of(commands[opening_commands]) : nullptr;
    }
    /// The same for the command at `index`.
    [[nodiscard]] call_site site_of(std::size_t index) const;

    std::vector<statement_text> statements;
    std::vector<command> commands;
    params parameters;
    /// The transaction or savepoint that it is part of.
    std::shared_ptr<scope> within;
    /// Its work on a connection of its own, out of pipeline mode, in place of commands.
    std::function<op<void>(PGconn*, unit&)> exclusive;
    std::optional<op<void>> running;
    /// Empty: nobody waits for it.
    completion waiting;
    /// Null: answers are kept in their commands.
    std::shared_ptr<detail::receiver> receiver;
    /// Its waiter waits for these, too.
    std::shared_ptr<unit_group> group;
    /// Kept, so that it is freed when there is time for it.
    pq::result sync;
    /// Types of its results that are not built in and not known yet.
    std::vector<oid> unknown_types;
    /// Answered, but not to be told before this lookup has ended.
    unit_ptr dependent;

 private:
    friend class unit_queue;

    /// One of our own SQL, without parameters.
    command own_command(std::string sql);

    std::forward_list<std::string> owned_sql_;
    std::exception_ptr problem_;
    pq::result server_error_;
    unit* next_ = nullptr;
};

/// Ends `u` with the error that `make` returns; with what that throws, when there is no memory for it.
template <class Make>
void fail_by(unit& u, Make make) noexcept {
    try {
        u.fail(make());
    } catch (...) {
        u.fail(std::current_exception());
    }
}

/// A statement of our own that nobody waits for.
unit_ptr own_unit(std::string sql);

/// Whether the opening of its scopes would begin a transaction.
[[nodiscard]] inline bool begins_transaction(const unit& u) noexcept {
    return u.within && u.within->root()->reached == scope::progress::fresh && !u.ends_scope();
}

/// Whether `u`, whose turn has come, has nothing to do on the server, or may not do it.
bool ends_unsent(unit& u);

/// Whether something that `u` did may be stored though it has failed: CALL and DO may commit on their way, COMMIT by hand
/// does, and behind a SAVEPOINT by hand the program decides.
[[nodiscard]] bool may_stay(const unit& u);
/// The same of a unit that was sent in part, and whose answers are not all there.
[[nodiscard]] bool may_have_stored(const unit& u);

/// The error for the waiter of `u`, which was stopped.
std::exception_ptr stop_error(const unit& u, stop_cause cause, std::string_view reason, outcome became);
/// The same when the server has ended it.
std::exception_ptr cancelled_error(const unit& u);

}  // namespace coropg::detail
