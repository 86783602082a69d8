// Ten thousand coroutines on a pool of eight connections.

#include "../support/pool_face.hpp"
#include "../support/seed.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>

#include <malloc.h>

#include <random>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

constexpr int herd = 10'000;
constexpr std::size_t connections = 8;

/// What the C library has handed out.
std::size_t allocated() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

/// Where the stack is. (The sanitizers may keep variables elsewhere.)
const char* stack_here() { return static_cast<const char*>(__builtin_frame_address(0)); }

std::size_t distance(const char* a, const char* b) { return static_cast<std::size_t>(a > b ? a - b : b - a); }

/// Coroutines that each ask for a connection, or one in four for an answer, and can be cancelled.
struct cancellable_herd {
    explicit cancellable_herd(pool_face& of) : face{of}, signals(herd), is_asking(herd) {}

    void start() {
        for (int i = 0; i < herd; ++i)
            asio::co_spawn(face.io, run(i),
                           asio::bind_cancellation_slot(signals[static_cast<std::size_t>(i)].slot(), asio::detached));
    }
    void run_until_all_wait() {
        for (face.io.restart(); std::ranges::count(is_asking, true) < herd;) face.io.run_one();
    }

    asio::awaitable<void> use(int number) {
        is_asking[static_cast<std::size_t>(number)] = true;
        if (number % 4 == 3) {
            const int answer = co_await face.pool.fetch_one<int>("SELECT $1::int", number);
            wrong += answer != number;
        } else {
            pooled_connection conn = co_await face.pool.acquire();
            late += number < next;  // a later one was before it
            next = std::max(next, number);
            const int answer = co_await conn->fetch_one<int>("SELECT $1::int", number);
            wrong += answer != number;
        }
    }
    asio::awaitable<void> run(int number) {
        try {
            co_await use(number);
            ++served;
        } catch (const operation_aborted&) {
            ++cancelled;
        } catch (const boost::system::system_error& e) {
            wrong += e.code() != asio::error::operation_aborted;
            ++cancelled;
        }
        ++ended;
    }

    pool_face& face;
    std::vector<asio::cancellation_signal> signals;
    std::vector<bool> is_asking;
    int next = 0;
    int served = 0;
    int cancelled = 0;
    int late = 0;
    int wrong = 0;
    int ended = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_herd)

BOOST_AUTO_TEST_CASE(a_herd_is_served_by_few_connections_in_its_order) {
    pool_face face{{.max_size = connections}, named("pool_herd")};
    int next = 0;
    int granted = 0;
    int late = 0;
    int wrong = 0;
    int ended = 0;
    std::int64_t most = 0;
    std::size_t deepest = 0;
    const char* const ground = stack_here();
    const auto use = [&](int number) -> asio::awaitable<void> {
        {
            pooled_connection conn = co_await face.pool.acquire();
            late += number < next;  // a later one was before it
            next = std::max(next, number);
            ++granted;
            deepest = std::max(deepest, distance(ground, stack_here()));
            const int answer = co_await conn->fetch_one<int>("SELECT $1::int", number);
            wrong += answer != number;
        }
        ++ended;
    };
    const auto watch = [&]() -> asio::awaitable<void> {
        coropg::connection observer = co_await coropg::connect(dsn());
        while (ended < herd) {
            const auto count = co_await observer.fetch_one<std::int64_t>(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool_herd'");
            most = std::max(most, count);
            co_await sleep_for(5ms);
        }
    };
    for (int i = 0; i < herd; ++i) asio::co_spawn(face.io, use(i), asio::detached);
    AWAIT(watch());
    BOOST_TEST(granted == herd);
    BOOST_TEST(late == 0);
    BOOST_TEST(wrong == 0);
    BOOST_TEST(most == static_cast<std::int64_t>(connections));
    BOOST_TEST(face.pool.stats().connections_num == connections);
    BOOST_TEST_MESSAGE("at most " << most << " connections, " << deepest << " bytes of stack");
    BOOST_TEST(deepest < 256U * 1024);
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(a_waiter_costs_little_memory) {
    pool_face face{{.max_size = connections, .acquire_timeout = 0ms}, named("pool_herd")};
    AWAIT(face.pool.execute("SELECT 1"));
    cancellable_herd users{face};
    const std::size_t before = allocated();
    users.start();
    const std::size_t spawned = allocated();
    users.run_until_all_wait();
    const double waiting = static_cast<double>(face.pool.stats().requests_waiting);
    const double per_waiter = static_cast<double>(allocated() - before) / herd;
    BOOST_TEST_MESSAGE(per_waiter << " bytes for each that waits, of them "
                                  << static_cast<double>(spawned - before) / herd
                                  << " of its coroutine's before it did; " << waiting << " wait");
    BOOST_TEST(waiting > herd * 0.8);
    BOOST_TEST(per_waiter <= 4096);
    BOOST_TEST(face.run_until([&] { return users.ended == herd; }, 30s));
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(some_of_a_herd_are_cancelled_at_random) {
    std::mt19937 random{static_cast<unsigned>(announced_seed())};
    pool_face face{{.max_size = connections, .acquire_timeout = 0ms}, named("pool_herd")};
    AWAIT(face.pool.execute("SELECT 1"));
    cancellable_herd users{face};
    users.start();
    users.run_until_all_wait();

    // 30 %, at moments spread over the whole time.
    std::vector<int> doomed(herd);
    for (int i = 0; i < herd; ++i) doomed[static_cast<std::size_t>(i)] = i;
    std::shuffle(doomed.begin(), doomed.end(), random);
    doomed.resize(herd * 3 / 10);
    const auto cancel_some = [&]() -> asio::awaitable<void> {
        for (std::size_t i = 0; i < doomed.size(); ++i) {
            users.signals[static_cast<std::size_t>(doomed[i])].emit(asio::cancellation_type::terminal);
            if (random() % 8 == 0) co_await sleep_for(std::chrono::microseconds{random() % 1000});
        }
    };
    AWAIT(cancel_some());
    BOOST_TEST(face.run_until([&] { return users.ended == herd; }, 30s));
    BOOST_TEST_MESSAGE(users.served << " served, " << users.cancelled << " cancelled");
    BOOST_TEST(users.served + users.cancelled == herd);
    BOOST_TEST(users.served >= herd * 7 / 10);
    BOOST_TEST(users.cancelled > 0);
    BOOST_TEST(users.late == 0);
    BOOST_TEST(users.wrong == 0);
    face.require_whole();
}

BOOST_AUTO_TEST_SUITE_END()
