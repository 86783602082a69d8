// Many coroutines on many connections, whose statements are cancelled at random moments. A cancel must hit nobody else,
// every answer must be its own, what is told of a statement must be true, and the connections must live on.
//
// COROPG_TEST_FULL makes it 100,000 cancels; COROPG_TEST_SEED repeats a run, as far as timing allows.

#include "../support/faces.hpp"
#include "../support/seed.hpp"

#include <coropg/log.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using asio::experimental::awaitable_operators::operator||;

namespace {

bool is_full() { return std::getenv("COROPG_TEST_FULL") != nullptr; }

unsigned storm_seed() { return static_cast<unsigned>(announced_seed()); }

enum class kind { select, insert, script, transaction };

/// One thing to do, and how it is cut short.
struct plan {
    kind what = kind::select;
    int tag = 0;
    double seconds = 0;
    std::chrono::milliseconds timeout{0};           ///< none when 0
    std::chrono::microseconds cancelled_after{-1};  ///< by the slot; not when negative

    [[nodiscard]] bool has_timeout() const { return timeout.count() > 0; }
    [[nodiscard]] bool is_cancelled() const { return cancelled_after.count() >= 0; }
};

/// Draws what a worker does next. A connection of its own may have transactions, and statements that only a cancel ends;
/// what shares one mostly waits for others.
plan draw(std::mt19937& random, int tag, bool is_shared, bool may_cancel) {
    const auto below = [&](int limit) { return std::uniform_int_distribution<int>{0, limit - 1}(random); };
    plan p{.tag = tag, .seconds = below(is_shared ? 1000 : 60000) * 1e-6};
    const int what = below(is_shared ? 17 : 20);
    p.what = what < 8 ? kind::select : what < 16 ? kind::insert : what < 17 ? kind::script : kind::transaction;
    const int cut = below(is_shared ? 60 : 10);
    if (cut < 6 && may_cancel) p.cancelled_after = std::chrono::microseconds{below(is_shared ? 20000 : 4000)};
    if (cut >= 5 && cut < 9) p.timeout = std::chrono::milliseconds{1 + below(is_shared ? 20 : 4)};
    const bool ends_by_force = p.has_timeout() || p.is_cancelled();
    if (!is_shared && ends_by_force && below(20) == 0) p.seconds = 30;
    return p;
}

/// What may be in the table of a tag: its row, no row, or either.
enum class fate { kept, gone, open };

/// What happened. Threads: any.
struct tally {
    std::atomic<int> statements{0};
    std::atomic<int> cancels{0};  ///< that ended something
    std::atomic<int> timeouts{0};
    std::atomic<int> late{0};  ///< cancels and timeouts that came when it had ended
    std::atomic<int> cancelled_on_server{0};
    std::atomic<int> left_to_server{0};
    std::atomic<int> not_sent{0};
    std::atomic<int> foreign{0};
    std::atomic<int> wrong{0};
    std::atomic<int> lost{0};  ///< statements
    std::atomic<int> closed{0};

    [[nodiscard]] int stops() const { return cancels + timeouts; }

    void complain(std::string text) {
        ++wrong;
        const std::lock_guard lock{mutex};
        if (complaints.size() < 10) complaints.push_back(std::move(text));
    }

    std::mutex mutex;
    std::vector<std::string> complaints;
};

void count_outcome(tally& all, outcome became) {
    if (became == outcome::not_sent) ++all.not_sent;
    if (became == outcome::failed) ++all.cancelled_on_server;
    if (became == outcome::unknown) ++all.left_to_server;
}

fate fate_of(outcome became) {
    if (became == outcome::unknown) return fate::open;
    return became == outcome::executed ? fate::kept : fate::gone;
}

/// Judges how what was planned as `p` ended.
fate judge(tally& all, const plan& p, std::exception_ptr problem) try {
    ++all.statements;
    if (!problem) {
        if (p.is_cancelled() || p.has_timeout()) ++all.late;
        return fate::kept;
    }
    std::rethrow_exception(problem);
} catch (const commit_in_doubt&) {
    if (!p.is_cancelled() && !p.has_timeout()) all.complain("a COMMIT that nobody cancelled is in doubt");
    ++(p.is_cancelled() ? all.cancels : all.timeouts);
    ++all.left_to_server;
    return fate::open;
} catch (const operation_aborted& e) {
    if (!p.is_cancelled()) all.complain(std::string{"cancelled by nobody: "} + e.what());
    ++all.cancels;
    count_outcome(all, e.outcome());
    return p.what == kind::transaction ? fate::gone : fate_of(e.outcome());
} catch (const query_timeout& e) {
    if (!p.has_timeout()) all.complain(std::string{"out of time without a limit: "} + e.what());
    ++all.timeouts;
    count_outcome(all, e.outcome());
    return p.what == kind::transaction ? fate::gone : fate_of(e.outcome());
} catch (const errors::query_canceled& e) {
    ++all.foreign;
    all.complain(std::string{"hit by the cancel of another: "} + e.what());
    return fate::gone;
} catch (const connection_error& e) {
    ++all.lost;
    return p.what == kind::transaction ? fate::open : fate_of(e.outcome());
} catch (const boost::system::system_error& e) {  // between two statements
    if (e.code() != asio::error::operation_aborted || !p.is_cancelled()) all.complain(e.what());
    ++all.cancels;
    ++all.not_sent;
    return fate::gone;
} catch (const std::exception& e) {
    all.complain(e.what());
    return fate::open;
}

void require_own(bool is_own) {
    if (!is_own) throw std::logic_error{"got an answer that is not its own"};
}

/// The rows of all tags, and what must hold of them.
class ledger {
 public:
    ledger() {
        set_logger(nullptr);
        admin_.execute_script("DROP TABLE IF EXISTS storm; CREATE UNLOGGED TABLE storm (tag int)");
    }
    ~ledger() {
        try {
            admin_.execute_script("DROP TABLE storm");
        } catch (const coropg::error& e) {
            BOOST_ERROR(e.what());
        }
    }

    void add(const std::vector<std::pair<int, fate>>& fates) {
        const std::lock_guard lock{mutex_};
        fates_.insert(fates_.end(), fates.begin(), fates.end());
    }
    void check() {
        std::vector<int> tags = admin_.fetch<int>("SELECT tag FROM storm ORDER BY tag");
        BOOST_TEST((std::ranges::adjacent_find(tags) == tags.end()));
        int missing = 0;
        int undead = 0;
        for (const auto& [tag, expected] : fates_) {
            const bool is_there = std::ranges::binary_search(tags, tag);
            if (expected == fate::kept && !is_there) ++missing;
            if (expected == fate::gone && is_there) ++undead;
        }
        BOOST_TEST(missing == 0, missing << " rows are missing of statements that ended well");
        BOOST_TEST(undead == 0, undead << " rows are there of statements that were told to have no effect");
    }

 private:
    sync::connection admin_ = sync::connect(dsn());
    std::mutex mutex_;
    std::vector<std::pair<int, fate>> fates_;
};

void check(const tally& all, int connections) {
    BOOST_TEST_MESSAGE(
        all.statements << " statements, " << all.stops() << " stopped (" << all.cancels << " by the slot, "
                       << all.timeouts << " by a timeout; " << all.cancelled_on_server << " on the server, "
                       << all.left_to_server << " left to it, " << all.not_sent << " not sent), " << all.late
                       << " too late; " << all.foreign << " foreign hits, " << all.wrong << " wrong, " << all.closed
                       << " connections closed, " << all.lost << " statements lost; " << connections << " connections");
    BOOST_TEST(all.foreign == 0);
    BOOST_TEST(all.wrong == 0);
    BOOST_TEST(all.closed * 10 <= all.stops());
    for (const std::string& complaint : all.complaints) BOOST_ERROR(complaint);
}

// ------------------------------------------------------------------------------------------------ asynchronous face

/// A connection that is replaced when it was closed, and a strand for all who use it.
struct place {
    asio::any_io_executor strand;
    std::shared_ptr<coropg::connection> conn;
    bool is_shared = false;
    bool is_connecting = false;
};

asio::awaitable<void> sleep_for(std::chrono::microseconds time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> perform(std::shared_ptr<coropg::connection> conn, plan p) {
    auto limited = conn->with({.timeout = p.timeout});
    switch (p.what) {
        case kind::select: {
            const auto row = co_await limited.fetch_one<std::tuple<int, std::string>>(
                "SELECT $1::int, pg_sleep($2)::text", p.tag, p.seconds);
            require_own(std::get<0>(row) == p.tag);
            break;
        }
        case kind::insert: {
            const auto tags = co_await limited.fetch<int>(
                "INSERT INTO storm SELECT $1::int FROM pg_sleep($2) RETURNING tag", p.tag, p.seconds);
            require_own(tags.size() == 1 && tags[0] == p.tag);
            break;
        }
        case kind::script: co_await limited.execute_script("SELECT pg_sleep(0.002)"); break;
        case kind::transaction: {
            const auto body = [p](coropg::transaction& tx) -> asio::awaitable<void> {
                co_await tx.execute("INSERT INTO storm VALUES ($1)", p.tag);
                co_await tx.execute("SELECT pg_sleep($1)", p.seconds);
            };
            co_await limited.transaction(body);
            break;
        }
    }
}

/// The same, with its end told.
asio::awaitable<void> perform_and_tell(std::shared_ptr<coropg::connection> conn, plan p, std::exception_ptr& problem) {
    try {
        co_await perform(std::move(conn), p);
    } catch (...) {
        problem = std::current_exception();
    }
}

class storm {
 public:
    storm(int threads, int stops, unsigned seed) : threads_{threads}, stops_{stops}, seed_{seed} {}

    void run() {
        constexpr int lonely = 12;  // connections with one coroutine
        constexpr int crowded = 4;  // with thirteen
        for (int i = 0; i < lonely + crowded; ++i)
            places_.push_back({asio::make_strand(io_), nullptr, i >= lonely, false});
        for (int i = 0; i < lonely + crowded; ++i)
            for (int j = 0; j < (i < lonely ? 1 : 13); ++j) {
                ++working_;
                asio::co_spawn(places_[index(i)].strand,
                               work(places_[index(i)], seed_ + index(working_), working_ * 1'000'000),
                               [this](std::exception_ptr problem) { end_one(std::move(problem)); });
            }
        std::vector<std::thread> threads;
        for (int i = 0; i < threads_; ++i) threads.emplace_back([this] { io_.run(); });
        // It is far longer than it takes: whoever runs into it is stuck.
        const auto limit = is_full() ? 3600s : 120s;
        if (ended_.get_future().wait_for(limit) != std::future_status::ready) {
            BOOST_ERROR("stuck: " << working_ << " coroutines of 64 have not ended, after " << all_.statements
                                  << " statements and " << all_.stops() << " cancels");
            io_.stop();
        }
        for (std::thread& one : threads) one.join();
        places_.clear();
        check(all_, lonely + crowded);
        book_.check();
    }

 private:
    static std::size_t index(int i) { return static_cast<std::size_t>(i); }

    asio::awaitable<void> work(place& at, std::size_t seed, int first_tag) {
        std::mt19937 random{static_cast<unsigned>(seed)};
        std::vector<std::pair<int, fate>> fates;
        for (int tag = first_tag; all_.stops() < stops_; ++tag) {
            while (!at.conn || !at.conn->is_open()) co_await revive(at);
            const plan p = draw(random, tag, at.is_shared, true);
            std::exception_ptr problem;
            auto performing = perform_and_tell(at.conn, p, problem);
            if (p.is_cancelled()) {
                co_await (std::move(performing) || sleep_for(p.cancelled_after));
            } else {
                co_await std::move(performing);
            }
            const fate became = judge(all_, p, problem);
            if (p.what == kind::insert || p.what == kind::transaction) fates.emplace_back(tag, became);
        }
        book_.add(fates);
    }

    /// Connects, or lets another coroutine do it.
    asio::awaitable<void> revive(place& at) {
        if (at.is_connecting) {
            co_await sleep_for(1ms);
            co_return;
        }
        at.is_connecting = true;
        if (at.conn) ++all_.closed;
        auto made = co_await coropg::connect(info_);
        at.conn = std::make_shared<coropg::connection>(std::move(made));
        at.is_connecting = false;
    }

    void end_one(std::exception_ptr problem) {
        if (problem) all_.complain("a worker ended by an exception");
        if (--working_ == 0) ended_.set_value();
    }

    const int threads_;
    const int stops_;
    const unsigned seed_;
    const conninfo info_ = dsn();  // checked by Boost.Test, which knows one thread
    tally all_;
    ledger book_;
    asio::io_context io_;
    std::vector<place> places_;
    std::atomic<int> working_{0};
    std::promise<void> ended_;
};

// ---------------------------------------------------------------------------------------------------- blocking face

void perform(sync::connection& conn, const plan& p) {
    auto limited = conn.with({.timeout = p.timeout});
    switch (p.what) {
        case kind::select: {
            const auto row =
                limited.fetch_one<std::tuple<int, std::string>>("SELECT $1::int, pg_sleep($2)::text", p.tag, p.seconds);
            require_own(std::get<0>(row) == p.tag);
            break;
        }
        case kind::insert: {
            const auto tags = limited.fetch<int>("INSERT INTO storm SELECT $1::int FROM pg_sleep($2) RETURNING tag",
                                                 p.tag, p.seconds);
            require_own(tags.size() == 1 && tags[0] == p.tag);
            break;
        }
        case kind::script: limited.execute_script("SELECT pg_sleep(0.002)"); break;
        case kind::transaction:
            limited.transaction([&](sync::transaction& tx) {
                tx.execute("INSERT INTO storm VALUES ($1)", p.tag);
                tx.execute("SELECT pg_sleep($1)", p.seconds);
            });
            break;
    }
}

void work_blocking(const conninfo& info, tally& all, ledger& book, int stops, unsigned seed, int first_tag) try {
    std::mt19937 random{seed};
    std::vector<std::pair<int, fate>> fates;
    std::optional<sync::connection> conn;
    for (int tag = first_tag; all.stops() < stops; ++tag) {
        if (conn && !conn->is_open()) {
            ++all.closed;
            conn.reset();
        }
        if (!conn) conn.emplace(sync::connect(info));
        const plan p = draw(random, tag, false, false);
        std::exception_ptr problem;
        try {
            perform(*conn, p);
        } catch (...) {
            problem = std::current_exception();
        }
        const fate became = judge(all, p, problem);
        if (p.what == kind::insert || p.what == kind::transaction) fates.emplace_back(tag, became);
    }
    book.add(fates);
} catch (const std::exception& e) {
    all.complain(std::string{"a thread ended by: "} + e.what());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel_storm)

BOOST_AUTO_TEST_CASE(a_cancel_hits_nobody_else) { storm{1, is_full() ? 100'000 : 2'000, storm_seed()}.run(); }

BOOST_AUTO_TEST_CASE(a_cancel_hits_nobody_else_on_four_threads_with_a_strand_a_connection) {
    storm{4, is_full() ? 20'000 : 1'000, storm_seed()}.run();
}

BOOST_AUTO_TEST_CASE(a_timeout_hits_nobody_else_on_the_blocking_face) {
    constexpr int connections = 8;
    const int stops = is_full() ? 20'000 : 500;
    const unsigned seed = storm_seed();
    const conninfo info = dsn();
    tally all;
    ledger book;
    std::vector<std::future<void>> threads;
    for (int i = 0; i < connections; ++i)
        threads.push_back(std::async(std::launch::async, [&, i] {
            work_blocking(info, all, book, stops, seed + static_cast<unsigned>(i), i * 10'000'000);
        }));
    const auto limit = std::chrono::steady_clock::now() + (is_full() ? 3600s : 120s);
    for (auto& one : threads)
        if (one.wait_until(limit) != std::future_status::ready) {
            std::cerr << "stuck: a thread has not ended, after " << all.statements << " statements\n";
            std::abort();  // it cannot be joined
        }
    check(all, connections);
    book.check();
}

BOOST_AUTO_TEST_CASE(what_has_others_behind_it_is_never_cancelled_on_the_server) {
    constexpr int connections = 8;
    constexpr int rounds = 25;
    std::mt19937 random{storm_seed()};
    ledger book;
    async_face face;
    int answers = 0;
    int abandoned = 0;
    int finished = 0;
    const auto follow = [&](coropg::connection& conn, int tag) -> asio::awaitable<void> {
        const int own = co_await conn.fetch_one<int>("SELECT $1::int", tag);
        answers += own == tag ? 1 : 0;
    };
    const auto insert = [&](coropg::connection& conn, plan p) -> asio::awaitable<void> {
        try {
            co_await perform(std::shared_ptr<coropg::connection>{std::shared_ptr<void>{}, &conn}, p);
            ++finished;
        } catch (const coropg::error& e) {
            BOOST_TEST((e.outcome() == outcome::unknown));
            ++abandoned;
        }
    };
    const auto race = [&](coropg::connection& conn, plan p) -> asio::awaitable<void> {
        auto inserting = insert(conn, p);
        if (p.is_cancelled())
            co_await (std::move(inserting) || sleep_for(p.cancelled_after));
        else
            co_await std::move(inserting);
    };
    const auto work = [&](int first_tag) -> asio::awaitable<void> {
        coropg::connection conn = co_await coropg::connect(dsn());
        for (int tag = first_tag; tag < first_tag + rounds; ++tag) {
            plan p{.what = kind::insert, .tag = tag, .seconds = 0.015};
            const int moment = std::uniform_int_distribution<int>{1, 12}(random);
            if (tag % 2 == 0)
                p.timeout = std::chrono::milliseconds{moment};
            else
                p.cancelled_after = std::chrono::milliseconds{moment};
            co_await gather(race(conn, p), follow(conn, tag));
        }
    };
    for (int i = 0; i < connections; ++i)
        asio::co_spawn(face.io, work(i * rounds), [](std::exception_ptr problem) { BOOST_TEST(!problem); });
    face.io.run_for(60s);
    BOOST_TEST(face.io.stopped(), "stuck");
    BOOST_TEST_MESSAGE(abandoned << " left to the server, " << finished << " waited for");
    BOOST_TEST(answers == connections * rounds);
    BOOST_TEST(abandoned >= connections);
    BOOST_TEST(sync::connect(dsn()).fetch_one<int>("SELECT count(DISTINCT tag)::int FROM storm") ==
               connections * rounds);
}

BOOST_AUTO_TEST_SUITE_END()
