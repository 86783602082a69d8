#include <coropg/detail/session/wire.hpp>
#include <coropg/sqlstate.hpp>

#include <algorithm>
#include <span>

namespace coropg::detail {

namespace {

/// The bytes that a large unit writes before it asks whether the socket took them. With 8 KiB in its buffer libpq tries
/// to send at the end of each message, whether the socket is full or not.
constexpr std::size_t flush_bytes = 8 * 1024;
/// The bytes of a statement beside its SQL and its parameters: Bind, Describe and Execute; and for each parameter its
/// format and its length.
constexpr std::size_t statement_bytes = 75;
constexpr std::size_t parameter_bytes = 6;

/// Statements of one unit on the wire at a time. libpq keeps 32 bytes for each, and without a limit only the buffers of
/// the kernel would limit them: by TCP they take 500,000 small statements, 16 MB. This many are 0.1 s of work or more,
/// and their answers far more than the 8 KiB that a server may hold back until the Sync.
constexpr std::size_t max_unanswered = 32 * 1024;

/// A server's notice has an SQLSTATE. The server's errors that come while nothing is under way are notices, too.
bool is_of_libpq(const PGresult* notice) {
    return PQresultErrorField(notice, PG_DIAG_SQLSTATE) == nullptr && pq::severity_of(notice) == "NOTICE";
}

/// The text of an error that ends the connection, else "". While nothing is under way libpq takes it for a notice.
std::string_view last_words_of(const PGresult* notice) {
    const std::string_view severity = pq::severity_of(notice);
    const bool is_last = severity == "FATAL" || severity == "PANIC";
    const char* const text = is_last ? PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    return text == nullptr ? std::string_view{} : text;
}

/// Whether `tag` can be that of our own statement that begins or ends a transaction. A COMMIT can roll back.
bool is_tag_of(std::string_view sql, std::string_view tag) {
    const std::string_view word = sql.substr(0, sql.find(' '));
    constexpr std::string_view words[]{"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PREPARE"};
    if (std::ranges::find(words, word) == std::end(words)) return true;
    return tag.starts_with(word) || (tag == "ROLLBACK" && (sql == "COMMIT" || word == "PREPARE"));
}

}  // namespace

wire::wire(pq::connection conn, inbox& notices)
    : conn_{std::move(conn)}, encoding_{PQclientEncoding(conn_.get())}, notices_{notices} {
    PQsetnonblocking(conn_.get(), 1);
    PQsetNoticeReceiver(conn_.get(), take_notice, this);
    PQenterPipelineMode(conn_.get());
}

void wire::take_notice(void* self, const PGresult* notice) noexcept {
    pq::log_notice(nullptr, notice);
    wire& to = *static_cast<wire*>(self);
    if (is_of_libpq(notice)) to.has_complained_ = true;
    try {
        if (const std::string_view text = last_words_of(notice); !text.empty()) to.last_words_ = text;
        if (to.notices_.is_open()) to.notices_.put(pq::diagnostics_of(notice));
    } catch (...) {  // out of memory: the notice is lost, the connection is not
    }
}

// ---------------------------------------------------------------------------------------------------- sending

bool wire::awaits_answers(const unit& u) {
    if (u.sent - u.answered < max_unanswered || u.sent == u.commands.size()) return false;
    return !u.failed() && !u.is_stopped() && !u.is_tombstone;
}

bool wire::feed(unit& u) {
    PGconn* const conn = conn_.get();
    while (u.sent < u.commands.size()) {
        if (u.failed()) break;  // the server skips everything up to the Sync
        if (u.is_stopped() || u.is_tombstone) {
            // The part that is sent must not be committed without the rest: a portal that does not exist is an error.
            if (PQsendDescribePortal(conn, "coropg: the rest timed out") != 1) return false;
            break;
        }
        if (!send(u, u.commands[u.sent])) return false;
        ++u.sent;
        if (awaits_answers(u)) return true;
        if (unflushed_bytes_ < flush_bytes) continue;
        flush();
        if (is_full_) return true;
    }
    if (!pq::send_sync(conn)) return false;
    u.sync_sent = true;
    ++unflushed_bytes_;
    return true;
}

/// Parse and its Execute travel in the same flush.
bool wire::send(unit& u, command& c) {
    using way = statement_cache::plan::way;
    u.parameters.fill(arrays_, c.first_parameter, c.parameter_count);
    const std::span types = std::span{arrays_.types}.first(c.parameter_count);
    unflushed_bytes_ += statement_bytes + parameter_bytes * c.parameter_count;
    for (const int length : std::span{arrays_.lengths}.first(c.parameter_count))
        unflushed_bytes_ += static_cast<std::size_t>(length);

    PGconn* const conn = conn_.get();
    const int n = static_cast<int>(c.parameter_count);
    const std::string_view sql = u.text_of(c).sql;
    const statement_cache::plan plan = cache_.next(u, c, types);
    const auto results = static_cast<int>(u.form.in_text || plan.in_text ? format::text : format::binary);
    if (plan.how != way::run) unflushed_bytes_ += sql.size();
    if (plan.how == way::unnamed)
        return PQsendQueryParams(conn, sql.data(), n, types.data(), arrays_.values.data(), arrays_.lengths.data(),
                                 arrays_.formats.data(), results) == 1;
    if (plan.how == way::parse_and_run) {
        c.with_parse = true;
        if (PQsendPrepare(conn, plan.name, sql.data(), n, types.data()) != 1) return false;
    }
    return PQsendQueryPrepared(conn, plan.name, n, arrays_.values.data(), arrays_.lengths.data(),
                               arrays_.formats.data(), results) == 1;
}

void wire::flush() {
    unflushed_bytes_ = 0;
    // A broken socket is reported by the next read, behind what the server had to say before.
    is_full_ = PQflush(conn_.get()) == 1;
}

// --------------------------------------------------------------------------------------------------- receiving
//
// The results that libpq hands out for one unit:
//
//     unit     = { [ answer of Parse ] answer } [ FATAL_ERROR NULL ] PIPELINE_SYNC
//     answer   = ( { rows } TUPLES_OK | COMMAND_OK | EMPTY_QUERY | { rows } FATAL_ERROR | PIPELINE_ABORTED ) NULL
//     rows     = SINGLE_TUPLE | TUPLES_CHUNK
//
// Rows come before their answer for a receiver that takes them; libpq has to be told before it reads the first.
// The error before PIPELINE_SYNC belongs to the Sync itself: a deferred constraint, checked by the implicit commit.
// There is no NULL behind PIPELINE_SYNC. Behind a lost connection NULL comes for ever. A pooler that mixes up its clients
// makes it an answer more or less: PgBouncer before 1.21 lets go of a server between a statement and its Sync.

wire::event wire::next(unit& head) {
    PGconn* const conn = conn_.get();
    for (;;) {
        const bool awaits_answer = head.answered < head.sent || head.sync_sent;
        if (!awaits_answer) return event::nothing;
        if (head.is_streamed()) {
            if (head.holds_back()) return event::nothing;
            if (!is_row_by_row_) ask_for_rows(head);
        }
        if (PQisBusy(conn) == 1) return event::nothing;
        if (pq::result r{PQgetResult(conn)}) {
            const event seen = on_result(head, std::move(r));
            if (seen != event::nothing) return seen;
        } else if (PQstatus(conn) == CONNECTION_BAD) {
            return event::nothing;
        } else {
            end_answer(head);
        }
    }
}

/// Notifications are dropped. An answer to nothing is dropped by libpq, which complains of each message.
bool wire::take_unasked(bool is_asked) {
    has_complained_ = false;
    while (const pq::notification dropped{PQnotifies(conn_.get())}) continue;
    return is_asked || !has_complained_;
}

/// At the beginning of an answer. If libpq refuses, the rows come with it, all at once.
void wire::ask_for_rows(const unit& head) {
    const bool is_own = head.answered >= head.opening_commands && head.answered < head.commands.size();
    if (is_own && !head.awaits_parse()) is_row_by_row_ = PQsetSingleRowMode(conn_.get()) == 1;
}

/// A command that was sent with its Parse has two answers.
void wire::end_answer(unit& u) {
    is_row_by_row_ = false;
    if (u.answered == u.sent) return;
    u.parse_answered = u.awaits_parse();
    if (!u.parse_answered) ++u.answered;
}

wire::event wire::on_result(unit& u, pq::result&& r) {
    switch (PQresultStatus(r.get())) {
        case PGRES_PIPELINE_SYNC: return on_sync(u, std::move(r));
        case PGRES_PIPELINE_ABORTED:
            if (u.awaits_parse()) cache_.parsed(u, u.commands[u.answered], false);
            return event::nothing;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH: return event::copy;
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE: return on_error(u, std::move(r));
        case PGRES_SINGLE_TUPLE:
#ifdef LIBPQ_HAS_CHUNK_MODE
        case PGRES_TUPLES_CHUNK:
#endif
            rows_ = result{std::move(r)};
            return event::rows;
        default: break;
    }
    if (u.answered == u.sent) return event::out_of_step;
    command& c = u.commands[u.answered];
    if (u.awaits_parse()) {
        const bool is_to_parse = PQresultStatus(r.get()) == PGRES_COMMAND_OK && *PQcmdStatus(r.get()) == '\0';
        if (!is_to_parse) return event::out_of_step;
        cache_.parsed(u, c, true);
        return event::nothing;
    }
    if (c.is_own && !is_tag_of(u.text_of(c).sql, PQcmdStatus(r.get()))) return event::out_of_step;
    c.answer = result{std::move(r)};
    return event::answer;
}

wire::event wire::on_sync(unit& u, pq::result&& r) {
    if (!u.sync_sent || (!u.failed() && u.answered < u.commands.size())) return event::out_of_step;
    if (u.failed_fatally) {
        complaint_ = "it goes on behind an error that ends the connection, " + last_words_;
        return event::malformed;
    }
    if (!is_lost() && PQtransactionStatus(conn_.get()) == PQTRANS_UNKNOWN) {
        complaint_ = "the state of the transaction is unknown";
        return event::malformed;
    }
    u.sync = std::move(r);
    return event::sync;
}

/// An error without a text of the server is of libpq, which could not read a message and has thrown it away.
wire::event wire::on_error(unit& u, pq::result&& r) {
    if (!is_lost() && !pq::is_of_server(r.get())) {
        complaint_ = pq::one_line(PQresultErrorMessage(r.get()));
        return event::malformed;
    }
    if (const std::string_view text = last_words_of(r.get()); !text.empty()) {
        last_words_ = text;
        u.failed_fatally = !u.failed();
    }
    if (!u.failed()) u.fail(u.answered, std::move(r));
    if (u.awaits_parse())
        // The name is a hash of the statement: who has it already, has this statement.
        cache_.parsed(u, u.commands[u.answered], u.sqlstate() == sqlstate::duplicate_prepared_statement);
    return event::nothing;
}

}  // namespace coropg::detail
