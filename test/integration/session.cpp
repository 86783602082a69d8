// The session driven by hand, at moments that no driver can be made to meet on demand.

#include "../support/faces.hpp"
#include "../support/skip.hpp"

#include <coropg/detail/drivers/poll_driver.hpp>
#include <coropg/detail/ops/channel.hpp>
#include <coropg/detail/ops/ops.hpp>
#include <coropg/testing/fault_proxy.hpp>
#include <span>

#include <poll.h>
#include <sys/resource.h>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using detail::session;
using detail::unit_ptr;
using detail::want;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool with_sanitizers = true;
#elif defined(__has_feature)
constexpr bool with_sanitizers = __has_feature(address_sanitizer);
#else
constexpr bool with_sanitizers = false;
#endif

struct by_hand {
    session core{detail::poll_driver::connect(dsn())};

    unit_ptr statement(const unchecked_sql& sql, call_options options = {}) {
        unit_ptr u = core.make_unit(options, std::source_location::current());
        u->add(sql_view{sql}, 0);
        return u;
    }
    void start(unit_ptr u) {
        core.submit(std::move(u));
        core.send();
    }
    /// Starts a statement that sleeps, and returns when it does: a cancel that comes before a statement hits nothing.
    void start_sleeping(call_options options) {
        start(statement(unchecked_sql{"SELECT pg_sleep(30)"}, options));
        sync::connection observer = sync::connect(dsn());
        const auto limit = detail::clock::now() + 10s;
        while (!observer.fetch_one<bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep')",
            PQbackendPID(core.native_handle())))
            BOOST_REQUIRE(detail::clock::now() < limit);
    }
    /// Waits for the server, once.
    void work() {
        BOOST_REQUIRE(core.wants() != want::nothing);
        pollfd entry{core.socket(), POLLIN, 0};
        if (has(core.wants(), want::write)) entry.events |= POLLOUT;
        BOOST_REQUIRE(::poll(&entry, 1, 10'000) == 1);
        const bool readable = (entry.revents & ~POLLOUT) != 0;
        const bool writable = (entry.revents & POLLOUT) != 0;
        core.advance((readable ? want::read : want::nothing) | (writable ? want::write : want::nothing));
    }
    /// Sends a cancel as a driver does; returns what went wrong, empty if nothing did.
    static std::string carry_out(detail::pq::cancel_request request) {
        detail::op<std::string> work = detail::ops::cancel(std::move(request));
        while (const std::optional<detail::wish> wish = work.resume()) {
            pollfd entry{wish->socket, 0, 0};
            if (has(wish->readiness, want::read)) entry.events |= POLLIN;
            if (has(wish->readiness, want::write)) entry.events |= POLLOUT;
            BOOST_REQUIRE(::poll(&entry, 1, 10'000) == 1);
        }
        return work.take();
    }
    /// Works until a unit is finished.
    unit_ptr next_finished() {
        while (core.finished_count() == 0) work();
        return core.take_finished();
    }
};

/// Takes the rows of one statement as they come, as far as it has room.
class slow_reader final : public detail::receiver {
 public:
    explicit slow_reader(std::size_t first_room) : room{first_room} {}

    [[nodiscard]] bool takes_rows() const noexcept override { return true; }
    [[nodiscard]] bool may_read() const noexcept override { return numbers.size() < room; }
    void rows(detail::unit&, std::size_t, result&& some) noexcept override {
        for (const row r : some) numbers.push_back(r[0].as<int>());
    }
    void answer(detail::unit& u, std::size_t index) noexcept override {
        has_answer = true;
        rows_with_answer = u.own(index).answer.size();
    }
    void end(detail::unit&) noexcept override { ++ends; }

    std::size_t room;
    std::vector<int> numbers;
    std::size_t rows_with_answer = 0;
    bool has_answer = false;
    int ends = 0;
};

/// COPY table FROM STDIN, of lines that somebody else supplies.
detail::op<void> copy_lines(PGconn* conn, detail::unit& u, std::shared_ptr<detail::channel<std::string>> lines) {
    if (PQsendQuery(conn, u.site().sql.c_str()) != 1) co_return;
    while (PQflush(conn) == 1) co_await detail::wish{want::both, PQsocket(conn)};
    const auto answer = [conn]() -> detail::op<detail::pq::result> {
        while (PQisBusy(conn) == 1) {
            co_await detail::wish{want::read, PQsocket(conn)};
            if (PQconsumeInput(conn) == 0) break;
        }
        co_return detail::pq::result{PQgetResult(conn)};
    };
    BOOST_REQUIRE(PQresultStatus((co_await answer()).get()) == PGRES_COPY_IN);
    while (!lines->has_ended()) {
        if (const std::optional<std::string> line = lines->pop())
            BOOST_REQUIRE(PQputCopyData(conn, line->data(), static_cast<int>(line->size())) == 1);
        else
            co_await detail::wish{want::read, PQsocket(conn), detail::no_deadline, lines.get()};
    }
    BOOST_REQUIRE(PQputCopyEnd(conn, nullptr) == 1);
    while (PQflush(conn) == 1) co_await detail::wish{want::both, PQsocket(conn)};
    while (co_await answer() != nullptr) {
    }
}

template <class Error>
Error failure_of(const unit_ptr& u) {
    return error_of<Error>([&] { u->throw_failure(); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(session_by_hand)

BOOST_AUTO_TEST_CASE(a_cancel_that_hangs_ends_the_connection_when_its_time_is_up) {
    by_hand hand;
    hand.start_sleeping({.timeout = 1ms});
    hand.core.expire(detail::clock::now() + 1s);
    auto cancel = hand.core.take_cancel();
    BOOST_REQUIRE(cancel.has_value());
    BOOST_TEST(by_hand::carry_out(std::move(*cancel)) == "");
    while (hand.core.wants() != want::nothing) hand.work();

    // The cancel has hit, but whoever sends it has not come back: nobody must wait for him for ever.
    hand.start(hand.statement(unchecked_sql{"SELECT 1"}));
    BOOST_TEST(hand.core.finished_count() == 0U);
    const detail::clock::time_point limit = hand.core.next_deadline();
    BOOST_REQUIRE((limit < detail::clock::now() + 1min));
    hand.core.expire(limit);
    failure_of<query_timeout>(hand.next_finished());
    failure_of<connection_error>(hand.next_finished());
}

BOOST_AUTO_TEST_CASE(a_cancel_that_ended_lets_the_next_statement_go) {
    by_hand hand;
    hand.start_sleeping({.timeout = 1ms});
    hand.core.expire(detail::clock::now() + 1s);
    BOOST_TEST(by_hand::carry_out(hand.core.take_cancel().value()) == "");
    while (hand.core.wants() != want::nothing) hand.work();
    BOOST_TEST(hand.core.finished_count() == 0U, "a cancel that is still on its way may hit what comes next");
    hand.core.submit(hand.statement(unchecked_sql{"SELECT 1"}));
    hand.core.cancel_ended(coropg::detail::clock::now());
    failure_of<query_timeout>(hand.next_finished());
    BOOST_TEST((hand.core.next_deadline() == detail::no_deadline));
    hand.core.send();
    hand.next_finished()->throw_failure();
}

BOOST_AUTO_TEST_CASE(what_may_run_elsewhere_does_not_wait_for_a_cancel) {
    by_hand hand;
    const auto movable = [&hand] {
        unit_ptr u = hand.statement(unchecked_sql{"SELECT 1"});
        u->may_move = true;
        return u;
    };
    hand.start_sleeping({.timeout = 1ms});
    hand.core.submit(movable());
    hand.core.submit(hand.statement(unchecked_sql{"SELECT 2"}));
    hand.core.expire(detail::clock::now() + 1s);
    BOOST_TEST(hand.core.finished_count() == 1U);
    BOOST_TEST((failure_of<connection_error>(hand.next_finished()).outcome() == outcome::not_sent));
    hand.core.submit(movable());
    BOOST_TEST((failure_of<connection_error>(hand.next_finished()).outcome() == outcome::not_sent));

    BOOST_TEST(by_hand::carry_out(hand.core.take_cancel().value()) == "");
    hand.core.cancel_ended(detail::clock::now());
    failure_of<query_timeout>(hand.next_finished());
    hand.core.send();
    hand.next_finished()->throw_failure();  // SELECT 2 has waited
}

BOOST_AUTO_TEST_CASE(a_cancel_that_is_woken_for_nothing_goes_on) {
    testing::fault_proxy proxy{conninfo{tcp_dsn()}};
    const detail::pq::connection conn = detail::poll_driver::connect(proxy.info());
    proxy.arm({.from = testing::side::client, .what = testing::fault::silence});
    detail::op<std::string> cancel = detail::ops::cancel(detail::pq::cancel_request{conn.get()});
    std::optional<detail::wish> wish = cancel.resume(detail::answer::ready);
    for (int i = 0; i < 3 && wish; ++i) wish = cancel.resume(detail::answer::ready);
    BOOST_TEST(wish.has_value(), "the server has not closed its connection");
}

BOOST_AUTO_TEST_CASE(nothing_runs_without_a_begin_that_was_refused) {
    by_hand hand;
    hand.start(hand.statement(unchecked_sql{"CREATE TEMPORARY TABLE kept_out (n int)"}));
    hand.next_finished()->throw_failure();
    const auto scope = hand.core.transactions().begin(nullptr, {"BEGIN OF NOTHING"}, true);
    for (int i = 0; i < 3; ++i) {
        unit_ptr u = hand.core.make_unit({}, std::source_location::current(), scope);
        u->add(sql_view{unchecked_sql{"INSERT INTO kept_out VALUES (1)"}}, 0);
        hand.core.submit(std::move(u));
    }
    hand.core.send();
    failure_of<errors::syntax_error>(hand.next_finished());
    failure_of<pipeline_aborted>(hand.next_finished());
    failure_of<pipeline_aborted>(hand.next_finished());
    unit_ptr commit = hand.core.make_unit({}, std::source_location::current(), scope);
    commit->end_scope(detail::purpose::commit);
    hand.start(std::move(commit));
    unit_ptr ended = hand.next_finished();
    while (ended->is_for == detail::purpose::transaction_id) ended = hand.next_finished();
    failure_of<commit_rolled_back>(ended);
    hand.start(hand.statement(unchecked_sql{"SELECT count(*) FROM kept_out"}));
    BOOST_TEST(hand.next_finished()->commands.front().answer[0][0].as<std::int64_t>() == 0);
}

BOOST_AUTO_TEST_CASE(the_earliest_deadline_is_the_next) {
    by_hand hand;
    const detail::clock::time_point start = detail::clock::now();
    hand.core.submit(hand.statement(unchecked_sql{"SELECT 1"}, {.timeout = 60s}));
    hand.core.submit(hand.statement(unchecked_sql{"SELECT 2"}, {.timeout = 20s}));
    hand.core.submit(hand.statement(unchecked_sql{"SELECT 3"}, {.timeout = 40s}));
    BOOST_TEST((hand.core.next_deadline() >= start + 20s && hand.core.next_deadline() < start + 40s));
    hand.core.expire(start + 30s);
    BOOST_TEST((hand.core.next_deadline() >= start + 40s && hand.core.next_deadline() < start + 60s));
    failure_of<query_timeout>(hand.next_finished());
}

BOOST_AUTO_TEST_CASE(a_batch_that_times_out_half_sent_stores_nothing_and_sends_no_more) {
    by_hand hand;
    hand.start(hand.statement(unchecked_sql{"CREATE TEMPORARY TABLE half_sent (n int, t text)"}));
    hand.next_finished()->throw_failure();

    constexpr std::size_t rows = 4000;
    unit_ptr batch = hand.core.make_unit({.timeout = 10s}, std::source_location::current());
    const std::string large(64 * 1024, 'x');
    const unchecked_sql insert{
        "INSERT INTO half_sent SELECT $1::int, $2 FROM pg_sleep(case $1::int when 0 then 1 else 0 end)"};
    for (std::size_t i = 0; i < rows; ++i) {
        if (i == 0)
            batch->add(sql_view{insert}, 2);
        else
            batch->add_again();
        batch->parameters.add(static_cast<int>(i));
        batch->parameters.add(large);
    }
    const detail::unit* const sent = batch.get();
    hand.start(std::move(batch));
    hand.core.expire(detail::clock::now() + 20s);
    // Not cancelled, to see what remains when the cancel comes too late.
    BOOST_REQUIRE(hand.core.take_cancel().has_value());
    hand.core.cancel_ended(coropg::detail::clock::now());
    const unit_ptr done = hand.next_finished();
    BOOST_TEST(done.get() == sent);
    failure_of<query_timeout>(done);
    BOOST_TEST(done->sent < rows);

    hand.start(hand.statement(unchecked_sql{"SELECT count(*) FROM half_sent"}));
    const unit_ptr count = hand.next_finished();
    BOOST_TEST(count->commands.front().answer[0][0].as<std::int64_t>() == 0);
}

BOOST_AUTO_TEST_CASE(a_half_sent_batch_that_is_abandoned_stores_nothing) {
    by_hand hand;
    hand.start(hand.statement(unchecked_sql{"CREATE TEMPORARY TABLE half_sent (t text)"}));
    hand.next_finished()->throw_failure();
    hand.core.submit(hand.statement(unchecked_sql{"SELECT pg_sleep(1)"}));
    constexpr std::size_t rows = 4000;
    unit_ptr batch = hand.core.make_unit({.timeout = 10s}, std::source_location::current());
    const std::string large(64 * 1024, 'x');
    const unchecked_sql insert{"INSERT INTO half_sent VALUES ($1)"};
    for (std::size_t i = 0; i < rows; ++i) {
        if (i == 0)
            batch->add(sql_view{insert}, 1);
        else
            batch->add_again();
        batch->parameters.add(large);
    }
    hand.start(std::move(batch));
    hand.core.expire(detail::clock::now() + 20s);
    BOOST_TEST(!hand.core.take_cancel().has_value());
    failure_of<query_timeout>(hand.next_finished());  // told at once
    hand.next_finished()->throw_failure();            // pg_sleep
    hand.start(hand.statement(unchecked_sql{"SELECT count(*) FROM half_sent"}));
    unit_ptr count = hand.next_finished();
    while (count->waiting || count->commands.size() != 1) count = hand.next_finished();  // the tombstone
    BOOST_TEST(count->commands.front().answer[0][0].as<std::int64_t>() == 0);
}

BOOST_AUTO_TEST_CASE(a_statement_whose_parse_was_skipped_can_be_prepared_later) {
    by_hand hand;
    const unchecked_sql good{"SELECT 'prepared after all'"};
    unit_ptr u = hand.core.make_unit({.prepare = prepare::always}, std::source_location::current());
    u->add(sql_view{unchecked_sql{"SELECT 1/0"}}, 0);
    u->add(sql_view{good}, 0);
    hand.start(std::move(u));
    failure_of<errors::division_by_zero>(hand.next_finished());
    hand.start(hand.statement(good, {.prepare = prepare::always}));
    hand.next_finished()->throw_failure();
    hand.start(hand.statement(
        unchecked_sql{"SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%after all%'"}));
    BOOST_TEST(hand.next_finished()->commands.front().answer[0][0].as<std::int64_t>() == 1);
}

BOOST_AUTO_TEST_CASE(a_lookup_of_types_that_times_out_leaves_the_connection_usable) {
    sync::connection other = sync::connect(dsn());
    other.execute_script(
        "SET client_min_messages = warning; DROP TYPE IF EXISTS looked_up; CREATE TYPE looked_up AS ENUM ('a')");
    // The question for types reads pg_range; other sessions rarely do.
    other.execute("BEGIN");
    other.execute("LOCK TABLE pg_catalog.pg_range IN ACCESS EXCLUSIVE MODE");

    by_hand hand;
    hand.start(hand.statement(unchecked_sql{"SELECT 'a'::looked_up"}, {.timeout = 10s}));
    const auto is_blocked = [&] {
        return other.fetch_one<bool>("SELECT cardinality(pg_blocking_pids($1)) > 0",
                                     PQbackendPID(hand.core.native_handle()));
    };
    const auto limit = detail::clock::now() + 10s;
    while (!is_blocked()) {
        BOOST_REQUIRE(detail::clock::now() < limit);
        pollfd entry{hand.core.socket(), POLLIN, 0};
        if (::poll(&entry, 1, 10) == 1) hand.core.advance(want::read);
    }
    hand.core.expire(detail::clock::now() + 20s);
    auto cancel = hand.core.take_cancel();
    BOOST_REQUIRE(cancel.has_value());
    BOOST_TEST(by_hand::carry_out(std::move(*cancel)) == "");
    hand.core.cancel_ended(coropg::detail::clock::now());
    failure_of<query_timeout>(hand.next_finished());
    other.execute("ROLLBACK");
    BOOST_TEST((hand.core.next_deadline() == detail::no_deadline));
    hand.start(hand.statement(unchecked_sql{"SELECT 'a'::looked_up"}));
    hand.next_finished()->throw_failure();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(session_without_descriptors)

BOOST_AUTO_TEST_CASE(a_poll_that_fails_closes_the_connection) {
    if (with_sanitizers) {
        skip("without descriptors the sanitizers take each exception for a broken object");
        return;
    }
    sync::connection conn = sync::connect(dsn());
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit none = before;
    none.rlim_cur = 0;  // poll(2) then refuses even one descriptor
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    BOOST_CHECK_THROW(conn.execute("SELECT pg_sleep(0.1)"), connection_error);
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    BOOST_TEST(!conn.is_open());
    BOOST_CHECK_THROW(conn.execute("SELECT 1"), connection_error);
}

BOOST_AUTO_TEST_CASE(a_receiver_gets_rows_as_they_come_and_nothing_is_read_while_it_has_no_room) {
    by_hand hand;
    constexpr int count = 300'000;  // more than buffers of sockets hold
    const auto reader = std::make_shared<slow_reader>(3U);
    unit_ptr u = hand.statement(unchecked_sql{"SELECT g, repeat('x', 100) FROM generate_series(1, 300000) g"});
    u->receiver = reader;
    hand.start(std::move(u));
    hand.start(hand.statement(unchecked_sql{"SELECT 7"}));
    while (reader->may_read()) hand.work();
    BOOST_TEST(reader->numbers.size() == 3U);
    BOOST_TEST((hand.core.wants() == want::nothing));
    sync::connection observer = sync::connect(dsn());
    const auto limit = detail::clock::now() + 10s;
    while (!observer.fetch_one<bool>(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ClientWrite')",
        PQbackendPID(hand.core.native_handle())))
        BOOST_REQUIRE(detail::clock::now() < limit);

    while (hand.core.finished_count() == 0) {
        if (!reader->may_read()) {
            reader->room = reader->numbers.size() + 1000;
            hand.core.advance(want::read);
        } else {
            hand.work();
        }
    }
    hand.core.take_finished()->throw_failure();
    BOOST_TEST((reader->has_answer && reader->rows_with_answer == 0 && reader->ends == 1));
    BOOST_TEST_REQUIRE(reader->numbers.size() == std::size_t{count});
    for (int i = 0; i < count; ++i) BOOST_REQUIRE(reader->numbers[static_cast<std::size_t>(i)] == i + 1);
    BOOST_TEST(hand.next_finished()->own().answer[0][0].as<int>() == 7);
}

BOOST_AUTO_TEST_CASE(a_receiver_gets_the_rows_before_an_error) {
    by_hand hand;
    const auto reader = std::make_shared<slow_reader>(100U);
    unit_ptr u = hand.statement(unchecked_sql{"SELECT 60 / (5 - g) FROM generate_series(1, 10) g"});
    u->receiver = reader;
    hand.start(std::move(u));
    failure_of<errors::division_by_zero>(hand.next_finished());
    BOOST_TEST((reader->numbers == std::vector{15, 20, 30, 60}));
    BOOST_TEST((!reader->has_answer && reader->ends == 1));
}

BOOST_AUTO_TEST_CASE(who_leaves_rows_early_costs_one_cancel) {
    by_hand hand;
    const auto reader = std::make_shared<slow_reader>(10U);
    unit_ptr u = hand.statement(unchecked_sql{"SELECT generate_series(1, 100000000)"});
    u->receiver = reader;
    const std::uint64_t ticket = hand.core.make_cancellable(*u);
    hand.start(std::move(u));
    hand.start(hand.statement(unchecked_sql{"SELECT 7"}));
    while (reader->may_read()) hand.work();
    hand.core.cancel(std::span{&ticket, 1}, detail::clock::now());
    BOOST_TEST(by_hand::carry_out(hand.core.take_cancel().value()) == "");
    hand.core.cancel_ended(detail::clock::now());
    failure_of<operation_aborted>(hand.next_finished());
    BOOST_TEST((reader->numbers.size() == 10U && reader->ends == 1));
    hand.core.send();
    BOOST_TEST(hand.next_finished()->own().answer[0][0].as<int>() == 7);
}

BOOST_AUTO_TEST_CASE(an_op_can_wait_for_what_its_caller_supplies) {
    by_hand hand;
    hand.start(hand.statement(unchecked_sql{"CREATE TEMP TABLE supplied (line int)"}));
    hand.next_finished()->throw_failure();
    const auto lines = std::make_shared<detail::channel<std::string>>(4U);
    unit_ptr u = hand.core.make_unit({}, std::source_location::current());
    u->add_own("COPY supplied FROM STDIN");
    u->exclusive = [lines](PGconn* conn, detail::unit& of) { return copy_lines(conn, of, lines); };
    hand.start(std::move(u));
    hand.start(hand.statement(unchecked_sql{"SELECT count(*), sum(line) FROM supplied"}));

    int supplied = 0;
    while (supplied < 100'000) {
        if (lines->has_room()) {
            lines->push(std::to_string(++supplied) + "\n");
            if (supplied % 3 == 0) hand.core.advance(want::nothing);
        } else if (!hand.core.is_open()) {
            BOOST_FAIL("the connection was closed");
        } else if (lines->is_ready() && supplied > 4) {
            hand.core.advance(want::nothing);
        } else {
            hand.work();  // COPY has not begun yet
        }
        BOOST_REQUIRE(hand.core.finished_count() == 0U);
    }
    lines->close();
    hand.core.advance(want::nothing);
    hand.next_finished()->throw_failure();
    const unit_ptr sums = hand.next_finished();
    BOOST_TEST(sums->own().answer[0][0].as<std::int64_t>() == 100'000);
    BOOST_TEST(sums->own().answer[0][1].as<std::int64_t>() == 5'000'050'000);
}

BOOST_AUTO_TEST_SUITE_END()
