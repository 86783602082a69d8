#include "hang_up.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace coropg::detail {

bool is_readable(int socket) noexcept {
    pollfd entry{socket, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
}

bool is_writable(int socket) noexcept {
    pollfd entry{socket, POLLOUT, 0};
    return ::poll(&entry, 1, 0) == 1;
}

bool has_hung_up(int socket) noexcept {
#ifdef POLLRDHUP
    constexpr short ends = POLLRDHUP | POLLHUP | POLLERR;
#else
    constexpr short ends = POLLHUP | POLLERR;
#endif
    pollfd entry{socket, ends, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & ends) != 0;
}

bool lead_nowhere(int socket) noexcept {
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0) return false;
    const bool is_done = ::dup2(nowhere, socket) >= 0;
    ::close(nowhere);
    return is_done;
}

}  // namespace coropg::detail
