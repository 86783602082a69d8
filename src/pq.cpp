#include <coropg/detail/pq.hpp>
#include <coropg/log.hpp>

#include "hang_up.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace coropg::detail::pq {

void finishing::operator()(PGconn* conn) const noexcept {
    const int socket = PQsocket(conn);
    if (home_ != ::getpid() && socket >= 0 && !lead_nowhere(socket)) return;  // rather keeps the memory
    PQfinish(conn);
}

std::string_view severity_of(const PGresult* r) noexcept {
    for (const int field : {PG_DIAG_SEVERITY_NONLOCALIZED, PG_DIAG_SEVERITY})
        if (const char* const value = PQresultErrorField(r, field)) return value;
    return {};
}

diagnostics diagnostics_of(const PGresult* r) {
    const auto text = [r](int code) {
        const char* value = PQresultErrorField(r, code);
        return std::string{value == nullptr ? "" : value};
    };
    const auto number = [&](int code) { return std::atoi(text(code).c_str()); };
    diagnostics d;
    d.sqlstate = text(PG_DIAG_SQLSTATE);
    d.severity = severity_of(r);
    d.message = text(PG_DIAG_MESSAGE_PRIMARY);
    if (d.message.empty()) d.message = PQresultErrorMessage(r);
    if (d.severity.empty()) d.severity = "ERROR";
    d.detail = text(PG_DIAG_MESSAGE_DETAIL);
    d.hint = text(PG_DIAG_MESSAGE_HINT);
    d.position = number(PG_DIAG_STATEMENT_POSITION);
    d.internal_position = number(PG_DIAG_INTERNAL_POSITION);
    d.internal_query = text(PG_DIAG_INTERNAL_QUERY);
    d.context = text(PG_DIAG_CONTEXT);
    d.schema = text(PG_DIAG_SCHEMA_NAME);
    d.table = text(PG_DIAG_TABLE_NAME);
    d.column = text(PG_DIAG_COLUMN_NAME);
    d.data_type = text(PG_DIAG_DATATYPE_NAME);
    d.constraint = text(PG_DIAG_CONSTRAINT_NAME);
    d.source_file = text(PG_DIAG_SOURCE_FILE);
    d.source_line = text(PG_DIAG_SOURCE_LINE);
    d.source_function = text(PG_DIAG_SOURCE_FUNCTION);
    return d;
}

namespace {

/// Whether it is "LOCATION:  auth_failed, auth.c:334", in libpq's language: "EMPLACEMENT : auth_failed, auth.c : 334".
bool is_location(std::string_view line) {
    const auto in_number = [](char c) { return c >= '0' && c <= '9'; };
    const auto in_name = [&](char c) {
        return in_number(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
    };
    const auto between = [&](char c) { return !in_name(c); };
    const auto take_back = [&line](auto belongs) {
        std::size_t first = line.size();
        while (first > 0 && belongs(line[first - 1])) --first;
        const std::string_view taken = line.substr(first);
        line.remove_suffix(taken.size());
        return taken;
    };
    const auto has_colon = [](std::string_view text) { return text.find(':') != std::string_view::npos; };
    if (take_back(in_number).empty() || !has_colon(take_back(between))) return false;
    if (!take_back(in_name).ends_with(".c") || take_back(between) != ", ") return false;
    return !take_back(in_name).empty() && has_colon(take_back(between));
}

}  // namespace

std::pair<std::string, std::string> parse_verbose(std::string_view message) {
    std::string sqlstate;
    std::string text;
    while (!message.empty()) {
        const std::string_view line = message.substr(0, message.find('\n'));
        if (is_location(line)) break;
        if (!line.empty()) text.append(text.empty() ? "" : " ").append(line);
        message.remove_prefix(std::min(line.size() + 1, message.size()));
    }
    std::ranges::replace(text, '\t', ' ');
    constexpr std::size_t code_size = 5;
    for (std::size_t at = text.find(":  "); at != std::string::npos; at = text.find(":  ", at + 1)) {
        const std::size_t code = at + 3;
        if (code + code_size >= text.size() || text[code + code_size] != ':') continue;
        sqlstate = text.substr(code, code_size);
        text.erase(code, code_size + 2);
        break;
    }
    return {std::move(sqlstate), std::move(text)};
}

// Runs inside libpq's parser: nothing may be thrown, and no call on the connection be made.
void log_notice(const diagnostics& notice) {
    if (should_log(log_level::info))
        log(log_level::info, notice.severity + " " + notice.sqlstate + ": " + notice.message);
}

void log_notice(void*, const PGresult* notice) noexcept {
    if (!should_log(log_level::info)) return;
    try {
        log_notice(diagnostics_of(notice));
    } catch (...) {  // out of memory: the notice is lost, the connection is not
    }
}

plain_english::plain_english() noexcept {
    static const locale_t plain = ::newlocale(LC_ALL_MASK, "C", locale_t{});
    before_ = ::uselocale(plain);  // without memory for one: as it is
}

plain_english::~plain_english() { ::uselocale(before_); }

std::string one_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& c : text)
        if (c == '\n' || c == '\t') c = ' ';
    return text;
}

namespace {

using ssl_pending = int (*)(const void*);

/// OpenSSL's SSL_pending; null if libpq does without OpenSSL. We do not link to what libpq loads by itself.
ssl_pending find_ssl_pending() noexcept {
    static const auto found = reinterpret_cast<ssl_pending>(::dlsym(RTLD_DEFAULT, "SSL_pending"));
    return found;
}

/// Whether a TLS record was read of which libpq has not taken all.
bool has_unread_record(PGconn* conn) {
    const void* const ssl = PQsslStruct(conn, "OpenSSL");
    const ssl_pending pending = ssl == nullptr ? nullptr : find_ssl_pending();
    return pending != nullptr && pending(ssl) > 0;
}

}  // namespace

// libpq asks OpenSSL for as much as it has room for: with 8 KiB left, half of a record stays there, and if it was the last
// no socket becomes readable for it.
bool consume_input(PGconn* conn) {
    do {
        if (PQconsumeInput(conn) != 1) return false;
    } while (has_unread_record(conn));
    return true;
}

bool send_sync(PGconn* conn) {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    return PQsendPipelineSync(conn) == 1;
#else
    return PQpipelineSync(conn) == 1;
#endif
}

#ifdef LIBPQ_HAS_ASYNC_CANCEL

cancel_request::cancel_request(PGconn* conn) : cancel_{PQcancelCreate(conn)} {}

#else

cancel_request::cancel_request(PGconn* conn) : cancel_{PQgetCancel(conn)} {}

std::string cancel_request::send_and_wait() {
    std::array<char, 256> problem{};
    if (!cancel_) return "no cancel key";
    return PQcancel(cancel_.get(), problem.data(), problem.size()) == 1 ? std::string{} : problem.data();
}

#endif

}  // namespace coropg::detail::pq
