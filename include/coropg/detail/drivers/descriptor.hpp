// A descriptor that is ours.
#pragma once

#include <utility>

namespace coropg::detail {

/// Closes its descriptor; -1 is none.
class unique_fd {
 public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_{fd} {}
    unique_fd(unique_fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~unique_fd();

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
    int fd_ = -1;
};

/// A descriptor of one's own for a socket: libpq closes its own when it likes.
/// Errors: connection_error when there are none left.
[[nodiscard]] unique_fd duplicate(int socket);

}  // namespace coropg::detail
