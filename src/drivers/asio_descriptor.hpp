// Descriptors that the event loop waits for.
#pragma once

#include <coropg/detail/drivers/descriptor.hpp>

#include "../hang_up.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <new>
#include <utility>

namespace coropg::detail {

inline boost::asio::posix::stream_descriptor watched(const boost::asio::any_io_executor& executor, unique_fd fd) {
    boost::asio::posix::stream_descriptor made{executor, fd.get()};
    (void)fd.release();
    return made;
}

/// Lets go of a descriptor in a child process, and keeps its memory: to close it would take it out of the epoll set, which
/// is the parent's as long as nobody tells Asio of the fork.
inline void leave_to_parent(boost::asio::posix::stream_descriptor& d) noexcept {
    if (!d.is_open()) return;
    (void)lead_nowhere(d.native_handle());
    (void)new (std::nothrow) boost::asio::posix::stream_descriptor{std::move(d)};
}

}  // namespace coropg::detail
