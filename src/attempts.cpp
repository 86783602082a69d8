#include "attempts.hpp"

#include <algorithm>
#include <array>

namespace coropg::detail {

namespace {

using std::string_view;

/// SQLSTATEs, and classes of them: authorization, a database that does not exist, rights, settings that the server does
/// not take, a database that accepts no connections, and a protocol that it does not know.
constexpr std::array<string_view, 7> lasting_codes{"28", "3D", "42", "22", "55000", "55P02", "0A"};

/// PgBouncer has one SQLSTATE for all, "no more connections allowed" as well.
constexpr string_view of_poolers = "08P01";
constexpr std::array<string_view, 7> said_by_poolers{
    "no such database", "no such user", "authentication failed",         "auth failed",
    "login rejected",   "SSL required", "unsupported startup parameter",
};

/// Parts of what libpq says by itself, without an SQLSTATE. It is asked to say so in English (pq::plain_english).
constexpr std::array<string_view, 16> said_by_libpq{
    "no password supplied",
    "does not support SSL, but SSL was required",
    "channel binding",
    "authentication method requirement",
    "certificate",
    "private key",
    "tlsv1 alert",
    "handshake failure",
    "definition of service",
    "service file",
    "host name must be specified",
    "for connection option",
    "could not parse network address",
    "requirepeer specifies",
    "GSSAPI encryption required",
    "Unix-domain socket path",
};

/// A setting that libpq refuses. Once it has begun to connect it says so first.
bool is_of_settings(string_view reason) noexcept {
    return !reason.starts_with("connection to ") && reason.find("invalid ") != string_view::npos;
}

}  // namespace

string_view place_of(const connect_attempt& attempt) noexcept {
    if (!attempt.host.empty()) return attempt.host;
    return attempt.address.empty() ? string_view{"local socket"} : string_view{attempt.address};
}

bool is_lasting(const connect_attempt& attempt) noexcept {
    const string_view code = attempt.sqlstate;
    const string_view reason = attempt.reason;
    const auto is_said = [reason](string_view part) { return reason.find(part) != string_view::npos; };
    if (code.empty()) return is_of_settings(reason) || std::ranges::any_of(said_by_libpq, is_said);
    if (code == of_poolers) return std::ranges::any_of(said_by_poolers, is_said);
    return std::ranges::any_of(lasting_codes, [code](string_view lasting) { return code.starts_with(lasting); });
}

}  // namespace coropg::detail
