// The hooks of a pool, and what they make of it.

#include "../support/pool_face.hpp"

#include <coropg/log.hpp>

#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <sstream>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// What was logged while this lived.
class heard_log {
 public:
    heard_log() {
        set_logger(std::make_shared<spdlog::logger>("coropg", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
    }
    ~heard_log() { set_logger(nullptr); }
    [[nodiscard]] std::string text() const { return text_.str(); }

 private:
    std::ostringstream text_;
};

/// A role that may log in, with a password of its own.
class login {
 public:
    explicit login(std::string_view name) : name_{name} {
        drop();
        admin_->execute(unchecked_sql("CREATE ROLE " + name_ + " LOGIN PASSWORD 'one'"));
    }
    ~login() { drop(); }
    login(const login&) = delete;
    login& operator=(const login&) = delete;

    void password(std::string_view value) {
        admin_->execute(unchecked_sql("ALTER ROLE " + name_ + " PASSWORD '" + std::string{value} + "'"));
    }
    [[nodiscard]] conninfo info(std::string_view password = "one") const {
        conninfo of_role{tcp_dsn()};
        of_role.user(name_).password(password);
        return of_role;
    }

 private:
    void drop() { admin_->execute(unchecked_sql("DROP ROLE IF EXISTS " + name_)); }

    std::string name_;
    administrator admin_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_hooks)

BOOST_AUTO_TEST_CASE(a_failed_hook_of_a_connect_fails_one_who_waits) {
    pool_face face{{.max_size = 1}};
    int calls = 0;
    face.pool.after_connect([&](coropg::connection& conn) -> asio::awaitable<void> {
        if (++calls == 1) co_await conn.execute("SET no_such_setting_at_all = 1");
    });
    cancellable first = face.start(face.pool.acquire());
    cancellable second = face.start(face.pool.acquire());
    int failed = 0;
    for (cancellable* each : {&first, &second}) try {
            each->wait();
        } catch (const server_error& e) {
            ++failed;
            BOOST_TEST(e.sqlstate() == sqlstate::undefined_object);
        }
    BOOST_TEST(failed == 1);
    BOOST_TEST(face.pool.stats().connections_errors == 1U);
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(a_hook_that_always_fails_is_not_called_in_a_loop) {
    pool_face face{{.min_size = 1}};
    int calls = 0;
    face.pool.after_connect([&](coropg::connection&) -> asio::awaitable<void> {
        ++calls;
        throw std::runtime_error{"never"};
        co_return;
    });
    error_of<std::runtime_error>([&] { AWAIT(face.pool.acquire()); });
    BOOST_TEST(face.run_until([&] { return calls >= 2; }));
    const int before = calls;
    face.run_for(400ms);
    BOOST_TEST(calls - before < 10);
}

BOOST_AUTO_TEST_CASE(hooks_are_set_while_other_threads_run_the_executor) {
    for (int i = 0; i < 20; ++i) {
        asio::thread_pool threads{2};
        coropg::pool pool{threads.get_executor(), dsn(), {.min_size = 3, .max_size = 3}};
        std::atomic<int> greeted = 0;
        pool.after_connect([&](coropg::connection& conn) -> asio::awaitable<void> {
            co_await conn.execute("SET application_name = 'greeted'");
            ++greeted;
        });
        asio::co_spawn(threads, pool.wait(), asio::use_future).get();
        BOOST_TEST(greeted == 3);
        BOOST_TEST(pool.stats().connections_num == 3U);
        asio::co_spawn(threads, pool.close(), asio::use_future).get();
    }
}

BOOST_AUTO_TEST_CASE(what_a_hook_throws_before_a_connect_is_heard) {
    pool_face face{{.max_size = 1}};
    bool fails = true;
    face.pool.before_connect([&](conninfo&) -> asio::awaitable<void> {
        co_await sleep_for(1ms);
        if (fails) throw 17;
    });
    bool heard = false;
    try {
        AWAIT(face.pool.acquire());
    } catch (int number) {
        heard = number == 17;
    }
    BOOST_TEST(heard);
    fails = false;
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(what_fails_in_a_hook_says_nothing_of_the_statement_it_is_called_for) {
    for (const bool is_before_acquire : {false, true}) {
        pool_face face{{.max_size = 1}};
        const auto ask = [](coropg::connection& conn) -> asio::awaitable<void> {
            co_await conn.fetch_one<int>("SELECT 1 WHERE false");
        };
        if (is_before_acquire)
            face.pool.before_acquire([ask](coropg::connection& conn) -> asio::awaitable<bool> {
                co_await ask(conn);
                co_return true;
            });
        else
            face.pool.after_connect(ask);
        if (!is_before_acquire)  // a one-shot goes without
            BOOST_TEST((ERROR_OF(row_count_error, face.pool.execute("SELECT 2")).outcome() == outcome::not_sent));
        BOOST_TEST((ERROR_OF(row_count_error, face.pool.execute_script("SELECT 2")).outcome() == outcome::not_sent));
        BOOST_TEST((ERROR_OF(row_count_error, face.pool.acquire()).outcome() == outcome::not_sent));
    }
}

BOOST_AUTO_TEST_CASE(a_hook_that_leaves_a_transaction_open_fails_who_acquires) {
    pool_face face{{.max_size = 1}};
    std::optional<coropg::transaction> left;
    bool is_by_hand = false;
    face.pool.before_acquire([&](coropg::connection& conn) -> asio::awaitable<bool> {
        if (is_by_hand)
            co_await conn.execute("BEGIN");
        else
            left = co_await conn.begin();
        co_return true;
    });
    for (int i = 0; i < 2; ++i) {
        const auto e = ERROR_OF(usage_error, face.pool.execute_script("CREATE TABLE pool_hooks_left (id int)"));
        BOOST_TEST(contains(e.what(), "before_acquire left a transaction open"), e.what());
        left.reset();
        is_by_hand = true;
    }
    face.pool.before_acquire(nullptr);
    BOOST_TEST(AWAIT(face.pool.fetch_one<bool>("SELECT to_regclass('pool_hooks_left') IS NULL")));
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_lost_in_a_hook_is_made_anew) {
    pool_face face{{.max_size = 1}};
    int calls = 0;
    face.pool.after_connect([&](coropg::connection& conn) -> asio::awaitable<void> {
        const int pid = conn.backend_pid();
        if (++calls == 1) administrator{}.terminate(pid);
        co_await conn.execute("SELECT 1");
    });
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(calls == 2);
}

// For the address sanitizer: the cancellation is on its way to the hook as that ends.
BOOST_AUTO_TEST_CASE(a_wait_may_be_cancelled_as_its_hook_ends) {
    int ended = 0;
    for (int i = 0; i < 200; ++i) {
        pool_face face{{.max_size = 2}};
        face.pool.after_connect(
            [](coropg::connection& conn) -> asio::awaitable<void> { co_await conn.execute("SELECT 1"); });
        face.pool.before_acquire([&](coropg::connection& conn) -> asio::awaitable<bool> {
            co_await conn.execute("SELECT 1");
            co_return ++ended % 3 == 0;
        });
        std::vector<std::unique_ptr<cancellable>> all;
        for (int k = 0; k < 3; ++k)
            all.push_back(std::make_unique<cancellable>(face.io, only_run(face.pool.acquire())));
        face.run_for(std::chrono::microseconds{i * 100});
        for (const auto& each : all) each->cancel_inside();
        for (const auto& each : all) try {
                each->wait();
            } catch (const error&) {
            }
    }
    BOOST_TEST(ended > 0);
}

BOOST_AUTO_TEST_CASE(a_hook_decides_who_is_lent) {
    pool_face face{{.max_size = 2}};
    int calls = 0;
    face.pool.before_acquire([&](coropg::connection& conn) -> asio::awaitable<bool> {
        co_await conn.execute("SELECT 1");
        if (++calls == 3) throw std::runtime_error{"not now"};
        co_return calls != 1;
    });
    int pid = 0;
    {
        pooled_connection conn = AWAIT(face.pool.acquire());  // the second: the first was refused
        pid = conn->backend_pid();
    }
    BOOST_TEST(calls == 2);
    BOOST_TEST(face.pool.stats().connections_num == 2U);
    error_of<std::runtime_error>([&] { AWAIT(face.pool.acquire()); });
    pooled_connection conn = AWAIT(face.pool.acquire());
    BOOST_TEST(conn->backend_pid() == pid);
    conn.release();
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(a_hook_that_refuses_all_ends_in_time) {
    pool_face face{{.max_size = 1, .acquire_timeout = 200ms}};
    face.pool.before_acquire([](coropg::connection&) -> asio::awaitable<bool> { co_return false; });
    const auto start = std::chrono::steady_clock::now();
    ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(seconds_since(start) < within(2));
}

BOOST_AUTO_TEST_CASE(a_hook_that_hangs_is_given_up_in_time) {
    pool_face face{{.max_size = 1, .acquire_timeout = 2s}};  // of which the next has to log in
    int connects = 0;
    face.pool.before_connect([&](conninfo&) -> asio::awaitable<void> {
        if (++connects == 1) co_await sleep_for(30s);
    });
    (void)ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_REQUIRE(face.run_until([&] { return face.pool.stats().connections_errors == 1; }));
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT 1")) == 1);

    int lent = 0;
    face.pool.before_acquire([&](coropg::connection&) -> asio::awaitable<bool> {
        if (++lent == 1) co_await sleep_for(30s);
        co_return true;
    });
    const auto e = ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(contains(e.what(), "before_acquire"), e.what());
    auto lease = AWAIT(face.pool.acquire());
    BOOST_TEST(AWAIT(lease->fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE(a_hook_that_hangs_is_named_by_whoever_waits_for_it) {
    pool_face face{{.max_size = 1, .acquire_timeout = 300ms}};
    after_login([&] { return AWAIT(face.pool.execute("SELECT 1")); });
    bool hangs = true;
    face.pool.before_acquire([&](coropg::connection&) -> asio::awaitable<bool> {
        if (hangs) co_await sleep_for(30s);
        co_return true;
    });
    auto start = std::chrono::steady_clock::now();
    const auto tried = ERROR_OF(pool_timeout, face.pool.try_acquire());
    BOOST_TEST(contains(tried.what(), "before_acquire took longer than acquire_timeout"), tried.what());
    BOOST_TEST(seconds_since(start) >= 0.3);
    BOOST_TEST(seconds_since(start) < within(2));

    hangs = false;
    AWAIT(face.pool.execute("SELECT 1"));
    hangs = true;
    start = std::chrono::steady_clock::now();
    const auto late = ERROR_OF(query_timeout, face.pool.with({.timeout = 100ms}).execute("SET work_mem = '8MB'"));
    BOOST_TEST(contains(late.what(), "before_acquire took longer than the statement may"), late.what());
    BOOST_TEST((late.outcome() == outcome::not_sent));
    BOOST_TEST(seconds_since(start) < within(2));
    hangs = false;
    face.require_whole();
}

BOOST_AUTO_TEST_CASE(who_is_cancelled_in_a_hook_gives_the_connection_back) {
    pool_face face{{.max_size = 1}};
    bool hangs = true;
    face.pool.before_acquire([&](coropg::connection&) -> asio::awaitable<bool> {
        if (hangs) co_await sleep_for(30s);
        co_return true;
    });
    cancellable waiter = face.start(face.pool.acquire());
    BOOST_REQUIRE(face.run_until([&] { return face.pool.stats().lent == 1; }));
    face.run_for(10ms);
    waiter.cancel_inside();
    BOOST_TEST((waiter.error<boost::system::system_error>().code() == asio::error::operation_aborted));
    hangs = false;
    face.require_whole();
    BOOST_TEST(face.pool.stats().connections_num == 1U);
}

BOOST_AUTO_TEST_CASE(a_hook_looks_at_what_comes_back) {
    pool_face face{{.max_size = 1}};
    int calls = 0;
    face.pool.after_release([&](coropg::connection& conn) {
        BOOST_TEST(conn.is_open());
        if (++calls == 2) throw 17;
        return calls != 3;
    });
    std::vector<int> pids;
    for (int i = 0; i < 5; ++i) {
        pooled_connection conn = AWAIT(face.pool.acquire());
        pids.push_back(conn->backend_pid());
    }
    face.poll();
    BOOST_TEST(calls == 5);
    BOOST_TEST(pids[0] == pids[1]);
    BOOST_TEST(pids[1] != pids[2]);  // it has thrown
    BOOST_TEST(pids[2] != pids[3]);  // it has said no
    BOOST_TEST(pids[3] == pids[4]);
}

BOOST_AUTO_TEST_CASE(what_a_hook_sets_stays) {
    pool_face face{{.max_size = 1}};
    face.pool.after_connect([&](coropg::connection& conn) -> asio::awaitable<void> {
        co_await conn.execute("SET search_path = pool_hook");
    });
    const auto path = [&] { return AWAIT(face.pool.fetch_one<std::string>("SHOW search_path")); };
    BOOST_TEST(path() == "pool_hook");
    BOOST_TEST(path() == "pool_hook");
    BOOST_TEST(face.pool.stats().connections_num == 1U);
    {
        pooled_connection conn = AWAIT(face.pool.acquire());
        AWAIT(conn->execute("SET search_path = other"));
    }
    BOOST_TEST(path() == "pool_hook");
    BOOST_TEST(face.pool.stats().connections_num == 2U);
}

BOOST_AUTO_TEST_CASE(credentials_change_with_each_connect) {
    login role{"pool_hook_role"};
    pool_face face{{.max_size = 1}, role.info("none")};
    std::string password = "one";
    int asked = 0;
    face.pool.before_connect([&](conninfo& info) -> asio::awaitable<void> {
        ++asked;
        info.password(password);
        co_return;
    });
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT 1")) == 1);
    role.password("two");
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT 1")) == 1);  // what is connected, stays
    face.pool.drain();
    const auto e = ERROR_OF(connection_error, face.pool.execute("SELECT 1"));
    BOOST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(e.attempts()[0].sqlstate == sqlstate::invalid_password);
    password = "two";
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(a_wrong_password_or_database_fails_at_once) {
    login role{"pool_refused_role"};
    conninfo no_database{tcp_dsn()};
    no_database.dbname("no_such_database");
    for (const conninfo& info : {role.info("wrong"), no_database}) {
        pool_face face{{.min_size = 1, .max_size = 2, .acquire_timeout = 10s}, info};
        const auto start = std::chrono::steady_clock::now();
        cancellable first = face.start(face.pool.acquire());
        cancellable second = face.start(face.pool.execute("SELECT 1"));
        BOOST_TEST(!first.error<connection_error>().is_transient());
        const std::string text = second.error<connection_error>().what();
        BOOST_TEST(!contains(text, "password="), text);
        BOOST_TEST(!contains(text, "wrong"), text);
        VOID_ERROR_OF(connection_error, face.pool.wait());
        BOOST_TEST(seconds_since(start) < within(2));
        const std::uint64_t tries = face.pool.stats().connections_num;
        face.run_for(300ms);
        BOOST_TEST(face.pool.stats().connections_num == tries, "nobody asks for what is refused");
    }
}

BOOST_AUTO_TEST_CASE(where_the_server_has_no_room_one_waits) {
    login role{"pool_narrow_role"};
    administrator admin;
    admin->execute("ALTER ROLE pool_narrow_role CONNECTION LIMIT 1");
    pool_face face{{.max_size = 3, .acquire_timeout = 10s}, role.info()};
    pooled_connection first = AWAIT(face.pool.acquire());
    const int pid = first->backend_pid();
    cancellable second = face.start(face.pool.acquire());
    BOOST_TEST(face.run_until([&] { return face.pool.stats().connections_errors >= 1; }));
    face.run_for(300ms);
    BOOST_TEST(!second.has_ended());
    BOOST_TEST(face.pool.stats().connections_errors < 10U);
    first.release();  // what there is, is kept
    second.wait();
    BOOST_TEST(AWAIT(face.pool.fetch_one<int>("SELECT pg_backend_pid()")) == pid);
    first = AWAIT(face.pool.acquire());
    cancellable third = face.start(face.pool.acquire());
    face.run_for(100ms);
    admin->execute("ALTER ROLE pool_narrow_role CONNECTION LIMIT 3");
    third.wait();
    first.release();
}

BOOST_AUTO_TEST_CASE(who_holds_for_long_is_told_to_the_log) {
    heard_log log;
    pool_face face{{.max_size = 1, .leak_after = 30ms, .name = "leaky"}};
    pooled_connection held = AWAIT(face.pool.acquire());
    const auto line = std::source_location::current().line() - 1;
    face.run_for(100ms);
    BOOST_TEST(contains(log.text(), "pool_hooks.cpp:" + std::to_string(line)), log.text());
    BOOST_TEST(contains(log.text(), "leaky"));
}

BOOST_AUTO_TEST_SUITE_END()
