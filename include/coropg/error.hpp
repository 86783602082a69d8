// The errors of coropg. Every one derives from `error`; what the server reports is a `server_error`, and
// <coropg/errors.hpp> names one type per SQLSTATE under it. An error says what failed, on which statement and
// from which line; it never shows a parameter value or a password.
#pragma once

#include <coropg/pool_stats.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg {

struct diagnostics;

namespace detail {

/// The statement that an error is about, and the line that issued it.
struct call_site {
    std::string sql;
    std::source_location where;
    std::size_t element = 0;
    /// What is shown of the SQL, if not all.
    std::string shown{};
};

/// "…; statement: <head of the SQL>; element 3; at file:line", appended to `text`.
std::string describe(std::string_view text, const call_site* site);
/// The message of a server's error without the values that it may show.
std::string shown_message(const diagnostics& fields, const call_site& site);
/// What a hook of a pool met is about statements of its own: of the one that it was called for, nothing was sent.
void tell_as_not_sent(const std::exception_ptr& problem) noexcept;

}  // namespace detail

/// The outcome of the statement that an error is about.
enum class outcome : unsigned char {
    not_sent,      ///< it never left the client
    not_executed,  ///< it has no effect: the server skipped it, or its transaction ended with the connection
    failed,        ///< the server refused or cancelled it; it has no effect
    unknown,       ///< it may or may not have taken effect: nobody waited for its end, or something of it may stay
    executed,      ///< it took effect, but what it returned could not be read
};

/// The base of all errors that coropg throws.
class error : public std::runtime_error {
 public:
    explicit error(std::string_view text, coropg::outcome became = coropg::outcome::not_sent);
    error(std::string_view text, detail::call_site site, coropg::outcome became = coropg::outcome::not_sent);

    /// The statement's SQL; empty when the error is about no statement.
    [[nodiscard]] std::string_view sql() const noexcept;
    /// The line that issued the statement; line() is 0 when the error is about no statement.
    [[nodiscard]] std::source_location where() const noexcept;
    /// The number of the element of `execute_many` or `fetch_many` that it is about, from 1; 0 when it is about none.
    [[nodiscard]] std::size_t element() const noexcept;
    /// The outcome of the statement.
    [[nodiscard]] coropg::outcome outcome() const noexcept { return outcome_; }
    /// Whether trying the same again can succeed. Whether it is safe, too, says `outcome()`.
    [[nodiscard]] virtual bool is_transient() const noexcept { return false; }

 private:
    friend void detail::tell_as_not_sent(const std::exception_ptr& problem) noexcept;

    std::shared_ptr<const detail::call_site> site_;
    coropg::outcome outcome_;
};

/// The API was used in a way that can never work; nothing was sent.
class usage_error : public error {
 public:
    using error::error;
};

/// One try to reach one address, as reported by a failed `connect`.
struct connect_attempt {
    std::string host;     ///< as configured: a name, an address or the folder of a unix socket
    std::string address;  ///< the resolved address; empty when resolving failed or the socket is local
    std::string port;
    std::string sqlstate;  ///< the server's SQLSTATE when it refused; else empty
    std::string reason;
    std::chrono::milliseconds elapsed{};
};

/// A connection could not be made, or was lost.
class connection_error : public error {
 public:
    using error::error;
    explicit connection_error(std::vector<connect_attempt> attempts);

    /// The tries of a failed `connect`, in order; empty when an established connection was lost.
    [[nodiscard]] const std::vector<connect_attempt>& attempts() const noexcept;
    /// False when each try would be refused again: for credentials, rights, the name of the database, settings or
    /// certificates.
    [[nodiscard]] bool is_transient() const noexcept override;

 private:
    std::shared_ptr<const std::vector<connect_attempt>> attempts_;
};

/// The program itself has closed the connection.
class connection_closed : public connection_error {
 public:
    using connection_error::connection_error;
    [[nodiscard]] bool is_transient() const noexcept override { return false; }
};

/// No address answered within `connect_timeout`.
class connect_timeout : public connection_error {
 public:
    using connection_error::connection_error;
};

/// A statement ran longer than its `timeout` or past its `deadline`. The server was asked to cancel it where that was
/// safe; `outcome()` says what came of it.
class query_timeout : public error {
 public:
    using error::error;
};

/// An operation was cancelled by the program, through the cancellation slot of the awaiting coroutine. The server was
/// asked to cancel the statement where that was safe; `outcome()` says what came of it.
class operation_aborted : public error {
 public:
    using error::error;
};

/// No connection of the pool became free in time.
class pool_timeout : public error {
 public:
    pool_timeout(std::string_view text, pool_snapshot seen, detail::call_site site);

    /// The pool at the end of the wait.
    [[nodiscard]] const pool_snapshot& snapshot() const noexcept { return *snapshot_; }
    [[nodiscard]] bool is_transient() const noexcept override { return true; }

 private:
    std::shared_ptr<const pool_snapshot> snapshot_;
};

/// As many wait for a connection of the pool as may.
class pool_overloaded : public error {
 public:
    using error::error;
    [[nodiscard]] bool is_transient() const noexcept override { return true; }
};

/// The pool is closed.
class pool_closed : public error {
 public:
    using error::error;
};

/// A value from the server does not fit the C++ type that was asked for.
class decode_error : public error {
 public:
    explicit decode_error(std::string_view text) : error{text, coropg::outcome::executed} {}
    decode_error(std::string_view text, detail::call_site site)
        : error{text, std::move(site), coropg::outcome::executed} {}
};

/// A NULL met a C++ type that cannot hold it; ask for `std::optional<T>`.
class null_error : public decode_error {
 public:
    using decode_error::decode_error;
};

/// `fetch_one` or `fetch_optional` met another number of rows than it allows.
class row_count_error : public error {
 public:
    explicit row_count_error(std::string_view text) : error{text, coropg::outcome::executed} {}
    row_count_error(std::string_view text, detail::call_site site)
        : error{text, std::move(site), coropg::outcome::executed} {}
};

/// COMMIT was answered by ROLLBACK: an earlier error had aborted the transaction, and nothing was stored.
class commit_rolled_back : public error {
 public:
    explicit commit_rolled_back(std::string_view text) : error{text, coropg::outcome::failed} {}
    commit_rolled_back(std::string_view text, detail::call_site site)
        : error{text, std::move(site), coropg::outcome::failed} {}
};

/// The answer to COMMIT did not come, for the connection was lost or nobody waited for it any longer: the transaction
/// may or may not be stored. `resolve` asks the server.
class commit_in_doubt : public connection_error {
 public:
    explicit commit_in_doubt(std::string_view text, detail::call_site site = {}, std::optional<std::uint64_t> xid = {})
        : connection_error{text, std::move(site), coropg::outcome::unknown}, transaction_id_{xid} {}

    /// Its pg_current_xact_id(); nothing when it had none yet or the server had not told it.
    [[nodiscard]] std::optional<std::uint64_t> transaction_id() const noexcept { return transaction_id_; }
    [[nodiscard]] bool is_transient() const noexcept override { return false; }

 private:
    std::optional<std::uint64_t> transaction_id_;
};

/// Another statement of its pipeline failed: the statement was not executed, or was rolled back. Behind a COMMIT, CALL
/// or the like in the same pipeline its outcome is unknown.
class pipeline_aborted : public error {
 public:
    explicit pipeline_aborted(std::string_view text) : error{text, coropg::outcome::not_executed} {}
    pipeline_aborted(std::string_view text, detail::call_site site,
                     coropg::outcome became = coropg::outcome::not_executed)
        : error{text, std::move(site), became} {}
};

/// The fields of an error or a notice of the server.
/// Source: PostgreSQL manual, "Error and Notice Message Fields".
struct diagnostics {
    std::string sqlstate;  ///< five characters; empty when a broken intermediary left it out
    std::string severity;  ///< ERROR, FATAL or PANIC, never translated
    std::string message;
    std::string detail;  ///< can contain values of the row concerned; not part of what()
    std::string hint;
    int position = 0;  ///< in characters from 1, into the SQL; 0 when unknown
    int internal_position = 0;
    std::string internal_query;
    std::string context;
    std::string schema;
    std::string table;
    std::string column;
    std::string data_type;
    std::string constraint;
    std::string source_file;
    std::string source_line;
    std::string source_function;
};

/// The server reported an error. Caught by class or code through the types of `coropg::errors`.
class server_error : public error {
 public:
    server_error(diagnostics fields, detail::call_site site, coropg::outcome became = coropg::outcome::failed);

    [[nodiscard]] const diagnostics& fields() const noexcept { return *fields_; }
    [[nodiscard]] std::string_view sqlstate() const noexcept { return fields_->sqlstate; }
    [[nodiscard]] std::string_view severity() const noexcept { return fields_->severity; }
    [[nodiscard]] std::string_view message() const noexcept { return fields_->message; }
    [[nodiscard]] std::string_view detail() const noexcept { return fields_->detail; }
    [[nodiscard]] std::string_view hint() const noexcept { return fields_->hint; }
    [[nodiscard]] int position() const noexcept { return fields_->position; }
    [[nodiscard]] std::string_view context() const noexcept { return fields_->context; }
    [[nodiscard]] std::string_view schema() const noexcept { return fields_->schema; }
    [[nodiscard]] std::string_view table() const noexcept { return fields_->table; }
    [[nodiscard]] std::string_view column() const noexcept { return fields_->column; }
    [[nodiscard]] std::string_view data_type() const noexcept { return fields_->data_type; }
    [[nodiscard]] std::string_view constraint() const noexcept { return fields_->constraint; }
    /// True for serialization failures, deadlocks, a server that shuts down or starts, too many clients, and a prepared
    /// statement that went out of date within a transaction.
    [[nodiscard]] bool is_transient() const noexcept override;

 private:
    std::shared_ptr<const diagnostics> fields_;
};

namespace detail {

/// Throws the type of `coropg::errors` that belongs to the SQLSTATE, or plain `server_error` for an unknown one.
[[noreturn]] void throw_server_error(diagnostics fields, call_site site, outcome became);

}  // namespace detail
}  // namespace coropg
