// Trying again, on both faces, and two writers who cannot both win at once.
#include "../support/cancelling.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <barrier>
#include <thread>
#include <utility>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(retrying)

namespace {

constexpr retry_policy quick{.max_attempts = 4, .initial_delay = 1ms};

/// Runs `statement()` by retry on either face.
template <class Face, class Statement, class... Hooks>
void try_again(Face& face, retry_policy policy, Statement& statement, Hooks&... hooks) {
    if constexpr (Face::is_async) {
        auto work = [&]() -> asio::awaitable<void> { co_await statement(); };
        AWAIT(coropg::retry(policy, work, hooks...));
    } else {
        auto work = [&] { statement(); };
        sync::retry(policy, work, hooks...);
    }
}

/// What two writers of the table `sums (n)` write to, each in a serializable transaction of its own kind.
void prepare_sums() {
    auto conn = sync::connect(dsn());
    conn.execute_script(
        "DROP TABLE IF EXISTS retry_sums; CREATE TABLE retry_sums (id int PRIMARY KEY, n bigint);"
        "INSERT INTO retry_sums VALUES (1, 0), (2, 0)");
}

std::int64_t sum() {
    auto conn = sync::connect(dsn());
    const auto n = conn.fetch_one<std::int64_t>("SELECT sum(n)::int8 FROM retry_sums");
    conn.execute("DROP TABLE retry_sums");
    return n;
}

constexpr int transactions_of_each = 1000;
constexpr retry_policy patient{.max_attempts = 1000, .initial_delay = 1ms, .multiplier = 1.5, .max_delay = 20ms};
constexpr transaction_options serializable{.isolation = isolation::serializable, .finds_transaction_id = false};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_serialization_failure_is_tried_again, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    // Not DO, which may have committed.
    AWAIT(
        conn.execute_script("CREATE FUNCTION pg_temp.raise(code text) RETURNS void LANGUAGE plpgsql AS "
                            "'BEGIN RAISE EXCEPTION USING ERRCODE = code; END'"));
    int tries = 0;
    std::string told;
    auto raise = [&] {
        ++tries;
        return conn.execute_script(unchecked_sql(tries < 3 ? "SELECT pg_temp.raise('40001')" : "SELECT 1"));
    };
    auto hook = [&](const retry_event& event) {
        told += std::to_string(event.attempt) + (event.problem.is_transient() ? "t" : "") + " ";
    };
    try_again(face, quick, raise, hook);
    BOOST_TEST(tries == 3);
    BOOST_TEST(told == "1t 2t ");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(other_errors_are_not, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    int tries = 0;
    auto fail = [&] {
        ++tries;
        return conn.execute("SELECT 1 / 0");
    };
    BOOST_CHECK_THROW(try_again(face, quick, fail), errors::division_by_zero);
    BOOST_TEST(tries == 1);
    auto hook = [](const retry_event&) {};
    auto always = [](const error&) { return true; };
    BOOST_CHECK_THROW(try_again(face, quick, fail, hook, always), errors::division_by_zero);
    BOOST_TEST(tries == 1 + quick.max_attempts);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_try_begins_after_the_deadline, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    int tried = 0;
    auto count = [&] { return ++tried, conn.execute("SELECT 1"); };
    BOOST_CHECK_THROW(try_again(face, {.deadline = -1ms}, count), query_timeout);
    BOOST_TEST(tried == 0);
}

BOOST_AUTO_TEST_CASE(a_delay_is_cancelled_as_a_statement_is) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::total}) {
        async_face face;
        bool has_failed = false;
        auto fail = [&]() -> asio::awaitable<void> {
            has_failed = true;
            throw connection_error{"lost", {}, outcome::not_sent};
            co_return;
        };
        cancellable delayed{face.io, coropg::retry({.initial_delay = 1h, .max_delay = 1h}, fail)};
        while (!has_failed) face.io.run_one();
        face.io.poll();
        delayed.cancel(type);
        delayed.error<operation_aborted>();
        BOOST_TEST((delayed.took() < within(1s)));
    }
}

BOOST_AUTO_TEST_CASE(two_writers_finish_on_the_asynchronous_face) {
    prepare_sums();
    async_face face;
    asio::steady_timer gate{face.io, asio::steady_timer::time_point::max()};
    int missing = 2;
    const auto both_have_read = [&]() -> asio::awaitable<void> {
        boost::system::error_code opened;
        if (--missing != 0) co_return co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, opened));
        missing = 2;
        gate.cancel();
    };
    auto first = face.connect();
    auto second = face.connect();
    int conflicts = 0;
    const auto write = [&](coropg::connection& conn, int from, int to) -> asio::awaitable<void> {
        auto count = [&](const retry_event&) { ++conflicts; };
        for (int i = 0; i < transactions_of_each; ++i) {
            bool has_met = false;
            auto once = [&]() -> asio::awaitable<void> {
                co_await conn.transaction(serializable, [&](coropg::transaction& tx) -> asio::awaitable<void> {
                    const auto seen =
                        co_await tx.fetch_one<std::int64_t>("SELECT sum(n)::int8 FROM retry_sums WHERE id = $1", from);
                    if (!std::exchange(has_met, true)) co_await both_have_read();
                    co_await tx.execute("UPDATE retry_sums SET n = n + 1 WHERE id = $1 AND $2::int8 >= 0", to, seen);
                });
            };
            co_await coropg::retry(patient, once, count);
        }
    };
    AWAIT(gather(write(first, 1, 2), write(second, 2, 1)));
    BOOST_TEST_MESSAGE(conflicts << " conflicts");
    BOOST_TEST(conflicts >= transactions_of_each);
    BOOST_TEST(sum() == 2 * transactions_of_each);
}

BOOST_AUTO_TEST_CASE(two_writers_finish_on_the_blocking_face) {
    prepare_sums();
    std::atomic<int> conflicts = 0;
    std::barrier both_have_read{2};
    const auto write = [&, server = dsn()](int from, int to) {
        auto conn = sync::connect(server);
        for (int i = 0; i < transactions_of_each; ++i) {
            bool has_met = false;
            sync::retry(
                patient,
                [&] {
                    conn.transaction(serializable, [&](sync::transaction& tx) {
                        const auto seen =
                            tx.fetch_one<std::int64_t>("SELECT sum(n)::int8 FROM retry_sums WHERE id = $1", from);
                        if (!std::exchange(has_met, true)) both_have_read.arrive_and_wait();
                        tx.execute("UPDATE retry_sums SET n = n + 1 WHERE id = $1 AND $2::int8 >= 0", to, seen);
                    });
                },
                [&](const retry_event&) { ++conflicts; });
        }
    };
    std::thread other{[&] { write(1, 2); }};
    write(2, 1);
    other.join();
    BOOST_TEST_MESSAGE(conflicts << " conflicts");
    BOOST_TEST(conflicts >= transactions_of_each);
    BOOST_TEST(sum() == 2 * transactions_of_each);
}

BOOST_AUTO_TEST_SUITE_END()
