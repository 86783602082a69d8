// How much memory this process has, for tests that promise bounds.
#pragma once

#include "skip.hpp"

#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace coropg::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool memory_is_measurable = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool memory_is_measurable = false;
#else
inline constexpr bool memory_is_measurable = true;
#endif
#else
inline constexpr bool memory_is_measurable = true;
#endif

/// Whether it is; when not, the list of what was skipped says so.
inline bool can_measure_memory() {
    if (!memory_is_measurable) skip_a_check("the sanitizers take memory of their own, so bounds of it say nothing");
    return memory_is_measurable;
}

inline std::size_t resident_bytes() {
    std::ifstream file{"/proc/self/statm"};
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::size_t>(::getpagesize());
}

/// The most that was resident since `forget_peak`.
inline std::size_t peak_resident_bytes() {
    std::ifstream file{"/proc/self/status"};
    std::string word;
    while (file >> word)
        if (word == "VmHWM:") break;
    std::size_t kilobytes = 0;
    file >> kilobytes;
    return kilobytes * 1024;
}
/// False when the kernel does not let us, and the list of what was skipped says so.
inline bool forget_peak() {
    std::ofstream file{"/proc/self/clear_refs"};
    file << "5" << std::flush;
    if (!file.good()) skip_a_check("the kernel does not let us reset the peak of the memory");
    return file.good();
}

}  // namespace coropg::test
