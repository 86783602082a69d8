// Pipelines of a size at which a client that does not read while it writes would stall for ever.
#include "../support/cancelling.hpp"
#include "../support/memory.hpp"

#include <malloc.h>

#include <numeric>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t megabyte = 1024 * 1024;

/// How much more was resident at most while `work` ran; nothing when it can't be measured.
template <class Work>
std::optional<std::size_t> peak_growth_bytes(Work&& work) {
    ::malloc_trim(0);  // what was freed before does not count
    const bool is_measured = can_measure_memory() && forget_peak();
    const std::size_t before = resident_bytes();
    work();
    if (!is_measured) return std::nullopt;
    const std::size_t peak = peak_resident_bytes();
    const std::size_t grown = peak > before ? peak - before : 0;
    BOOST_TEST_MESSAGE("grown by " << grown / 1024 << " KiB");
    return grown;
}

/// The sum of the ids in table t.
template <class Face>
std::int64_t sum_of_ids(Face& face, typename Face::connection& conn) {
    return AWAIT(conn.template fetch_one<std::int64_t>("SELECT coalesce(sum(id), 0)::int8 FROM t"));
}

constexpr std::int64_t sum_below(std::int64_t count) { return count * (count - 1) / 2; }

template <class Pipeline>
std::vector<pipelined<result>> insert_ids(Pipeline& p, int from, int to) {
    std::vector<pipelined<result>> handles;
    for (int i = from; i < to; ++i) handles.push_back(p.execute("INSERT INTO t VALUES ($1)", i));
    return handles;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(big_pipelines)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_that_answers_while_it_is_sent_to_does_not_stall, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    auto p = conn.pipeline();
    std::vector<pipelined<std::string>> texts;
    for (int i = 0; i < 20'000; ++i)
        texts.push_back(p.template fetch_one<std::string>("SELECT repeat(chr(65 + $1 % 26), 10000)", i));
    AWAIT(p.run());
    for (int i = 0; i < 20'000; ++i)
        BOOST_REQUIRE(
            (texts[static_cast<std::size_t>(i)].get() == std::string(10'000, static_cast<char>('A' + i % 26))));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hundred_megabytes_go_both_ways, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::string piece(megabyte, 'p');
    auto p = conn.pipeline();
    std::vector<pipelined<std::string>> echoes;
    for (int i = 0; i < 100; ++i) echoes.push_back(p.template fetch_one<std::string>("SELECT $1::text", piece));
    AWAIT(p.run());
    for (auto& echo : echoes) BOOST_REQUIRE((echo.get() == piece));

    const std::string whole(100 * megabyte, 'w');
    BOOST_TEST((AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", whole)) == whole));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_nobody_keeps_takes_no_memory, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    std::vector<int> rows(20'000);
    std::iota(rows.begin(), rows.end(), 0);
    AWAIT(conn.execute_many("SELECT repeat('x', 10000), $1::int", rows));
    const auto grown = peak_growth_bytes(
        [&] { BOOST_TEST(AWAIT(conn.execute_many("SELECT repeat('x', 10000), $1::int", rows)) == rows.size()); });
    // The results are 200 MB. libpq reads on for as long as something comes, so some of it can be in its buffer.
    if (grown) BOOST_TEST(*grown <= 100 * megabyte);
}

/// Statements wait where they are encoded, not once more in libpq's buffer.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_that_does_not_read_is_not_sent_all, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const std::string piece(megabyte, 'p');
    auto p = conn.pipeline();
    p.execute("SELECT pg_sleep(0.5)");
    std::vector<pipelined<int>> lengths;
    for (int i = 0; i < 100; ++i) lengths.push_back(p.template fetch_one<int>("SELECT length($1)", piece));
    const auto grown = peak_growth_bytes([&] { AWAIT(p.run()); });
    if (grown) BOOST_TEST(*grown <= 8 * megabyte);
    for (auto& length : lengths) BOOST_TEST(length.get() == static_cast<int>(megabyte));
}

/// By TCP, where the buffers of the kernel would take them all.
BOOST_AUTO_TEST_CASE(nor_is_it_sent_all_of_many_small_statements) {
    async_face face;
    auto conn = face.connect(tcp_dsn());
    std::vector<double> naps(200'000);
    naps.front() = 1;
    auto work = conn.execute_many("SELECT pg_sleep($1)", naps);
    const auto grown = peak_growth_bytes([&] { BOOST_TEST(face([&] { return std::move(work); }) == naps.size()); });
    // Measured: 0.8 to 1.1 MB, from 50,000 statements to 800,000; 1 MB of it is libpq's for 32,768 on the wire.
    if (grown) BOOST_TEST(*grown <= 4 * megabyte);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_hundred_thousand_inserts, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    auto p = conn.pipeline();
    auto inserted = insert_ids(p, 0, 100'000);
    auto count = p.template fetch_one<std::int64_t>("SELECT count(*) FROM t");
    AWAIT(p.run());
    for (auto& one : inserted) BOOST_REQUIRE(one.get().affected_rows() == 1U);
    BOOST_TEST(count.get() == 100'000);
    BOOST_TEST(sum_of_ids(face, conn) == sum_below(100'000));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_of_many_scopes_has_its_own_fate, Face, both_faces) {
    constexpr int scopes = 1000;
    constexpr int size = 10;
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int CHECK (id >= 0))"));
    const auto fails = [](int scope) { return scope % 7 == 3; };
    const auto failing = [](int scope) { return scope % size; };
    auto p = conn.pipeline();
    std::vector<pipelined<result>> handles;
    for (int s = 0; s < scopes; ++s) {
        for (int i = 0; i < size; ++i)
            handles.push_back(p.execute("INSERT INTO t VALUES ($1)", fails(s) && i == failing(s) ? -1 : s));
        p.sync();
    }
    VOID_ERROR_OF(errors::check_violation, p.run());
    std::int64_t stored = 0;
    for (int s = 0; s < scopes; ++s) {
        for (int i = 0; i < size; ++i) {
            auto& handle = handles[static_cast<std::size_t>(s * size + i)];
            if (!fails(s))
                BOOST_REQUIRE(handle.get().affected_rows() == 1U);
            else if (i == failing(s))
                error_of<errors::check_violation>([&] { handle.get(); });
            else
                BOOST_REQUIRE((error_of<pipeline_aborted>([&] { handle.get(); }).outcome() == outcome::not_executed));
        }
        if (!fails(s)) stored += s * size;
    }
    BOOST_TEST(sum_of_ids(face, conn) == stored);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(handles_outlive_their_pipeline_and_its_connection, Face, both_faces) {
    Face face;
    std::optional<pipelined<result>> rows;
    std::optional<pipelined<std::vector<std::string>>> texts;
    std::optional<pipelined<result>> failed;
    std::optional<pipelined<result>> never_run;
    {
        auto conn = face.connect();
        auto p = conn.pipeline();
        rows = p.execute("SELECT 'a', 1 UNION ALL SELECT 'b', 2 ORDER BY 2");
        texts = p.template fetch<std::string>("SELECT repeat('x', i) FROM generate_series(1, 3) i");
        p.sync();
        failed = p.execute("SELECT 1 / 0");
        VOID_ERROR_OF(errors::division_by_zero, p.run());
        auto unused = conn.pipeline();
        never_run = unused.execute("SELECT 1");
    }
    const result kept = rows->get();
    BOOST_TEST(kept[1][0].template as<std::string>() == "b");
    BOOST_TEST(texts->get() == (std::vector<std::string>{"x", "xx", "xxx"}), boost::test_tools::per_element());
    BOOST_CHECK_THROW(failed->get(), errors::division_by_zero);
    BOOST_CHECK_THROW(failed->get(), errors::division_by_zero);
    BOOST_CHECK_THROW(never_run->get(), usage_error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_lost_in_the_middle_ends_every_statement, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    auto observer = face.connect();
    AWAIT(observer.execute_script("DROP TABLE IF EXISTS t; CREATE TABLE t (id int)"));
    auto conn = face.connect();
    auto p = conn.pipeline();
    auto stored = insert_ids(p, 0, 10);
    p.sync();
    auto before = insert_ids(p, 10, 20'000);
    p.execute("SELECT pg_terminate_backend(pg_backend_pid())");
    auto behind = insert_ids(p, 0, 50'000);
    p.sync();
    auto unsent = insert_ids(p, 0, 50'000);
    VOID_ERROR_OF(connection_error, p.run());
    for (auto& one : stored) BOOST_TEST(one.get().affected_rows() == 1U);
    const auto was_it = error_of<connection_error>([&] { before.front().get(); }).outcome();
    BOOST_TEST((was_it == outcome::not_executed || was_it == outcome::unknown));
    for (auto* const handles : {&before, &behind})
        for (auto& one : *handles) BOOST_REQUIRE((error_of<connection_error>([&] { one.get(); }).outcome() == was_it));
    for (auto& one : unsent) error_of<connection_error>([&] { one.get(); });
    BOOST_TEST(!conn.is_open());
    BOOST_TEST(sum_of_ids(face, observer) == sum_below(10));
    AWAIT(observer.execute("DROP TABLE t"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_committed_before_a_connection_was_lost_is_not_told_as_undone, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    auto conn = face.connect();
    auto p = conn.pipeline();
    p.execute("BEGIN");
    auto before = p.execute("SELECT 1");
    p.execute("COMMIT");
    p.execute("SELECT pg_terminate_backend(pg_backend_pid())");
    for (int i = 0; i < 60'000; ++i) p.execute("SELECT 2");
    BOOST_TEST((VOID_ERROR_OF(connection_error, p.run()).outcome() == outcome::unknown));
    BOOST_TEST((error_of<connection_error>([&] { before.get(); }).outcome() == outcome::unknown));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_timeout_in_the_middle_stores_nothing_of_its_scope, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    auto handle = conn.with({.timeout = 700ms});
    auto p = handle.pipeline();
    auto before = insert_ids(p, 0, 10'000);
    auto nap = p.execute("SELECT pg_sleep(30)");
    auto behind = insert_ids(p, 10'000, 100'000);
    VOID_ERROR_OF(query_timeout, p.run());
    for (auto* const handles : {&before, &behind})
        for (auto& one : *handles) error_of<query_timeout>([&] { one.get(); });
    BOOST_CHECK_THROW(nap.get(), query_timeout);
    BOOST_TEST(sum_of_ids(face, conn) == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_timeout_spares_the_scopes_before_it, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute("CREATE TEMP TABLE t (id int)"));
    auto handle = conn.with({.timeout = 1s});
    auto p = handle.pipeline();
    auto stored = insert_ids(p, 0, 1000);
    p.sync();
    p.execute("SELECT pg_sleep(2)");
    p.sync();
    std::vector<pipelined<result>> unsent;
    for (int i = 0; i < 10'000; ++i) {
        unsent.push_back(p.execute("INSERT INTO t VALUES ($1)", 1000));
        p.sync();
    }
    VOID_ERROR_OF(query_timeout, p.run());
    for (auto& one : stored) BOOST_REQUIRE(one.get().affected_rows() == 1U);
    BOOST_TEST((error_of<query_timeout>([&] { unsent.back().get(); }).outcome() == outcome::not_sent));
    // Those that were on the wire already, behind what was given up, are left to the server.
    int done = 0;
    int in_doubt = 0;
    for (auto& one : unsent) try {
            one.get();
            ++done;
        } catch (const query_timeout& e) {
            if (e.outcome() == outcome::unknown) ++in_doubt;
        }
    const std::int64_t left = sum_of_ids(face, conn) - sum_below(1000);
    BOOST_TEST(left >= 1000 * done);
    BOOST_TEST(left <= 1000 * (done + in_doubt));
    BOOST_TEST(in_doubt <= 128);
}

BOOST_AUTO_TEST_CASE(a_cancellation_in_the_middle_stores_nothing_of_its_scope) {
    async_face face;
    auto conn = face.connect();
    face([&] { return conn.execute("CREATE TEMP TABLE t (id int)"); });
    for (const int naps_at : {0, 5'000, 99'999}) {
        std::vector<pipelined<result>> before;
        std::vector<pipelined<result>> behind;
        const auto work = [&]() -> asio::awaitable<void> {
            auto p = conn.pipeline();
            before = insert_ids(p, 0, naps_at);
            p.execute("SELECT pg_sleep(30)");
            behind = insert_ids(p, naps_at, 100'000);
            co_await p.run();
        };
        cancellable running{face.io, work()};
        await_sleep(face.io, conn);
        running.cancel();
        BOOST_TEST((running.error<operation_aborted>().outcome() == outcome::failed));
        BOOST_TEST((running.took() < within(memory_is_measurable ? 2s : 10s)));  // sanitizers throw slowly
        for (auto* const handles : {&before, &behind})
            for (auto& one : *handles) error_of<operation_aborted>([&] { one.get(); });
        BOOST_TEST_REQUIRE(usable_or_closed(face.io, conn));
        BOOST_TEST(sum_of_ids(face, conn) == 0);
    }
}

/// It stops reading as little as writing: what the server still answers does not hold it up.
BOOST_AUTO_TEST_CASE(a_cancellation_while_large_results_come) {
    async_face face;
    auto conn = face.connect();
    const auto work = [&]() -> asio::awaitable<void> {
        auto p = conn.pipeline();
        for (int i = 0; i < 5'000; ++i) p.execute("SELECT repeat('x', 10000)");
        p.execute("SELECT pg_sleep(30)");
        for (int i = 0; i < 20'000; ++i) p.execute("SELECT repeat('x', 10000)");
        co_await p.run();
    };
    cancellable running{face.io, work()};
    await_sleep(face.io, conn);
    running.cancel();
    BOOST_TEST((running.error<operation_aborted>().outcome() == outcome::failed));
    BOOST_TEST(usable_or_closed(face.io, conn));
}

/// Others on the loop have their turn while a large pipeline is sent.
BOOST_AUTO_TEST_CASE(others_on_the_connection_are_served_behind_it) {
    async_face face;
    auto conn = face.connect();
    face([&]() -> asio::awaitable<void> {
        auto p = conn.pipeline();
        for (int i = 0; i < 20'000; ++i) p.execute("SELECT $1::int", i);
        auto run = p.run();
        auto [nothing, one] = co_await gather(std::move(run), conn.fetch_one<int>("SELECT 1"));
        BOOST_TEST(one == 1);
        BOOST_TEST((nothing == std::monostate{}));
    });
}

BOOST_AUTO_TEST_SUITE_END()
