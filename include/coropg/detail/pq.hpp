// libpq's objects with owners, and the few of its calls that differ from one version to the next. Mechanism, no policy.
// All other rooms reach libpq through here.
#pragma once

#include <coropg/error.hpp>

#include <libpq-fe.h>
#include <locale.h>
#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace coropg::detail::pq {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

/// Ends a connection. In a child process of the one that made it, it only lets go of it: to take leave of the server
/// would end it for the parent.
class finishing {
 public:
    void operator()(PGconn* conn) const noexcept;

 private:
    pid_t home_ = ::getpid();
};

using connection = std::unique_ptr<PGconn, finishing>;
using result = std::unique_ptr<PGresult, freed_by<PQclear>>;
using notification = std::unique_ptr<PGnotify, freed_by<PQfreemem>>;
using options = std::unique_ptr<PQconninfoOption, freed_by<PQconninfoFree>>;

/// "ERROR", "FATAL" and the like, not translated; poolers send it once, in these words. Empty if there is none.
std::string_view severity_of(const PGresult* r) noexcept;

/// The fields of an error or notice.
diagnostics diagnostics_of(const PGresult* r);

/// For PQsetNoticeReceiver: logs the notice at level info.
void log_notice(void* nothing, const PGresult* notice) noexcept;
/// The same of one that was taken in before.
void log_notice(const diagnostics& notice);

/// The SQLSTATE and the text of an error at connect time, "FATAL:  28P01: text\nLOCATION: ...", its form when the
/// verbosity is VERBOSE: libpq hands out no fields of it.
std::pair<std::string, std::string> parse_verbose(std::string_view message);

/// While it lives, libpq's own messages to this thread are not translated. The server's are its own matter.
class plain_english {
 public:
    plain_english() noexcept;
    plain_english(const plain_english&) = delete;
    plain_english& operator=(const plain_english&) = delete;
    ~plain_english();

 private:
    locale_t before_;
};

/// Whether an error is the server's. One without a text is not: libpq makes its own of what it cannot read.
[[nodiscard]] inline bool is_of_server(const PGresult* error) noexcept {
    return PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY) != nullptr;
}

/// A message of libpq's on one line.
std::string one_line(std::string text);
/// The last error message of the connection, on one line.
inline std::string last_message(const PGconn* conn) { return one_line(PQerrorMessage(conn)); }

/// Reads what has come, and what waits within TLS, of which no socket tells. False: the connection is lost.
bool consume_input(PGconn* conn);

/// Ends a unit of the pipeline. libpq 17 can leave the flush to the caller; before, every Sync is a send of its own.
bool send_sync(PGconn* conn);

/// A request to cancel what a connection runs. It travels on a socket of its own, so it may be sent from another
/// thread.
class cancel_request {
 public:
    explicit cancel_request(PGconn* conn);

#ifdef LIBPQ_HAS_ASYNC_CANCEL
    [[nodiscard]] PGcancelConn* native_handle() const noexcept { return cancel_.get(); }

 private:
    std::unique_ptr<PGcancelConn, freed_by<PQcancelFinish>> cancel_;
#else
    /// Sends it and waits until the server has taken note: blocks for a round trip or until TCP gives up.
    /// Returns what went wrong, empty if nothing did.
    std::string send_and_wait();

 private:
    std::unique_ptr<PGcancel, freed_by<PQfreeCancel>> cancel_;
#endif
};

}  // namespace coropg::detail::pq
