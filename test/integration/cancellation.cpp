// Every operation, cancelled by the slot of the coroutine that awaits it.

#include "../support/cancelling.hpp"

#include <coropg/testing/fake_server.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <mutex>
#include <semaphore>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using asio::cancellation_type;
using asio::experimental::awaitable_operators::operator||;
using asio::experimental::awaitable_operators::operator&&;

namespace {

/// A name whose lookup takes until the test lets it end.
constexpr std::string_view slow_name = "slow-name.invalid";

struct slow_lookup {
    std::counting_semaphore<> begun{0};
    std::promise<void> may_end;
    const std::shared_future<void> ended{may_end.get_future()};
};

/// The lookup goes on behind its test.
class pending {
 public:
    pending& operator=(std::shared_ptr<slow_lookup> next) {
        const std::lock_guard lock{mutex_};
        lookup_ = std::move(next);
        return *this;
    }
    std::shared_ptr<slow_lookup> load() {
        const std::lock_guard lock{mutex_};
        return lookup_;
    }

 private:
    std::mutex mutex_;
    std::shared_ptr<slow_lookup> lookup_;
} pending_lookup;

}  // namespace

/// In place of the system's, for this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
    if (const auto slow = pending_lookup.load(); slow != nullptr && host != nullptr && host == slow_name) {
        slow->begun.release();
        slow->ended.wait();
        return EAI_NONAME;
    }
    using signature = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<signature>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(host, service, hints, found);
}

namespace {

const std::array<cancellation_type, 2> heeded{cancellation_type::terminal, cancellation_type::total};

std::string name_of(cancellation_type type) { return type == cancellation_type::total ? "total" : "terminal"; }

/// A listener that accepts no more: a connection to it hangs.
class deaf_listener {
 public:
    deaf_listener() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        BOOST_REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        BOOST_REQUIRE(::listen(socket_, 0) == 0);
        BOOST_REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        for (int& filler : fillers_) {
            filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            ::connect(filler, reinterpret_cast<const sockaddr*>(&address), size);
        }
    }
    ~deaf_listener() {
        for (const int filler : fillers_) ::close(filler);
        ::close(socket_);
    }
    [[nodiscard]] conninfo info() const {
        return conninfo{"host=127.0.0.1 user=x dbname=x connect_timeout=60 port=" + std::to_string(port_)};
    }

 private:
    int socket_;
    int port_ = 0;
    std::array<int, 4> fillers_{};
};

asio::awaitable<void> sleep_for(std::chrono::milliseconds time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
}

/// Runs `work` until `conn` sleeps, cancels it, and returns the error.
template <class Error = operation_aborted>
Error cancelled_in_its_sleep(async_face& face, coropg::connection& conn, asio::awaitable<void> work,
                             cancellation_type type = cancellation_type::terminal) {
    cancellable running{face.io, std::move(work)};
    await_sleep(face.io, conn);
    running.cancel(type);
    const auto e = running.error<Error>();
    BOOST_TEST((running.took() < within(2s)));
    return e;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancellation)

// ------------------------------------------------------------------------------------------------- one statement

BOOST_AUTO_TEST_CASE(a_statement_that_runs_alone_is_cancelled_on_the_server) {
    async_face face;
    auto conn = face.connect();
    for (const cancellation_type type : heeded) {
        BOOST_TEST_CONTEXT(name_of(type)) {
            auto work = only_run(conn.execute("SELECT pg_sleep(30)"));
            const auto e = cancelled_in_its_sleep(face, conn, std::move(work), type);
            BOOST_TEST((e.outcome() == outcome::failed));
            BOOST_TEST(e.sql() == "SELECT pg_sleep(30)");
            BOOST_TEST(e.where().line() > 0U);
            BOOST_TEST(usable_or_closed(face.io, conn));
        }
    }
    auto rows = only_run(conn.fetch<int>("SELECT 1 FROM pg_sleep(30)"));
    BOOST_TEST((cancelled_in_its_sleep(face, conn, std::move(rows)).outcome() == outcome::failed));
    const std::vector<double> naps{0, 0, 30};
    auto many = only_run(conn.execute_many("SELECT pg_sleep($1)", naps));
    BOOST_TEST((cancelled_in_its_sleep(face, conn, std::move(many)).outcome() == outcome::failed));
    auto script = conn.execute_script("SELECT 1; SELECT pg_sleep(30); SELECT 2");
    BOOST_TEST((cancelled_in_its_sleep(face, conn, std::move(script)).outcome() == outcome::failed));
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_partial_cancellation_is_not_for_statements) {
    async_face face;
    auto conn = face.connect();
    cancellable running{face.io, only_run(conn.execute("SELECT pg_sleep(0.2)"))};
    await_sleep(face.io, conn);
    running.cancel(cancellation_type::partial);
    running.wait();
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_cancellation_that_comes_too_late_changes_nothing) {
    async_face face;
    auto conn = face.connect();
    std::optional<int> answer;
    const auto ask = [&]() -> asio::awaitable<void> { answer = co_await conn.fetch_one<int>("SELECT 7"); };
    cancellable running{face.io, ask()};
    running.wait();
    running.cancel();
    BOOST_TEST(answer.value() == 7);
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_statement_in_the_queue_is_dropped_at_once) {
    async_face face;
    auto conn = face.connect();
    cancellable script{face.io, conn.execute_script("SELECT pg_sleep(600)")};
    for (const cancellation_type type : heeded) {
        cancellable queued{face.io, only_run(conn.execute("SELECT 1"))};
        cancellable many{face.io, only_run(conn.execute_many("SELECT $1::int", std::vector<int>{1, 2}))};
        cancellable second_script{face.io, conn.execute_script("SELECT 1")};
        await_sleep(face.io, conn);
        for (cancellable* one : {&queued, &many, &second_script}) {
            one->cancel(type);
            const auto e = one->error<operation_aborted>();
            BOOST_TEST((e.outcome() == outcome::not_sent));
            BOOST_TEST((one->took() < within(200ms)));
        }
    }
    BOOST_TEST(!script.has_ended());
    script.cancel(cancellation_type::terminal);
    script.error<operation_aborted>();
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_statement_with_others_behind_it_is_left_to_the_server) {
    async_face face;
    auto conn = face.connect();
    face([&] { return conn.execute_script("CREATE TEMP TABLE left_alone (x int)"); });
    std::optional<int> answer;
    const auto ask = [&]() -> asio::awaitable<void> { answer = co_await conn.fetch_one<int>("SELECT 8"); };
    cancellable first{face.io, only_run(conn.execute("INSERT INTO left_alone SELECT 1 FROM pg_sleep(0.5)"))};
    cancellable second{face.io, ask()};
    await_sleep(face.io, conn);
    first.cancel();
    BOOST_TEST((first.error<operation_aborted>().outcome() == outcome::unknown));
    BOOST_TEST((first.took() < within(200ms)));
    second.wait();
    BOOST_TEST(answer.value() == 8);
    BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT count(*)::int FROM left_alone"); }) == 1);
}

BOOST_AUTO_TEST_CASE(closing_is_cancelled_only_while_it_waits) {
    async_face face;
    auto conn = face.connect();
    cancellable sleeper{face.io, only_run(conn.execute("SELECT pg_sleep(0.3)"))};
    cancellable closing{face.io, conn.close()};
    await_sleep(face.io, conn);
    closing.cancel();
    BOOST_TEST((closing.error<operation_aborted>().outcome() == outcome::not_sent));
    sleeper.wait();
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(the_one_that_remains_is_cancelled_by_the_one_that_ended) {
    async_face face;
    auto conn = face.connect();
    std::optional<cancellable> sleeper;
    const auto canceller = [&]() -> asio::awaitable<void> {
        co_await conn.execute("SELECT 1");
        sleeper->cancel();  // inside the session's turn
    };
    cancellable first{face.io, canceller()};
    sleeper.emplace(face.io, only_run(conn.execute("SELECT pg_sleep(30)")));
    first.wait();
    BOOST_TEST((sleeper->error<operation_aborted>().outcome() == outcome::failed));
    BOOST_TEST((sleeper->took() < within(1s)));
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_timer_beside_a_statement_ends_it) {
    async_face face;
    auto conn = face.connect();
    const auto race = [&]() -> asio::awaitable<void> {
        auto statement = conn.fetch<int>("SELECT 1 FROM pg_sleep(30)");
        const auto winner = co_await (std::move(statement) || sleep_for(100ms));
        BOOST_TEST(winner.index() == 1U);
        auto quick = conn.fetch<int>("SELECT 9");
        const auto next = co_await (std::move(quick) || sleep_for(30s));
        BOOST_TEST_REQUIRE(next.index() == 0U);
        BOOST_TEST(std::get<0>(next).at(0) == 9);
    };
    face([&] { return race(); });
    BOOST_TEST(usable_or_closed(face.io, conn));
}

// -------------------------------------------------------------------------------------- pipelines and transactions

BOOST_AUTO_TEST_CASE(a_pipeline_of_one_part_is_cancelled_and_its_statements_say_so) {
    async_face face;
    auto conn = face.connect();
    auto batch = conn.pipeline();
    auto one = batch.fetch_one<int>("SELECT 1");
    auto nap = batch.execute("SELECT pg_sleep(30)");
    auto two = batch.fetch_one<int>("SELECT 2");
    const auto e = cancelled_in_its_sleep(face, conn, batch.run());
    BOOST_TEST((e.outcome() == outcome::failed));
    error_of<operation_aborted>([&] { nap.get(); });
    for (auto* other : {&one, &two}) BOOST_CHECK_THROW(other->get(), coropg::error);
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_pipeline_of_several_parts_is_left_to_the_server) {
    async_face face;
    auto conn = face.connect();
    auto batch = conn.pipeline();
    auto nap = batch.execute("SELECT pg_sleep(0.5)");
    batch.sync();
    auto two = batch.fetch_one<int>("SELECT 2");
    const auto e = cancelled_in_its_sleep(face, conn, batch.run());
    BOOST_TEST((e.outcome() == outcome::unknown));
    error_of<operation_aborted>([&] { nap.get(); });
    error_of<operation_aborted>([&] { two.get(); });
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_pipeline_in_the_queue_is_dropped) {
    async_face face;
    auto conn = face.connect();
    cancellable script{face.io, conn.execute_script("SELECT pg_sleep(0.3)")};
    auto batch = conn.pipeline();
    auto one = batch.fetch_one<int>("SELECT 1");
    batch.sync();
    auto two = batch.fetch_one<int>("SELECT 2");
    cancellable running{face.io, batch.run()};
    await_sleep(face.io, conn);
    running.cancel();
    BOOST_TEST((running.error<operation_aborted>().outcome() == outcome::not_sent));
    BOOST_TEST(!script.has_ended());
    error_of<operation_aborted>([&] { one.get(); });
    error_of<operation_aborted>([&] { two.get(); });
    script.wait();
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(the_first_statement_of_a_transaction_is_cancelled_and_the_transaction_has_failed) {
    async_face face;
    auto conn = face.connect();
    auto tx = face([&] { return conn.begin(); });
    auto work = only_run(tx.execute("SELECT pg_sleep(30)"));
    BOOST_TEST((cancelled_in_its_sleep(face, conn, std::move(work)).outcome() == outcome::failed));
    error_of<errors::in_failed_sql_transaction>([&] { face([&] { return tx.execute("SELECT 1"); }); });
    face([&] { return tx.rollback(); });
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_function_that_is_a_transaction_is_rolled_back) {
    async_face face;
    auto conn = face.connect();
    face([&] { return conn.execute_script("CREATE TEMP TABLE undone (x int)"); });
    const auto body = [](coropg::transaction& tx) -> asio::awaitable<void> {
        co_await tx.execute("INSERT INTO undone VALUES (1)");
        co_await tx.execute("SELECT pg_sleep(30)");
    };
    cancelled_in_its_sleep(face, conn, conn.transaction(body));
    BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT count(*)::int FROM undone"); }) == 0);
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_savepoint_is_rolled_back_and_the_transaction_goes_on) {
    async_face face;
    auto conn = face.connect();
    face([&] { return conn.execute_script("CREATE TEMP TABLE saved (x int)"); });
    auto tx = face([&] { return conn.begin(); });
    face([&] { return tx.execute("INSERT INTO saved VALUES (1)"); });
    {
        auto point = face([&] { return tx.begin(); });
        auto work = only_run(point.execute("INSERT INTO saved SELECT 2 FROM pg_sleep(30)"));
        BOOST_TEST((cancelled_in_its_sleep(face, conn, std::move(work)).outcome() == outcome::failed));
    }
    face([&] { return tx.execute("INSERT INTO saved VALUES (3)"); });
    face([&] { return tx.commit(); });
    BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT sum(x)::int FROM saved"); }) == 4);
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_commit_is_left_to_the_server_and_told_in_doubt) {
    async_face face;
    auto conn = face.connect();
    face([&] {
        return conn.execute_script(
            "CREATE TABLE IF NOT EXISTS slow_commit (x int); TRUNCATE slow_commit;"
            "CREATE OR REPLACE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END';"
            "DROP TRIGGER IF EXISTS slow ON slow_commit;"
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow_commit DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION slow_commit()");
    });
    auto tx = face([&] { return conn.begin(); });
    face([&] { return tx.execute("INSERT INTO slow_commit VALUES (1)"); });
    cancellable commit{face.io, tx.commit()};
    await_sleep(face.io, conn);
    commit.cancel();
    const auto doubt = commit.error<commit_in_doubt>();
    BOOST_TEST((commit.took() < within(200ms)));
    BOOST_TEST((doubt.outcome() == outcome::unknown));
    BOOST_TEST(usable_or_closed(face.io, conn));
    BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT count(*)::int FROM slow_commit"); }) == 1);
    BOOST_TEST_REQUIRE(doubt.transaction_id().has_value());
    BOOST_TEST(face([&] { return coropg::resolve(doubt, conn); }).value());
    face([&] { return conn.execute_script("DROP TABLE slow_commit; DROP FUNCTION slow_commit"); });
}

BOOST_AUTO_TEST_CASE(an_end_that_was_not_sent_becomes_a_rollback) {
    async_face face;
    auto conn = face.connect();
    face([&] { return conn.execute_script("CREATE TEMP TABLE unended (x int)"); });
    for (const bool commits : {true, false}) {
        auto tx = face([&] { return conn.begin(); });
        cancellable script{face.io, tx.execute_script("INSERT INTO unended VALUES (1); SELECT pg_sleep(0.3)")};
        cancellable ending{face.io, commits ? tx.commit() : tx.rollback()};
        await_sleep(face.io, conn);
        ending.cancel();
        BOOST_TEST((ending.error<operation_aborted>().outcome() == outcome::not_sent));
        BOOST_TEST(!script.has_ended());
        script.wait();
        BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT count(*)::int FROM unended"); }) == 0);
        BOOST_TEST(usable_or_closed(face.io, conn));
    }
}

BOOST_AUTO_TEST_CASE(a_rollback_is_left_to_the_server) {
    async_face face;
    auto conn = face.connect();
    auto tx = face([&] { return conn.begin(); });
    face([&] { return tx.execute("SELECT 1"); });
    cancellable rollback{face.io, tx.rollback()};
    face.io.poll();
    rollback.cancel();
    try {
        rollback.wait();
    } catch (const operation_aborted& e) {
        BOOST_TEST((e.outcome() == outcome::unknown));
    }
    BOOST_TEST(usable_or_closed(face.io, conn));
}

// ------------------------------------------------------------------------------------------------------- connecting

BOOST_AUTO_TEST_CASE(connecting_ends_at_once_while_the_server_is_silent) {
    async_face face;
    testing::fake_server server;
    unsigned connections = 0;
    for (const cancellation_type type : heeded) {
        server.next({testing::step::hang()});
        cancellable connecting{face.io, only_run(coropg::connect(server.info()))};
        for (++connections; server.traffic().connections < connections;) face.io.run_for(10ms);
        connecting.cancel(type);
        const auto e = connecting.error<operation_aborted>();
        BOOST_TEST((e.outcome() == outcome::not_sent));
        BOOST_TEST((connecting.took() < within(1s)));
    }
}

BOOST_AUTO_TEST_CASE(a_partial_cancellation_does_not_end_connecting) {
    async_face face;
    testing::fake_server silent;
    silent.next({testing::step::hang()});
    cancellable connecting{face.io, only_run(coropg::connect(silent.info()))};
    while (silent.traffic().connections == 0U) face.io.run_for(10ms);
    connecting.cancel(asio::cancellation_type::partial);
    face.io.run_for(50ms);
    BOOST_TEST(!connecting.has_ended());
    connecting.cancel(asio::cancellation_type::total);
    connecting.error<operation_aborted>();
}

BOOST_AUTO_TEST_CASE(who_is_cancelled_between_two_waits_is_told_by_an_error_of_ours) {
    async_face face;
    auto conn = face.connect();
    std::optional<cancellable> work;
    const auto cancel = [&work] { work->cancel(asio::cancellation_type::terminal); };
    const auto told = [&](asio::awaitable<void> of) {
        work.emplace(face.io, std::move(of));
        return work->error<operation_aborted>();
    };
    const auto e = told(conn.transaction([&](transaction& tx) -> asio::awaitable<void> {
        co_await tx.execute("SELECT 1");
        cancel();
    }));
    BOOST_TEST((e.outcome() == outcome::not_sent));
    BOOST_TEST(e.where().file_name() == std::string_view{__FILE__});
    BOOST_TEST((told(only_run(conn.transaction([&](transaction& tx) -> asio::awaitable<int> {
                    co_await tx.execute("SELECT 1");
                    cancel();
                    co_return 1;
                }))).outcome() == outcome::not_sent));
    const auto fail = []() -> asio::awaitable<void> {
        throw connection_error{"it passes", outcome::not_sent};
        co_return;
    };
    told(retry({.initial_delay = 20s}, fail, [&](const retry_event&) { cancel(); }));
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(connecting_ends_at_once_while_the_listener_is_deaf) {
    async_face face;
    const deaf_listener listener;
    cancellable connecting{face.io, only_run(coropg::connect(listener.info()))};
    face.io.poll();
    connecting.cancel();
    BOOST_TEST((connecting.error<operation_aborted>().outcome() == outcome::not_sent));
    BOOST_TEST((connecting.took() < within(1s)));
}

BOOST_AUTO_TEST_CASE(connecting_ends_at_once_while_the_name_is_looked_up) {
    async_face face;
    const auto slow = std::make_shared<slow_lookup>();
    pending_lookup = slow;
    const conninfo info{"user=x dbname=x host=" + std::string{slow_name}};
    cancellable connecting{face.io, only_run(coropg::connect(info))};
    face.io.poll();
    slow->begun.acquire();
    BOOST_TEST(!connecting.has_ended());
    connecting.cancel();
    BOOST_TEST((connecting.error<operation_aborted>().outcome() == outcome::not_sent));
    BOOST_TEST((connecting.took() < within(1s)));
    slow->may_end.set_value();
    face.io.run();  // the lookup ends behind it, and is heard by nobody
    pending_lookup = std::shared_ptr<slow_lookup>{};
}

BOOST_AUTO_TEST_CASE(an_io_context_may_end_before_the_lookup_of_a_name) {
    const auto slow = std::make_shared<slow_lookup>();
    pending_lookup = slow;
    {
        async_face face;
        const conninfo info{"user=x dbname=x host=" + std::string{slow_name}};
        const cancellable connecting{face.io, only_run(coropg::connect(info))};
        face.io.poll();
        slow->begun.acquire();
        BOOST_TEST(!connecting.has_ended());
    }
    slow->may_end.set_value();
    pending_lookup = std::shared_ptr<slow_lookup>{};
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lookup_has_the_time_of_an_attempt, Face, both_faces) {
    Face face;
    const auto slow = std::make_shared<slow_lookup>();
    pending_lookup = slow;
    const conninfo info{"user=x dbname=x connect_timeout=1 host=" + std::string{slow_name}};
    const auto e = error_of<connect_timeout>([&] { (void)face.connect(info); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(e.attempts()[0].reason == "cannot resolve the name: no answer within connect_timeout");
    slow->may_end.set_value();
    pending_lookup = std::shared_ptr<slow_lookup>{};
}

// As the thread that looks it up may not, on a machine that has no time for this process.
BOOST_AUTO_TEST_CASE(a_lookup_may_end_a_little_later_when_the_event_loop_stalls) {
    async_face face;
    const auto slow = std::make_shared<slow_lookup>();
    pending_lookup = slow;
    const conninfo info{"user=x dbname=x connect_timeout=1 host=" + std::string{slow_name}};
    cancellable connecting{face.io, only_run(coropg::connect(info))};
    face.io.poll();
    slow->begun.acquire();
    std::this_thread::sleep_for(1200ms);
    const std::jthread answering{[&slow] {
        std::this_thread::sleep_for(100ms);
        slow->may_end.set_value();
    }};
    const auto e = connecting.error<connection_error>();
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(!contains(e.attempts()[0].reason, "connect_timeout"), e.what());
    pending_lookup = std::shared_ptr<slow_lookup>{};
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lookup_that_gets_no_thread_says_so, Face, both_faces) {
    const auto slow = std::make_shared<slow_lookup>();
    pending_lookup = slow;
    const conninfo info{"user=x dbname=x connect_timeout=1 host=" + std::string{slow_name}};
    async_face others;
    constexpr int all_threads = 16;
    int failed = 0;
    for (int i = 0; i < all_threads; ++i)
        asio::co_spawn(others.io, only_run(coropg::connect(info)),
                       [&](const std::exception_ptr& e) { failed += e != nullptr; });
    others.io.poll();
    for (int i = 0; i < all_threads; ++i) slow->begun.acquire();
    std::jthread given_up{[&others] { others.io.run(); }};  // which gives the threads to who comes behind them
    {
        Face face;
        const auto e = error_of<connect_timeout>([&] { (void)face.connect(info); });
        BOOST_TEST(contains(e.what(), "kept busy by other names"), e.what());
    }
    given_up.join();
    slow->may_end.set_value();
    BOOST_TEST(failed == all_threads);
    pending_lookup = std::shared_ptr<slow_lookup>{};
}

BOOST_AUTO_TEST_CASE(a_thread_that_waits_for_a_pool_is_held_up_by_no_lookup) {
    const auto slow = std::make_shared<slow_lookup>();
    pending_lookup = slow;
    {
        sync::pool pool{conninfo{"user=x dbname=x host=" + std::string{slow_name}}, {.acquire_timeout = 100ms}};
        const auto begun = std::chrono::steady_clock::now();
        BOOST_CHECK_THROW((void)pool.acquire(), pool_timeout);
        BOOST_TEST((std::chrono::steady_clock::now() - begun < within(1s)));
    }
    slow->may_end.set_value();
    pending_lookup = std::shared_ptr<slow_lookup>{};
}

// ------------------------------------------------------------------------------------------------------------ gather

BOOST_AUTO_TEST_CASE(gather_passes_its_cancellation_on) {
    async_face face;
    auto one = face.connect();
    auto two = face.connect();
    for (const cancellation_type type : heeded) {
        int aborted = 0;
        const auto nap = [&](coropg::connection& conn) -> asio::awaitable<void> {
            try {
                co_await conn.execute("SELECT pg_sleep(30)");
            } catch (const operation_aborted& e) {
                if (e.outcome() == outcome::failed) ++aborted;
                throw;
            }
        };
        const auto both = [&]() -> asio::awaitable<void> { co_await gather(nap(one), nap(two), sleep_for(30s)); };
        cancellable running{face.io, both()};
        await_sleep(face.io, one);
        await_sleep(face.io, two);
        running.cancel(type);
        BOOST_CHECK_THROW(running.wait(), std::exception);
        BOOST_TEST(aborted == 2);
        BOOST_TEST((running.took() < within(2s)));
        BOOST_TEST(usable_or_closed(face.io, one));
        BOOST_TEST(usable_or_closed(face.io, two));
    }
}

BOOST_AUTO_TEST_CASE(a_gather_within_a_gather_is_reached_and_one_connection_too) {
    async_face face;
    auto conn = face.connect();
    const auto inner = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<int>> work;
        for (int i = 0; i < 10; ++i) work.push_back(conn.fetch_one<int>("SELECT $1 FROM pg_sleep(0.05)", i));
        co_await gather(std::move(work));
    };
    const auto outer = [&]() -> asio::awaitable<void> { co_await gather(inner(), sleep_for(30s), inner()); };
    cancellable running{face.io, outer()};
    await_sleep(face.io, conn);
    running.cancel_inside();
    BOOST_CHECK_THROW(running.wait(), std::exception);
    BOOST_TEST((running.took() < within(500ms)));
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(a_child_that_cancels_its_gather_reaches_those_that_start_after_it) {
    async_face face;
    auto conn = face.connect();
    asio::cancellation_signal signal;
    const auto canceller = [&]() -> asio::awaitable<void> {
        signal.emit(cancellation_type::terminal);
        co_return;
    };
    const auto all = [&]() -> asio::awaitable<void> {
        co_await gather(sleep_for(30s), canceller(), only_run(conn.execute("SELECT pg_sleep(30)")));
    };
    bool ended = false;
    asio::co_spawn(face.io, all(), asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr problem) {
                       BOOST_TEST(static_cast<bool>(problem));
                       ended = true;
                   }));
    face.io.restart();
    face.io.run_for(10s);
    BOOST_TEST(ended);
    BOOST_TEST(usable_or_closed(face.io, conn));
}

BOOST_AUTO_TEST_CASE(gather_that_is_not_cancelled_is_as_before) {
    async_face face;
    auto conn = face.connect();
    std::vector<int> all;
    const auto work = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<int>> some;
        for (int i = 0; i < 3; ++i) some.push_back(conn.fetch_one<int>("SELECT $1::int", i));
        all = co_await gather(std::move(some));
    };
    cancellable running{face.io, work()};
    running.wait();
    running.cancel();
    BOOST_TEST(all == (std::vector<int>{0, 1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
