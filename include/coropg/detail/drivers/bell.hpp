// A bell has a thread that polls descriptors stop that. Two roads: an eventfd on Linux, a pipe everywhere. Which one is
// taken is COROPG_PORTABLE's choice; the tests know both.
#pragma once

#include <coropg/detail/drivers/descriptor.hpp>

#include <atomic>

namespace coropg::detail {

#ifdef __linux__
/// One descriptor for both ends.
class eventfd_wire {
 public:
    void open() noexcept;
    void pull() noexcept;
    [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }

 private:
    unique_fd fd_;
};
#endif

class pipe_wire {
 public:
    void open() noexcept;
    void pull() noexcept;
    [[nodiscard]] int descriptor() const noexcept { return reading_.get(); }

 private:
    unique_fd reading_;
    unique_fd writing_;
};

/// Rung once, it stays so: its descriptor is readable from then on. Without a descriptor to be had, it is heard when
/// the wait ends.
template <class Wire>
class basic_bell {
 public:
    /// Makes it one that is heard.
    void hang() noexcept {
        if (descriptor() >= 0) return;
        wire_.open();
        if (has_rung_ && descriptor() >= 0) wire_.pull();
    }
    /// Threads: any, but not while it is being hung.
    void ring() noexcept {
        has_rung_ = true;
        if (descriptor() >= 0) wire_.pull();
    }
    [[nodiscard]] bool has_rung() const noexcept { return has_rung_; }
    /// -1 while it does not hang.
    [[nodiscard]] int descriptor() const noexcept { return wire_.descriptor(); }

 private:
    Wire wire_;
    std::atomic<bool> has_rung_ = false;
};

#if defined(__linux__) && !defined(COROPG_PORTABLE)
using bell = basic_bell<eventfd_wire>;
#else
using bell = basic_bell<pipe_wire>;
#endif

}  // namespace coropg::detail
