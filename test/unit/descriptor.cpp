// Bells and watchdogs, on the road that Linux has to itself and on the one that all systems have.
#include <coropg/detail/drivers/bell.hpp>
#include <coropg/detail/drivers/watchdog.hpp>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace coropg::detail;
using namespace std::chrono_literals;

#ifdef __linux__
using wires = boost::mpl::list<eventfd_wire, pipe_wire>;
using watchdogs = boost::mpl::list<timerfd_watchdog, timeout_watchdog>;
#else
using wires = boost::mpl::list<pipe_wire>;
using watchdogs = boost::mpl::list<timeout_watchdog>;
#endif

bool is_readable(int descriptor) {
    pollfd entry{descriptor, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
}

/// A pipe whose reading end is readable once it is filled.
struct channel {
    channel() { BOOST_REQUIRE(::pipe(ends.data()) == 0); }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    ~channel() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    void fill() const { BOOST_REQUIRE(::write(ends[1], "x", 1) == 1); }
    [[nodiscard]] std::array<pollfd, 2> entries() const { return {{{ends[0], POLLIN, 0}, {}}}; }

    std::array<int, 2> ends{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(descriptor)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bell_is_readable_from_when_it_is_rung, Wire, wires) {
    basic_bell<Wire> bell;
    BOOST_TEST(bell.descriptor() == -1);
    bell.hang();
    const int descriptor = bell.descriptor();
    BOOST_REQUIRE(descriptor >= 0);
    BOOST_TEST((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
    bell.hang();
    BOOST_TEST(bell.descriptor() == descriptor);
    BOOST_TEST(!bell.has_rung());
    BOOST_TEST(!is_readable(descriptor));
    for (int i = 0; i < 100'000; ++i) bell.ring();  // more than a pipe holds
    BOOST_TEST(bell.has_rung());
    BOOST_TEST(is_readable(descriptor));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bell_that_does_not_hang_can_be_rung, Wire, wires) {
    basic_bell<Wire> bell;
    bell.ring();
    BOOST_TEST(bell.has_rung());
    BOOST_TEST(bell.descriptor() == -1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bell_that_was_rung_is_readable_once_it_hangs, Wire, wires) {
    basic_bell<Wire> bell;
    bell.ring();
    bell.hang();
    BOOST_TEST(is_readable(bell.descriptor()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bell_is_heard_by_another_thread, Wire, wires) {
    basic_bell<Wire> bell;
    bell.hang();
    std::thread other{[&bell] { bell.ring(); }};
    pollfd entry{bell.descriptor(), POLLIN, 0};
    BOOST_TEST(::poll(&entry, 1, 60'000) == 1);
    BOOST_TEST(bell.has_rung());
    other.join();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bell_gives_its_descriptors_back, Wire, wires) {
    int descriptor = -1;
    {
        basic_bell<Wire> bell;
        bell.hang();
        descriptor = bell.descriptor();
    }
    BOOST_TEST(::fcntl(descriptor, F_GETFD) == -1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_watchdog_ends_a_wait_at_its_deadline_and_not_before, Watchdog, watchdogs) {
    const channel quiet;
    Watchdog watchdog;
    BOOST_TEST(watchdog.rests());
    for (const auto duration : {20ms, 1ms, 0ms, -5ms}) {
        const auto deadline = clock::now() + duration;
        auto entries = quiet.entries();
        do watchdog.poll(entries, deadline);
        while (!watchdog.rests());
        BOOST_TEST((clock::now() >= deadline));
        BOOST_TEST(entries[0].revents == 0);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_watchdog_needs_no_descriptor, Watchdog, watchdogs) {
    const channel quiet;
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(std::max(quiet.ends[0], quiet.ends[1])) + 1;
    std::vector<int> taken;
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken.push_back(fd);
    Watchdog watchdog;
    const auto deadline = clock::now() + 5ms;
    auto entries = quiet.entries();
    do watchdog.poll(entries, deadline);
    while (!watchdog.rests());
    const auto end = clock::now();
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    for (const int fd : taken) ::close(fd);
    BOOST_TEST((end >= deadline));
    BOOST_TEST(entries[0].revents == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_watchdog_lets_what_is_ready_through, Watchdog, watchdogs) {
    const channel filled;
    filled.fill();
    Watchdog watchdog;
    for (const auto deadline : {no_deadline, clock::now() + 1h, clock::now() + 24h * 365 * 200}) {
        auto entries = filled.entries();
        watchdog.poll(entries, deadline);
        BOOST_TEST(entries[0].revents == POLLIN);
        BOOST_TEST(watchdog.rests() == (deadline == no_deadline));
    }
}

// A server may send without end.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_watchdog_goes_off_while_something_is_ready, Watchdog, watchdogs) {
    const channel filled;
    filled.fill();
    Watchdog watchdog;
    const auto deadline = clock::now() + 5ms;
    auto entries = filled.entries();
    do {
        watchdog.poll(entries, deadline);
        BOOST_REQUIRE(entries[0].revents == POLLIN);
    } while (!watchdog.rests() && clock::now() < deadline + 1min);
    BOOST_TEST(watchdog.rests());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_later_deadline_follows_an_earlier_one, Watchdog, watchdogs) {
    const channel quiet;
    const channel filled;
    filled.fill();
    Watchdog watchdog;
    auto entries = filled.entries();
    watchdog.poll(entries, clock::now() + 1ms);
    const auto deadline = clock::now() + 20ms;
    entries = quiet.entries();
    do watchdog.poll(entries, deadline);
    while (!watchdog.rests() || clock::now() < deadline);
    BOOST_TEST(entries[0].revents == 0);
    BOOST_TEST((clock::now() >= deadline));
}

BOOST_AUTO_TEST_SUITE_END()
