#include <coropg/detail/drivers/descriptor.hpp>

#include <unistd.h>

namespace coropg::detail {

unique_fd::~unique_fd() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace coropg::detail
