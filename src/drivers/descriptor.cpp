#include <coropg/detail/drivers/descriptor.hpp>
#include <coropg/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace coropg::detail {

unique_fd::~unique_fd() {
    if (fd_ >= 0) ::close(fd_);
}

unique_fd duplicate(int socket) {
    unique_fd copy{::fcntl(socket, F_DUPFD_CLOEXEC, 0)};
    if (copy.get() < 0)
        throw connection_error{"cannot duplicate the socket: " + std::generic_category().message(errno)};
    return copy;
}

}  // namespace coropg::detail
