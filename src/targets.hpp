// Which hosts a connection may go to, and what for.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/pq.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace coropg::detail {

/// One entry of the host list.
struct target {
    std::string host;
    std::string hostaddr;
    std::string port;
};

/// What a connection goes by: its own settings, else those of its service, of the environment, and libpq's defaults.
class effective_settings {
 public:
    /// Errors: connection_error, not transient, when libpq does not find the service.
    explicit effective_settings(const conninfo& info);

    /// Empty if it is not set.
    [[nodiscard]] std::string_view get(std::string_view keyword) const noexcept;

 private:
    conninfo own_;
    pq::options all_;
};

/// In the order of the settings. Errors: usage_error for lists of different lengths, and for a port that is no number.
[[nodiscard]] std::vector<target> targets_of(const effective_settings& settings);

/// Whether `conn` asks for a server that takes writes. By its own settings: a hook or the environment may have made them.
[[nodiscard]] bool wants_writes(PGconn* conn);

}  // namespace coropg::detail
