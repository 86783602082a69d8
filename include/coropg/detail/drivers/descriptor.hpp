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

 private:
    int fd_ = -1;
};

}  // namespace coropg::detail
