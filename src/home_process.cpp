#include <coropg/detail/home_process.hpp>

#include <pthread.h>

#include <atomic>

namespace coropg::detail {

namespace {

/// Since the first was made, in this process and its forebears.
std::atomic<unsigned> forks = 0;

}  // namespace

home_process::home_process() {
    [[maybe_unused]] static const int counting = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });
    forks_ = forks;
}

bool home_process::is_left() const noexcept { return forks_ != forks; }

}  // namespace coropg::detail
