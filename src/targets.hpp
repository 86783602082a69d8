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

/// In the order of `info`. Errors: usage_error for lists of different lengths, and for a port that is no number.
[[nodiscard]] std::vector<target> targets_of(const conninfo& info);

/// The value of a keyword from `info`, else what libpq takes from the environment, the service file and its defaults.
[[nodiscard]] std::string effective(const conninfo& info, std::string_view keyword);

/// Whether `conn` asks for a server that takes writes. By its own settings: a hook or the environment may have made them.
[[nodiscard]] bool wants_writes(PGconn* conn);

}  // namespace coropg::detail
