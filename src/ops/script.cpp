#include <coropg/detail/ops/ops.hpp>

namespace coropg::detail::ops {

namespace {

op<void> flush(PGconn* conn) {
    for (;;) {
        const int unsent = PQflush(conn);
        if (unsent <= 0) co_return;
        co_await wish{want::both, PQsocket(conn)};
        if (!pq::consume_input(conn)) co_return;
    }
}

/// The next result, or nullptr behind the last.
op<pq::result> next_result(PGconn* conn) {
    while (PQisBusy(conn) == 1) {
        co_await wish{want::read, PQsocket(conn)};
        if (!pq::consume_input(conn)) break;
    }
    co_return pq::result{PQgetResult(conn)};
}

/// Throws away what a COPY TO STDOUT sends.
op<void> drain_copy_out(PGconn* conn) {
    for (;;) {
        char* row = nullptr;
        const int length = PQgetCopyData(conn, &row, 1);
        const std::unique_ptr<char, pq::freed_by<PQfreemem>> owner{row};
        if (length < 0) co_return;
        if (length > 0) continue;
        co_await wish{want::read, PQsocket(conn)};
        if (!pq::consume_input(conn)) co_return;
    }
}

}  // namespace

// Query -> { TUPLES_OK | COMMAND_OK | EMPTY_QUERY | COPY_IN | COPY_OUT } [ FATAL_ERROR ] NULL, at least one before NULL
//
// The script is one implicit transaction, unless it holds BEGIN and COMMIT of its own. A COPY is refused on the spot
// and the connection stays usable. A lost connection is left to the session.
op<void> script(PGconn* conn, unit& u) {
    const call_site site = u.site();
    std::string text;
    for (std::size_t i = 0; i < u.opening_commands; ++i) text.append(u.text_of(u.commands[i]).sql).append("; ");
    const int opening_size = static_cast<int>(text.size());
    text += site.sql;
    if (PQsendQuery(conn, text.c_str()) != 1) throw malformed_answer{pq::last_message(conn)};
    co_await flush(conn);

    std::optional<diagnostics> problem;
    bool copied = false;
    for (;;) {
        const pq::result r = co_await next_result(conn);
        if (r == nullptr) break;
        if (PQstatus(conn) == CONNECTION_BAD) co_return;
        switch (PQresultStatus(r.get())) {
            case PGRES_FATAL_ERROR:
            case PGRES_BAD_RESPONSE:
                if (!pq::is_of_server(r.get())) throw malformed_answer{pq::one_line(PQresultErrorMessage(r.get()))};
                if (!problem) problem = pq::diagnostics_of(r.get());
                break;
            case PGRES_COPY_IN:
                copied = true;
                if (PQputCopyEnd(conn, "COPY is not possible in a script") != 1) co_return;
                co_await flush(conn);
                break;
            case PGRES_COPY_OUT:
                copied = true;
                co_await drain_copy_out(conn);
                break;
            case PGRES_COPY_BOTH: throw malformed_answer{"it copies in both directions"};
            default: ++u.answered;
        }
    }
    if (PQstatus(conn) == CONNECTION_BAD) co_return;
    if (PQtransactionStatus(conn) == PQTRANS_UNKNOWN) throw malformed_answer{"the state of the transaction is unknown"};
    u.failed_command = u.answered;
    const outcome became = may_stay(u) ? outcome::unknown : outcome::failed;
    if (copied) throw usage_error{"COPY moves data of its own: use copy_in or copy_out", site, became};
    if (!problem && u.answered == 0) throw malformed_answer{"a script without an answer"};
    if (!problem) co_return;
    if (problem->position > opening_size) problem->position -= opening_size;
    throw_server_error(std::move(*problem), u.site_of(u.failed_command), became);
}

op<void> nothing(PGconn*, unit&) { co_return; }

}  // namespace coropg::detail::ops
