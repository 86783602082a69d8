// The process in which something was made.
#pragma once

namespace coropg::detail {

/// Connections are of no use to a child of it, and to end them there would end them for the parent. Costs no system call.
class home_process {
 public:
    home_process();
    /// Whether this is a child.
    [[nodiscard]] bool is_left() const noexcept;

 private:
    unsigned forks_;
};

/// Why a connection is closed there.
inline constexpr const char* of_parent = "it was made by the parent of this process, whose it is: connect anew here";

}  // namespace coropg::detail
