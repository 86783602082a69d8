// Calls beside the event loop, and the threads that run them.
#include "../../src/ops/aside.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

using coropg::detail::ops::aside_call;
using coropg::detail::ops::aside_threads;

namespace {

/// Lasts until it is let go.
struct held_call final : aside_call {
    void let_go() {
        const std::lock_guard lock{mutex};
        is_free = true;
        changed.notify_all();
    }
    void wait_until_begun() {
        std::unique_lock lock{mutex};
        changed.wait(lock, [this] { return is_at_work; });
    }

 private:
    void work() noexcept override {
        std::unique_lock lock{mutex};
        is_at_work = true;
        changed.notify_all();
        changed.wait(lock, [this] { return is_free; });
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool is_at_work = false;
    bool is_free = false;
};

struct short_call final : aside_call {
 private:
    void work() noexcept override {}
};

/// Whether a call that somebody waits for is run.
bool runs_another() {
    const auto call = std::make_shared<short_call>();
    const aside_threads::stay here{aside_threads::of_connects(), call};
    pollfd entry{call->descriptor(), POLLIN, 0};
    return ::poll(&entry, 1, 10'000) == 1 && call->has_ended();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(aside)

// OpenSSL would be taken down under its hands. The first, for it is about the first that is forsaken.
BOOST_AUTO_TEST_CASE(a_program_ends_though_a_thread_is_at_work_for_nobody) {
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        if (std::atexit([] { std::fputs("took OpenSSL down\n", stderr), std::abort(); }) != 0) ::_exit(2);
        const auto held = std::make_shared<held_call>();
        {
            const aside_threads::stay here{aside_threads::of_connects(), held};
            held->wait_until_begun();
        }
        std::exit(7);
    }
    int status = -1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 7);
}

BOOST_AUTO_TEST_CASE(a_child_that_forsakes_what_its_parent_has_begun_runs_its_own) {
    const auto held = std::make_shared<held_call>();
    std::optional<aside_threads::stay> waiting{std::in_place, aside_threads::of_connects(), held};
    held->wait_until_begun();
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        waiting.reset();
        ::_exit(runs_another() && runs_another() ? 0 : 1);
    }
    int status = -1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    held->let_go();
    waiting.reset();
    BOOST_TEST(runs_another());
}

BOOST_AUTO_TEST_CASE(who_goes_makes_room_for_who_waits) {
    std::vector<std::shared_ptr<held_call>> held;
    std::vector<std::unique_ptr<aside_threads::stay>> waiting;
    for (std::size_t i = 0; i < aside_threads::most_awaited; ++i) {
        held.push_back(std::make_shared<held_call>());
        waiting.push_back(std::make_unique<aside_threads::stay>(aside_threads::of_connects(), held.back()));
        held.back()->wait_until_begun();
    }
    waiting.clear();
    BOOST_TEST(runs_another());
    for (const auto& call : held) call->let_go();
    BOOST_TEST(runs_another());
}

BOOST_AUTO_TEST_SUITE_END()
