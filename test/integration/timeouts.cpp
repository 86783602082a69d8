#include "../support/cancelling.hpp"

#include <coropg/testing/fault_proxy.hpp>

#include <filesystem>
#include <future>
#include <iterator>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

auto seconds_since(std::chrono::steady_clock::time_point start) { return std::chrono::steady_clock::now() - start; }

/// The threads of this process; 0 where nobody counts them.
std::size_t thread_count() {
    std::error_code none_there;
    const std::filesystem::directory_iterator threads{"/proc/self/task", none_there};
    return static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

/// How many of these time out, which begin at a time.
std::size_t time_out_together(async_face& face, std::vector<coropg::connection>& connections) {
    std::vector<asio::awaitable<void>> work;
    for (auto& conn : connections)
        work.push_back(only_run(conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)")));
    std::size_t late = 0;
    for (const auto& each : face.run(gather_settled(std::move(work)))) try {
            each.value();
        } catch (const query_timeout&) {
            ++late;
        }
    return late;
}
std::size_t time_out_together(sync_face&, std::vector<sync::connection>& connections) {
    std::vector<std::future<bool>> work;
    for (auto& conn : connections)
        work.push_back(std::async(std::launch::async, [&conn] {
            try {
                conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)");
                return false;
            } catch (const query_timeout&) {
                return true;
            }
        }));
    return static_cast<std::size_t>(std::ranges::count_if(work, [](std::future<bool>& each) { return each.get(); }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timeouts)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_slow_statement_is_cancelled_and_the_connection_stays_usable, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const auto start = std::chrono::steady_clock::now();
    const auto e = ERROR_OF(query_timeout, conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)"));
    BOOST_TEST((seconds_since(start) >= 100ms));
    BOOST_TEST((seconds_since(start) < within(5s)));
    BOOST_TEST(e.sql() == "SELECT pg_sleep(30)");
    BOOST_TEST(conn.is_open());
    for (int i = 0; i < 20; ++i) BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT $1", i)) == i);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_slow_script_is_cancelled_too, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    VOID_ERROR_OF(query_timeout, conn.with({.timeout = 100ms}).execute_script("SELECT 1; SELECT pg_sleep(30)"));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_within_its_timeout_is_not_touched, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto patient = conn.with({.timeout = 30s});
    for (int i = 0; i < 50; ++i) BOOST_TEST(AWAIT(patient.template fetch_one<int>("SELECT $1", i)) == i);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_deadline_that_is_no_more_does_not_end_a_later_statement, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.with({.timeout = 50ms}).execute("SELECT 1"));
    AWAIT(conn.execute("SELECT pg_sleep(0.1)"));  // the time of the first is up in this one, and in the next
    AWAIT(conn.with({.timeout = 50ms}).execute("SELECT 1"));
    AWAIT(conn.with({.timeout = 30s}).execute("SELECT pg_sleep(0.1)"));
    const auto start = std::chrono::steady_clock::now();
    ERROR_OF(query_timeout, conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)"));
    BOOST_TEST((seconds_since(start) >= 100ms));
    BOOST_TEST((seconds_since(start) < within(5s)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_servers_own_timeout_is_another_error, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("SET statement_timeout = 50"));
    ERROR_OF(errors::query_canceled, conn.execute("SELECT pg_sleep(30)"));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE(many_statements_that_time_out_at_once_take_few_threads) {
    async_face face;
    std::vector<coropg::connection> connections;
    for (int i = 0; i < 40; ++i) connections.push_back(face.connect());
    std::vector<asio::awaitable<void>> work;
    for (auto& conn : connections)
        work.push_back(only_run(conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)")));
    const std::size_t before = thread_count();
    std::size_t most = before;
    cancellable all{face.io, only_run(gather_settled(std::move(work)))};
    while (!all.has_ended()) {
        face.io.run_one_for(10ms);
        most = std::max(most, thread_count());
    }
    BOOST_TEST(most - before <= 16U);
    for (auto& conn : connections) BOOST_TEST(AWAIT(conn.fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(cancels_that_were_given_up_do_not_keep_others_from_cancelling, Face, both_faces) {
    Face face;
    testing::fault_proxy proxy{tcp_dsn()};
    std::vector<typename Face::connection> connections;
    for (int i = 0; i < 17; ++i) {
        proxy.arm({.from = testing::side::client,
                   .what = testing::fault::silence,
                   .on = testing::connections::cancels});  // nobody answers it
        connections.push_back(face.connect(proxy.info()));
    }
    BOOST_TEST(time_out_together(face, connections) == 17U);
    for (auto& conn : connections) ERROR_OF(connection_error, conn.execute("SELECT 1"));
    auto conn = face.connect();
    const auto start = std::chrono::steady_clock::now();
    ERROR_OF(query_timeout, conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(30)"));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST((seconds_since(start) < within(1s)));
    BOOST_TEST(conn.is_open());
}

BOOST_AUTO_TEST_CASE(with_others_behind_it_a_statement_is_abandoned_and_they_are_not_hit) {
    async_face face;
    auto conn = face.connect();
    auto hasty = conn.with({.timeout = 100ms});
    const auto start = std::chrono::steady_clock::now();
    std::vector<asio::awaitable<int>> work;
    work.push_back(hasty.fetch_one<int>("SELECT 1 FROM pg_sleep(1)"));
    for (int i = 0; i < 10; ++i) work.push_back(conn.fetch_one<int>("SELECT $1", i));
    int answered = 0;
    bool timed_out = false;
    std::exception_ptr problem;
    for (auto& one : work)
        asio::co_spawn(face.io, std::move(one), [&](std::exception_ptr e, int) {
            try {
                if (e) std::rethrow_exception(e);
                ++answered;
            } catch (const query_timeout& late) {
                timed_out = true;
                BOOST_TEST((seconds_since(start) < within(900ms)));
                BOOST_TEST(contains(late.what(), "left to the server"));
            } catch (...) {
                problem = std::current_exception();
            }
        });
    face.io.restart();
    face.io.run();
    BOOST_TEST(!problem);
    BOOST_TEST(timed_out);
    BOOST_TEST(answered == 10);
    BOOST_TEST((seconds_since(start) >= 1s));
}

BOOST_AUTO_TEST_CASE(an_empty_unit_that_waits_behind_others_can_time_out) {
    async_face face;
    auto conn = face.connect();
    auto hasty = conn.with({.timeout = 50ms});
    const std::vector<int> none;
    std::vector<asio::awaitable<void>> work;
    const auto sleep = [&]() -> asio::awaitable<void> { co_await conn.execute("SELECT pg_sleep(0.3)"); };
    const auto empty = [&]() -> asio::awaitable<void> { co_await hasty.execute_many("SELECT $1", none); };
    work.push_back(sleep());
    work.push_back(empty());
    error_of<query_timeout>([&] { face([&] { return gather(std::move(work)); }); });
    BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT 2"); }) == 2);
}

BOOST_AUTO_TEST_CASE(a_statement_that_was_not_sent_is_dropped_without_touching_the_wire) {
    async_face face;
    auto conn = face.connect();
    auto hasty = conn.with({.timeout = 50ms});
    // Scripts run alone, so the statement behind one stays unsent.
    bool script_ended = false;
    asio::co_spawn(face.io, conn.execute_script("SELECT pg_sleep(0.5)"),
                   [&](std::exception_ptr e) { script_ended = !e; });
    const auto e = error_of<query_timeout>([&] { face([&] { return hasty.fetch_one<int>("SELECT 1"); }); });
    BOOST_TEST(contains(e.what(), "not sent"));
    BOOST_TEST(!script_ended);
    BOOST_TEST(face([&] { return conn.fetch_one<int>("SELECT 2"); }) == 2);
    BOOST_TEST(script_ended);
}

// Nobody is told anything by a silent server, and TCP gives it up after minutes only.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_is_closed_when_what_was_given_up_does_not_end, Face, both_faces) {
    Face face;
    testing::fault_proxy proxy{dsn()};
    auto conn = face.connect(proxy.info());
    proxy.arm_open({.what = testing::fault::silence});
    const auto start = std::chrono::steady_clock::now();
    auto p = conn.with({.timeout = 100ms}).pipeline();
    p.execute("SELECT 1");
    p.sync();
    p.execute("SELECT 2");
    VOID_ERROR_OF(query_timeout, p.run());
    BOOST_TEST((seconds_since(start) < within(1s)));
    BOOST_TEST((ERROR_OF(connection_error, conn.execute("SELECT 3")).outcome() == outcome::not_sent));
    BOOST_TEST((seconds_since(start) < within(4s)));
    BOOST_TEST(!conn.is_open());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_is_closed_when_a_commit_is_not_answered, Face, both_faces) {
    Face face;
    testing::fault_proxy proxy{dsn()};
    auto conn = face.connect(proxy.info());
    auto tx = AWAIT(conn.with({.timeout = 100ms}).begin());
    AWAIT(tx.with({.timeout = 10s}).execute("SELECT 1"));
    proxy.arm_open({.what = testing::fault::silence});
    const auto start = std::chrono::steady_clock::now();
    VOID_ERROR_OF(commit_in_doubt, tx.commit());
    BOOST_TEST((seconds_since(start) < within(1s)));
    AWAIT(conn.close());
    BOOST_TEST((seconds_since(start) < within(4s)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(closing_does_not_wait_for_a_rollback_that_is_not_answered, Face, both_faces) {
    Face face;
    testing::fault_proxy proxy{dsn()};
    auto conn = face.connect(proxy.info());
    {
        auto tx = AWAIT(conn.begin());
        AWAIT(tx.execute("SELECT 1"));
        proxy.arm_open({.what = testing::fault::silence});
    }
    const auto start = std::chrono::steady_clock::now();
    AWAIT(conn.close());
    BOOST_TEST((seconds_since(start) < within(4s)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_commit_that_was_given_up_may_end_later, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script(
        "CREATE TEMP TABLE slow (id int); CREATE FUNCTION pg_temp.nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_sleep(0.5); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON slow DEFERRABLE "
        "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.nap()"));
    auto tx = AWAIT(conn.with({.timeout = 100ms}).begin());
    AWAIT(tx.with({.timeout = 10s}).execute("INSERT INTO slow VALUES (1)"));
    const auto doubt = VOID_ERROR_OF(commit_in_doubt, tx.commit());
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT id FROM slow")) == 1);
    BOOST_TEST((AWAIT(resolve(doubt, conn)) == true));
    // Long after the time of a drain it is of use still.
    AWAIT(conn.execute("SELECT pg_sleep(2.2)"));
    BOOST_TEST(conn.is_open());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_time_below_zero_is_past_and_the_longest_is_for_ever, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    using std::chrono::milliseconds;
    for (const milliseconds spent : {milliseconds{-5}, milliseconds::min()}) {
        const auto e = ERROR_OF(query_timeout, conn.with({.timeout = spent}).execute("SELECT 1"));
        BOOST_TEST((e.outcome() == outcome::not_sent));
        BOOST_TEST((VOID_ERROR_OF(query_timeout, conn.with({.timeout = spent}).execute_script("SELECT 1")).outcome() ==
                    outcome::not_sent));
        BOOST_TEST((ERROR_OF(query_timeout, conn.with({.deadline = spent}).execute("SELECT 1")).outcome() ==
                    outcome::not_sent));
    }
    for (const milliseconds endless : {milliseconds::max(), milliseconds{24h * 365 * 400}, milliseconds{0}}) {
        BOOST_TEST(AWAIT(conn.with({.timeout = endless}).template fetch_one<int>("SELECT 1")) == 1);
        BOOST_TEST(AWAIT(conn.with({.timeout = endless, .deadline = milliseconds::max()})
                             .template fetch_one<int>("SELECT 2")) == 2);
    }
}

BOOST_AUTO_TEST_SUITE_END()
