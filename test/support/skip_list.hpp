// The list of what a run of the tests skipped. scripts/test names its file and prints it in the end.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace coropg::test {

/// Adds a line to the file that COROPG_TEST_SKIPPED names: the case as ctest calls it, a tab, the reason. The script
/// `skip` of this folder does the same.
inline void add_to_skip_list(const std::string& name, const std::string& reason) {
    const char* const path = std::getenv("COROPG_TEST_SKIPPED");
    if (path == nullptr) return;
    const std::string line = name + "\t" + reason + "\n";
    // one write, since ctest runs several tests at once
    const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const bool is_written = file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    if (file >= 0) ::close(file);
    if (!is_written) std::abort();  // a case must not be skipped silently
}

}  // namespace coropg::test
