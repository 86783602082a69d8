// Where and how to connect: everything that libpq understands, from a URI, from key=value text or from setters.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg {

/// Connection parameters. Keywords, defaults and environment variables are libpq's.
/// Source: PostgreSQL manual, "Parameter Key Words". Errors: usage_error for an unknown keyword, which names the
/// nearest known one, and for a value with a NUL byte.
class conninfo {
 public:
    conninfo() = default;
    /// Parses "postgresql://user@host:port/db?key=value" or "host=... dbname=...".
    conninfo(std::string_view text);  // NOLINT(google-explicit-constructor): connect("...") is the point
    conninfo(const char* text) : conninfo{std::string_view{text}} {}
    conninfo(const std::string& text) : conninfo{std::string_view{text}} {}

    /// A name, an address, the folder of a unix socket, or a comma-separated list of them, tried in order.
    conninfo& host(std::string_view value) { return set("host", value); }
    conninfo& hostaddr(std::string_view value) { return set("hostaddr", value); }
    conninfo& port(std::uint16_t value) { return set("port", std::to_string(value)); }
    conninfo& dbname(std::string_view value) { return set("dbname", value); }
    conninfo& user(std::string_view value) { return set("user", value); }
    conninfo& password(std::string_view value) { return set("password", value); }
    conninfo& application_name(std::string_view value) { return set("application_name", value); }
    conninfo& sslmode(std::string_view value) { return set("sslmode", value); }
    /// Limits each lookup of a name, and each attempt to reach one address; rounded up to seconds, 0 is no limit.
    /// Default: 30 s.
    conninfo& connect_timeout(std::chrono::milliseconds value);
    /// "random" has the hosts, and the addresses of each, tried in a random order, so that many connections spread over
    /// them; "disable", the default, in order. libpq knows it in a text since version 16, here it always works.
    conninfo& load_balance_hosts(std::string_view value) { return set("load_balance_hosts", value); }
    /// Which servers will do: "any", "read-write", "read-only", "primary", "standby" or "prefer-standby".
    conninfo& target_session_attrs(std::string_view value) { return set("target_session_attrs", value); }
    /// Sets any keyword of libpq.
    conninfo& set(std::string_view keyword, std::string_view value);

    /// The value set for `keyword`, or "".
    [[nodiscard]] std::string_view get(std::string_view keyword) const noexcept;
    /// All settings as key=value text, with passwords left out.
    [[nodiscard]] std::string describe() const;

    using setting = std::pair<std::string, std::string>;
    [[nodiscard]] const std::vector<setting>& settings() const noexcept { return settings_; }

 private:
    std::vector<setting> settings_;
};

}  // namespace coropg
