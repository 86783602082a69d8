#include <coropg/detail/drivers/bell.hpp>

#include <fcntl.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include <array>
#include <cstdint>

namespace coropg::detail {

#ifdef __linux__

void eventfd_wire::open() noexcept { fd_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}; }

void eventfd_wire::pull() noexcept {
    const std::uint64_t once = 1;
    (void)!::write(fd_.get(), &once, sizeof once);
}

#endif

// Not every system has pipe2.
void pipe_wire::open() noexcept {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) < 0) return;
    unique_fd reading{ends[0]};
    unique_fd writing{ends[1]};
    for (const int end : ends)
        if (::fcntl(end, F_SETFD, FD_CLOEXEC) < 0 || ::fcntl(end, F_SETFL, O_NONBLOCK) < 0) return;
    reading_ = std::move(reading);
    writing_ = std::move(writing);
}

void pipe_wire::pull() noexcept { (void)!::write(writing_.get(), "", 1); }

}  // namespace coropg::detail
