// The blocking face: the same names in coropg::sync, over poll(2). Needs no Asio.
#pragma once

#include <coropg/basic_connection.hpp>
#include <coropg/detail/poll_driver.hpp>
#include <coropg/errors.hpp>
#include <coropg/log.hpp>
#include <coropg/sql.hpp>
#include <coropg/sqlstate.hpp>
#include <coropg/types/types.hpp>

#include <tuple>

namespace coropg::sync {

/// A connection whose verbs block the calling thread. Threads: one at a time.
using connection = basic_connection<detail::poll_driver>;
/// A transaction on such a connection, or a savepoint within one.
using transaction = basic_transaction<detail::poll_runner>;
/// A batch of statements on either.
using pipeline = basic_pipeline<detail::poll_runner>;

/// Connects. Hosts and their addresses are tried in order.
/// Errors: usage_error for unusable settings, connect_timeout, connection_error; both list every attempt.
inline connection connect(conninfo info) {
    return connection{detail::poll_driver{detail::poll_driver::connect(std::move(info))}};
}

/// The values as a tuple: the twin of coropg::gather, whose work is done here when its arguments are evaluated.
template <class... Ts>
std::tuple<Ts...> gather(Ts... values) {
    return {std::move(values)...};
}

template <class T>
std::vector<T> gather(std::vector<T> values) {
    return values;
}

}  // namespace coropg::sync
