// Work in a child process that is expected to die, and what it says on standard error.
#pragma once

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstddef>
#include <string>

namespace coropg::test {

struct child_end {
    int status = 0;
    std::string said;

    [[nodiscard]] bool has_aborted() const { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }
};

/// Runs `work` in a child. One that comes back from it ends with 0.
template <class Work>
child_end end_of_child(Work work) {
    int ends[2]{};
    BOOST_REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);  // Boost.Test's handler is not to speak
        ::signal(SIGALRM, SIG_DFL);
        ::alarm(60);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        work();
        ::_exit(0);
    }
    ::close(ends[1]);
    child_end end;
    char some[1024];
    for (ssize_t size = 0; (size = ::read(ends[0], some, sizeof some)) > 0;)
        end.said.append(some, static_cast<std::size_t>(size));
    ::close(ends[0]);
    BOOST_REQUIRE(::waitpid(child, &end.status, 0) == child);
    return end;
}

}  // namespace coropg::test
