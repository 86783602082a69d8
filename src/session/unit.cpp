#include <coropg/detail/session/unit.hpp>
#include <coropg/sqlstate.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>

namespace coropg::detail {

namespace {

bool is_text_of(const statement_text& known, const sql_view& sql) noexcept {
    if (known.hash != sql.hash()) return false;
    return known.sql.data() == sql.text().data() || known.sql == sql.text();
}

std::string_view field_of(const PGresult& error, int field) noexcept {
    const char* const text = PQresultErrorField(&error, field);
    return text == nullptr ? std::string_view{} : text;
}

const char* const hint_at_text =
    "cast the column to text, leave it out, or ask for text with({.text_results = true}), as this connection does by "
    "itself the next time it runs this statement";

/// Whether that can be said of a type that was dropped, or made anew with another number.
bool may_be_of_type(std::string_view code, std::string_view message) noexcept {
    if (code == sqlstate::internal_error) return message.starts_with("cache lookup failed for type");
    return code == sqlstate::undefined_object || code == sqlstate::datatype_mismatch ||
           code == sqlstate::undefined_function || code == sqlstate::wrong_object_type;
}

/// Where the server's error comes from.
struct error_origin {
    std::string_view context;
    std::string_view routine;
    bool has_position;

    explicit error_origin(const PGresult& error)
        : context{field_of(error, PG_DIAG_CONTEXT)},
          routine{field_of(error, PG_DIAG_SOURCE_FUNCTION)},
          has_position{!field_of(error, PG_DIAG_STATEMENT_POSITION).empty()} {}

    /// The statement was not even planned: once it runs, its errors have no position in it.
    [[nodiscard]] bool is_of_analysis() const noexcept { return context.empty() && has_position; }
    /// The same of what the server did not expect to happen at all, as it looked at the type of a parameter.
    [[nodiscard]] bool is_of_parameters_type() const noexcept {
        return context.empty() && (routine == "getBaseTypeAndTypmod" || routine == "TupleDescInitEntry" ||
                                   routine == "typeOrDomainTypeRelid");
    }
    /// A value could not be written in binary, for the server has no function that does. Source: printtup.c, and *_send in
    /// arrayfuncs.c, rowtypes.c and rangetypes.c.
    [[nodiscard]] bool is_of_output() const noexcept {
        constexpr std::string_view routines[]{"getTypeBinaryOutputInfo", "array_send", "get_range_io_data",
                                              "get_multirange_io_data"};
        return context.empty() && std::ranges::find(routines, routine) != std::end(routines);
    }
    /// A parameter could not be read, which is before anything runs. CONTEXT names it, in the language of the server.
    [[nodiscard]] bool is_of_parameter() const noexcept {
        const bool is_to_read =
            routine == "getTypeBinaryInputInfo" || routine == "array_recv" || routine == "record_recv";
        return is_to_read && context.find('\n') == std::string_view::npos;
    }
};

/// Whether the server has found that the type of a parameter is not there, which it looks at before all else; but what a
/// procedure returns is looked at behind it.
bool fails_for_parameter(const unit& u) {
    if (u.changes != session_change::none || u.failed_command >= u.commands.size()) return false;
    const command& c = u.commands[u.failed_command];
    const std::string_view message = u.server_message();
    const std::string_view number = message.substr(message.find_last_of(' ') + 1);
    return std::ranges::any_of(u.parameters.types(c.first_parameter, c.parameter_count),
                               [number](oid type) { return std::to_string(type) == number; });
}

diagnostics fields_of(const PGresult& error, const unit& u) {
    diagnostics fields = pq::diagnostics_of(&error);
    if (fields.hint.empty() && u.staleness() == out_of_date::format) fields.hint = hint_at_text;
    return fields;
}

/// Whether the command at `index` may have stored something before it failed.
bool commits_midway(const unit& u, std::size_t index) {
    return !u.within && !u.failed_in_parse && scan_sql(u.text_of(u.commands[index]).sql).commits_midway;
}

call_site site_of_text(const sql_view& sql, std::source_location where) {
    return {std::string{sql.text()}, where, 0, sql.is_literal() ? std::string{} : without_values(sql.text())};
}

/// Whether `u` ends, or asks about, what was never begun.
bool has_nothing_to_end(const unit& u) {
    return u.within && !u.within->is_open() && (u.ends_scope() || u.is_for == purpose::transaction_id);
}

/// Refuses what follows an opening that the server has refused.
void refuse_behind_failed_begin(unit& u) {
    if (u.within->reached != scope::progress::failed_to_open) return;
    if (u.is_for == purpose::rollback || u.is_for == purpose::transaction_id) return;
    const call_site site = u.site();
    constexpr const char* problem = "the transaction could not begin";
    u.fail(!u.ends_scope() ? std::make_exception_ptr(pipeline_aborted{problem, site})
                           : std::make_exception_ptr(commit_rolled_back{problem, site}));
}

}  // namespace

void unit_group::enter(unit& last) {
    const auto group = std::move(last.group);
    group->waiting = std::move(last.waiting);
    last.waiting.emplace([group](unit_ptr done) {
        group->last = std::move(done);
        group->end_one();
    });
}

void unit_group::end_one() {
    if (--left == 0) waiting(std::move(last));
}

void unit::begin(call_options options, std::source_location line, const std::shared_ptr<scope>& scope) {
    static_cast<unit_state&>(*this) = {
        .where = line, .preparing = options.prepare, .form = {options.lax, options.text_results}};
    static_cast<unit_progress&>(*this) = {};
    set_deadline(options);
    within = scope;
}

void unit::set_deadline(const call_options& options) {
    may_be_late = options.deadline.at() != no_deadline || options.timeout.count() < 0;
    deadline = end_of(options);
}

void unit::clear() noexcept {
    statements.clear();
    commands.clear();
    parameters.clear();
    within.reset();
    group.reset();
    exclusive = nullptr;
    running.reset();
    waiting = {};
    receiver.reset();
    sync.reset();
    unknown_types.clear();
    dependent.reset();
    owned_sql_.clear();
    problem_ = nullptr;
    server_error_.reset();
}

void unit::start_over() {
    static_cast<unit_progress&>(*this) = {};
    unknown_types.clear();
    problem_ = nullptr;
    server_error_.reset();
    parameters.unresolve();
    for (command& c : commands) {
        c.with_parse = false;
        c.answer = {};
    }
}

void unit::add(const sql_view& sql, std::size_t parameter_count) {
    if (sql.is_copy())
        throw usage_error{"COPY FROM STDIN and COPY TO STDOUT move data of their own: use copy_in or copy_out",
                          site_of_text(sql, where)};
    if (parameter_count > max_parameters)
        throw usage_error{std::to_string(parameter_count) + " parameters exceed the protocol's limit of " +
                              std::to_string(max_parameters) + "; pass an array instead",
                          site_of_text(sql, where)};
    if (within && sql.ends_transaction())
        throw usage_error{"a transaction is ended by commit() or rollback(), or by its function's end",
                          site_of_text(sql, where)};
    changes = std::max(changes, sql.changes());
    alters = std::max(alters, sql.names());
    if (statements.empty() || !is_text_of(statements.back(), sql))
        statements.push_back({sql.is_literal() ? sql.text() : std::string_view{owned_sql_.emplace_front(sql.text())},
                              sql.hash(), !sql.is_literal()});
    commands.emplace_back(statements.size() - 1, parameters.end(), parameter_count);
}

void unit::add_again() {
    const command& last = commands.back();
    commands.emplace_back(last.statement, parameters.end(), last.parameter_count);
}

command unit::own_command(std::string sql) {
    const std::string& text = owned_sql_.emplace_front(std::move(sql));
    statements.push_back({text, hash_sql(text), true});
    command own{statements.size() - 1, parameters.end(), 0};
    own.is_own = true;
    return own;
}

void unit::add_own(std::string sql) { commands.push_back(own_command(std::move(sql))); }

void unit::end_scope(purpose how, std::string_view name) {
    is_for = how;
    commands.clear();
    const std::string savepoint = "SAVEPOINT coropg_" + std::to_string(within->depth());
    switch (how) {
        case purpose::commit: add_own("COMMIT"); break;
        case purpose::prepare: add_own("PREPARE TRANSACTION " + std::string{name}); break;
        case purpose::release: add_own("RELEASE " + savepoint); break;
        case purpose::rollback:
            add_own(within->outer ? "ROLLBACK TO " + savepoint : "ROLLBACK");
            if (within->outer) add_own("RELEASE " + savepoint);
            break;
        default: assert(false && "a purpose that ends a scope");
    }
}

void unit::open_scopes() {
    for (scope* s = within.get(); s != nullptr && s->reached == scope::progress::fresh; s = s->outer.get()) {
        std::vector<command> opening;
        for (const std::string& sql : s->opening) {
            opening.push_back(own_command(sql));
            if (opening.size() > 1) alters = std::max(alters, scan_sql(sql).names);  // a setting
        }
        commands.insert(commands.begin(), std::make_move_iterator(opening.begin()),
                        std::make_move_iterator(opening.end()));
        opening_commands += opening.size();
        s->reached = scope::progress::open;
    }
}

void unit::note_refused_scopes() {
    if (failed_command >= opening_commands) return;
    std::size_t begin = opening_commands;
    for (scope* s = within.get(); begin > 0; s = s->outer.get()) {
        begin -= s->opening.size();
        if (failed_command <= begin) s->reached = scope::progress::failed_to_open;
    }
}

void unit::fail(std::size_t index, pq::result error) {
    server_error_ = std::move(error);
    failed_command = index;
    failed_in_parse = awaits_parse();
}

void unit::fail_as(unit& other) {
    problem_ = other.problem_;
    fail(opening_commands, std::move(other.server_error_));
}

std::string_view unit::sqlstate() const noexcept {
    return server_error_ ? field_of(*server_error_, PG_DIAG_SQLSTATE) : std::string_view{};
}

std::string_view unit::server_message() const noexcept {
    return server_error_ ? field_of(*server_error_, PG_DIAG_MESSAGE_PRIMARY) : std::string_view{};
}

// An SQLSTATE says nothing about execution: a function can raise any of them after it has stored something. It cannot
// raise one without adding its own lines to the error's CONTEXT, nor in the name of one of the server's routines, nor
// as the answer to a Parse. Source: PostgreSQL manual, "Error and Notice Message Fields".
out_of_date unit::staleness() const {
    if (!server_error_ || has_problem()) return out_of_date::nothing;
    const std::string_view code = sqlstate();
    const bool is_by_name = preparing != prepare::never;
    if (is_by_name && failed_in_parse && code == sqlstate::duplicate_prepared_statement) return out_of_date::statement;
    const error_origin origin{*server_error_};
    if (is_by_name && origin.context.empty()) {
        if (code == sqlstate::invalid_sql_statement_name && origin.routine == "FetchPreparedStatement")
            return out_of_date::statement;
        if (code == sqlstate::feature_not_supported && origin.routine == "RevalidateCachedQuery")
            return out_of_date::plan;
    }
    if (origin.is_of_output() && code == sqlstate::undefined_function && !form.in_text) return out_of_date::format;
    if (!sends_user_types || types_asked != 0 || !may_be_of_type(code, server_message())) return out_of_date::nothing;
    const bool did_not_run = failed_in_parse || origin.is_of_analysis() || origin.is_of_parameter() ||
                             (origin.is_of_parameters_type() && fails_for_parameter(*this));
    return did_not_run ? out_of_date::type : out_of_date::nothing;
}

void unit::throw_failure() const {
    if (problem_) std::rethrow_exception(problem_);
    if (server_error_)
        throw_server_error(fields_of(*server_error_, *this), site_of(failed_command),
                           may_stay(*this) ? outcome::unknown : outcome::failed);
}

void unit::throw_failure_of(std::size_t index) const {
    const std::size_t own = opening_commands + index;
    if (problem_ || server_error_ == nullptr) return throw_failure();
    const bool has_ended = failed_command >= commands.size();
    const bool has_stored = !has_ended && commits_midway(*this, failed_command);  // with what stood before it
    const bool stays = own < (has_stored ? failed_command + 1 : stored);
    if (failed_command == own || has_ended)
        throw_server_error(fields_of(*server_error_, *this), site_of(failed_command),
                           stays ? outcome::unknown : outcome::failed);
    const std::string which =
        failed_command < opening_commands
            ? "the transaction could not begin: "
            : "statement " + std::to_string(failed_command - opening_commands + 1) + " of the pipeline failed: ";
    const std::string failed = which + shown_message(fields_of(*server_error_, *this), site_of(failed_command));
    if (stays) throw pipeline_aborted{"executed, and perhaps stored: " + failed, site_of(own), outcome::unknown};
    throw pipeline_aborted{(own < failed_command ? "rolled back: " : "not executed: ") + failed, site_of(own)};
}

call_site unit::site_of(std::size_t index) const {
    if (commands.empty()) return {{}, where, 0};
    // An error reported at the Sync (a deferred constraint) is about the whole unit: its last statement stands for it.
    const bool is_element = is_repeated && index >= opening_commands && index < commands.size();
    const statement_text& text = text_of(commands[std::min(index, commands.size() - 1)]);
    return {std::string{text.sql}, where, is_element ? index - opening_commands + 1 : 0,
            text.is_composed ? without_values(text.sql) : std::string{}};
}

unit_ptr own_unit(std::string sql) {
    auto u = std::make_unique<unit>(call_options{}, std::source_location{});
    u->add_own(std::move(sql));
    return u;
}

bool ends_unsent(unit& u) {
    if (u.within) refuse_behind_failed_begin(u);
    return u.failed() || has_nothing_to_end(u);
}

bool may_stay(const unit& u) {
    if (u.stored > 0) return true;
    if (u.failed_in_parse || u.commands.empty()) return false;
    const sql_shape failed = scan_sql(u.text_of(u.commands[std::min(u.failed_command, u.commands.size() - 1)]).sql);
    if (u.exclusive && failed.saves) return true;
    if (u.within) return false;
    return failed.commits_midway || (u.exclusive && (failed.commits || failed.ends_transaction));
}

bool may_have_stored(const unit& u) {
    if (u.within) return false;
    if (u.sync_sent || u.stored > 0) return true;
    std::size_t scanned = u.statements.size();
    for (std::size_t i = u.answered; i < u.sent; ++i) {
        if (u.commands[i].statement == scanned) continue;
        scanned = u.commands[i].statement;
        const sql_shape shape = scan_sql(u.statements[scanned].sql);
        if (shape.commits || shape.ends_transaction) return true;
    }
    return false;
}

std::exception_ptr stop_error(const unit& u, stop_cause cause, std::string_view reason, outcome became) {
    const std::string text =
        (cause == stop_cause::timeout ? "timeout; " : "cancelled by the program; ") + std::string{reason};
    if (decides(u.is_for) && became == outcome::unknown) {
        const auto id = u.within ? u.within->transaction_id : std::nullopt;
        return std::make_exception_ptr(commit_in_doubt{text, u.site(), id});
    }
    if (cause == stop_cause::timeout) return std::make_exception_ptr(query_timeout{text, u.site(), became});
    return std::make_exception_ptr(operation_aborted{text, u.site(), became});
}

std::exception_ptr cancelled_error(const unit& u) {
    return stop_error(u, u.stopped, "the server cancelled the statement",
                      may_stay(u) ? outcome::unknown : outcome::failed);
}

}  // namespace coropg::detail
