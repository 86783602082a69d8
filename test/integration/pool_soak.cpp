// Everything at once on one pool, while backends are killed: coroutines on strands of four threads, or eight threads. Each
// answer is its own, what was committed is stored once, the statistics add up, and memory stays.
// COROPG_TEST_FULL makes it five minutes for each face; the seed is printed, COROPG_TEST_SEED repeats it as far as timing allows.
#include "../support/memory.hpp"
#include "../support/pools.hpp"
#include "../support/seed.hpp"

#include <boost/asio/strand.hpp>

#include <array>
#include <atomic>
#include <random>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

constexpr int workers = 24;
constexpr int threads = 4;

std::chrono::seconds duration() { return std::getenv("COROPG_TEST_FULL") != nullptr ? 300s : 4s; }

std::uint32_t seed() { return static_cast<std::uint32_t>(announced_seed()); }

/// What all workers count together.
struct tally {
    std::atomic<int> next_id{0};
    std::atomic<long> done{0};
    std::atomic<long> lost{0};
    std::atomic<long> timed_out{0};
    std::atomic<int> wrong{0};
    std::atomic<int> unexpected{0};
    std::mutex mutex;
    std::vector<int> stored;      // acknowledged
    std::vector<int> not_stored;  // refused for certain
    std::string first_unexpected;

    void note(std::vector<int>& list, int id) {
        const std::lock_guard lock{mutex};
        list.push_back(id);
    }
    /// The error of an operation; `id` is what it would have stored, if anything.
    void fail(const error& e, int id) {
        if (id != 0 && e.outcome() != outcome::unknown) note(not_stored, id);
        if (dynamic_cast<const query_timeout*>(&e) != nullptr) return void(++timed_out);
        const auto* server = dynamic_cast<const server_error*>(&e);
        if (dynamic_cast<const connection_error*>(&e) != nullptr) return void(++lost);
        if (server != nullptr && server->sqlstate() == "57P01") return void(++lost);
        ++unexpected;
        const std::lock_guard lock{mutex};
        if (first_unexpected.empty()) first_unexpected = e.what();
    }
};

const pool_options options{.min_size = 2, .max_size = 8, .acquire_timeout = 10s, .max_lifetime = 2s, .name = "soak"};

conninfo soak_info() {
    conninfo info = dsn();
    info.application_name("coropg soak");
    return info;
}

asio::awaitable<void> one_operation(coropg::pool& pool, std::minstd_rand& random, tally& t, int id) {
    const int n = static_cast<int>(random());
    switch (random() % 8) {
        case 0: {
            auto conn = co_await pool.acquire();
            co_await conn->execute("SET statement_timeout = '30s'");
            const int seen = co_await conn->fetch_one<int>("SELECT $1::int", n);
            if (seen != n) ++t.wrong;
            break;
        }
        case 1: {
            auto store = [id](coropg::transaction& tx) -> asio::awaitable<void> {
                co_await tx.execute("INSERT INTO soak VALUES ($1)", id);
            };
            co_await pool.transaction(store);
            t.note(t.stored, id);
            break;
        }
        case 2: {
            auto p = pool.pipeline();
            auto first = p.fetch_one<int>("SELECT $1::int", n);
            auto second = p.fetch_one<int>("SELECT $1::int", n - 1);
            co_await p.run();
            if (first.get() != n || second.get() != n - 1) ++t.wrong;
            break;
        }
        case 3: co_await pool.with({.timeout = 2ms}).execute("SELECT pg_sleep(0.005)"); break;
        case 4: {
            // Left in the middle of a transaction.
            auto conn = co_await pool.acquire();
            auto tx = co_await conn->begin();
            co_await tx.execute("INSERT INTO soak VALUES ($1)", id);
            t.note(t.not_stored, id);
            break;
        }
        default: {
            const int seen = co_await pool.fetch_one<int>("SELECT $1::int", n);
            if (seen != n) ++t.wrong;
        }
    }
}

void one_operation(sync::pool& pool, std::minstd_rand& random, tally& t, int id) {
    const int n = static_cast<int>(random());
    switch (random() % 6) {
        case 0: {
            auto conn = pool.acquire();
            conn->execute("SET statement_timeout = '30s'");
            if (conn->fetch_one<int>("SELECT $1::int", n) != n) ++t.wrong;
            break;
        }
        case 1:
            pool.transaction([id](sync::transaction& tx) { tx.execute("INSERT INTO soak VALUES ($1)", id); });
            t.note(t.stored, id);
            break;
        case 2: pool.with({.timeout = 2ms}).execute("SELECT pg_sleep(0.005)"); break;
        case 3: {
            auto conn = pool.acquire();
            auto tx = conn->begin();
            tx.execute("INSERT INTO soak VALUES ($1)", id);
            t.note(t.not_stored, id);
            break;
        }
        default:
            if (pool.fetch_one<int>("SELECT $1::int", n) != n) ++t.wrong;
    }
}

asio::awaitable<void> worker(coropg::pool& pool, std::uint32_t seed, tally& t,
                             std::chrono::steady_clock::time_point end) {
    std::minstd_rand random{seed};
    while (std::chrono::steady_clock::now() < end) {
        const int id = ++t.next_id;
        try {
            co_await one_operation(pool, random, t, id);
            ++t.done;
        } catch (const error& e) {
            t.fail(e, id);
        }
    }
}

struct watch_report {
    int killed = 0;
    std::size_t resident_early = 0;
};

/// Kills a backend of the pool now and then.
watch_report kill_until(std::chrono::steady_clock::time_point end, const std::string& server) {
    auto conn = sync::connect(server);
    watch_report report;
    const auto early = std::chrono::steady_clock::now() + duration() / 4;
    while (std::chrono::steady_clock::now() < end) {
        if (report.resident_early == 0 && std::chrono::steady_clock::now() > early)
            report.resident_early = resident_bytes();
        conn.execute("SELECT pg_sleep(0.05)");
        report.killed += conn.fetch_one<int>(
            "SELECT count(pg_terminate_backend(pid))::int FROM (SELECT pid FROM pg_stat_activity "
            "WHERE application_name = 'coropg soak' ORDER BY random() LIMIT 1) victim");
    }
    return report;
}

void check(tally& t, const pool_stats& s, const watch_report& seen) {
    const std::size_t grown = resident_bytes() - std::min(seen.resident_early, resident_bytes());
    BOOST_TEST_MESSAGE(t.done << " operations, " << t.lost << " lost their connection, " << t.timed_out
                              << " timed out, " << seen.killed << " backends killed, " << s.connections_num
                              << " connects, " << grown / 1024 << " KiB more than early on");
    if (can_measure_memory()) BOOST_TEST(grown < std::size_t{32} * 1024 * 1024);
    BOOST_TEST(t.done > 0);
    BOOST_TEST(t.wrong == 0);
    BOOST_TEST(t.unexpected == 0, t.first_unexpected);
    BOOST_TEST(s.lent == 0U);
    BOOST_TEST(s.requests_num == s.granted + s.timed_out + s.cancelled + s.refused + s.failed + s.requests_waiting);
    auto conn = sync::connect(dsn());
    BOOST_TEST(conn.fetch_one<std::int64_t>("SELECT count(*) FROM soak WHERE id = ANY($1)", t.stored) ==
               static_cast<std::int64_t>(t.stored.size()));
    BOOST_TEST(conn.fetch_one<std::int64_t>("SELECT count(*) FROM soak WHERE id = ANY($1)", t.not_stored) == 0);
    BOOST_TEST(conn.fetch_one<std::int64_t>("SELECT count(*) - count(DISTINCT id) FROM soak") == 0);
    conn.execute("DROP TABLE soak");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_soak)

BOOST_AUTO_TEST_CASE(on_strands_of_four_threads) {
    sync::connect(dsn()).execute_script("DROP TABLE IF EXISTS soak; CREATE TABLE soak (id int)");
    const std::uint32_t first = seed();
    const std::string server = dsn();
    const auto end = std::chrono::steady_clock::now() + duration();
    tally t;
    pool_stats stats;
    watch_report seen;
    {
        asio::io_context io;
        coropg::pool pool{io.get_executor(), soak_info(), options};
        std::atomic<int> left = workers;
        const auto stop = [&](const std::exception_ptr& problem) {
            if (problem) ++t.unexpected;
            if (--left > 0) return;
            stats = pool.stats();
            asio::co_spawn(io, pool.close(), [](const std::exception_ptr&) {});
        };
        for (int i = 0; i < workers; ++i)
            asio::co_spawn(asio::make_strand(io), worker(pool, first + static_cast<std::uint32_t>(i), t, end), stop);
        std::array<std::thread, threads> runners;
        for (std::thread& each : runners) each = std::thread{[&io] { io.run(); }};
        seen = kill_until(end, server);
        for (std::thread& each : runners) each.join();
    }
    check(t, stats, seen);
}

BOOST_AUTO_TEST_CASE(on_eight_blocking_threads) {
    sync::connect(dsn()).execute_script("DROP TABLE IF EXISTS soak; CREATE TABLE soak (id int)");
    const std::uint32_t first = seed();
    const std::string server = dsn();
    const auto end = std::chrono::steady_clock::now() + duration();
    tally t;
    sync::pool pool{soak_info(), options};
    const auto work = [&](std::uint32_t number) {
        std::minstd_rand random{first + number};
        while (std::chrono::steady_clock::now() < end) {
            const int id = ++t.next_id;
            try {
                one_operation(pool, random, t, id);
                ++t.done;
            } catch (const error& e) {
                t.fail(e, id);
            }
        }
    };
    std::vector<std::thread> all;
    for (std::uint32_t i = 0; i < 2 * threads; ++i) all.emplace_back(work, i);
    const watch_report seen = kill_until(end, server);
    for (std::thread& each : all) each.join();
    const pool_stats stats = pool.stats();
    pool.close();
    check(t, stats, seen);
}

BOOST_AUTO_TEST_SUITE_END()
