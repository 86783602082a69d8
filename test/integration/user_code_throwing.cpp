// The program's code in place, which may throw whatever it likes, std::exception or not: whoever waits is told, and the
// connection works.
#include "../support/pools.hpp"

#include <coropg/log.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <stdexcept>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// What code of the program's may throw.
enum class thrown_as : unsigned char { number, own_error, error_of_the_library };

constexpr thrown_as all_kinds[]{thrown_as::number, thrown_as::own_error, thrown_as::error_of_the_library};

[[noreturn]] void throw_as(thrown_as kind) {
    switch (kind) {
        case thrown_as::number: throw 1;
        case thrown_as::own_error: throw std::domain_error{"of the program"};
        default: throw query_timeout{"of the program"};
    }
}

/// Whether `work` throws what `kind` says.
template <class Work>
bool throws(thrown_as kind, Work&& work) {
    try {
        work();
    } catch (int) {
        return kind == thrown_as::number;
    } catch (const std::domain_error&) {
        return kind == thrown_as::own_error;
    } catch (const query_timeout&) {
        return kind == thrown_as::error_of_the_library;
    }
    return false;
}

struct throwing_sink : spdlog::sinks::base_sink<std::mutex> {
    explicit throwing_sink(thrown_as of) : kind{of} {}
    void sink_it_(const spdlog::details::log_msg&) override { ++called, throw_as(kind); }
    void flush_() override {}

    thrown_as kind;
    int called = 0;
};

struct throwing_observer : observer {
    explicit throwing_observer(thrown_as of) : kind{of} {}
    void on_connect(const connect_event&) override { ++called, throw_as(kind); }
    void on_query(const query_event&) override { ++called, throw_as(kind); }
    void on_transaction(const transaction_event&) override { ++called, throw_as(kind); }
    void on_acquire(const acquire_event&) override { ++called, throw_as(kind); }

    thrown_as kind;
    int called = 0;
};

/// Set for as long as it lives.
struct set_up {
    set_up(thrown_as kind)
        : seeing{std::make_shared<throwing_observer>(kind)}, sink{std::make_shared<throwing_sink>(kind)} {
        auto logger = std::make_shared<spdlog::logger>("throws", sink);
        logger->set_level(spdlog::level::trace);
        logger->set_error_handler([](const std::string&) {});
        set_logger(logger);
        set_observer(seeing);
    }
    set_up(const set_up&) = delete;
    set_up& operator=(const set_up&) = delete;
    ~set_up() {
        set_observer(nullptr);
        set_logger(nullptr);
    }

    std::shared_ptr<throwing_observer> seeing;
    std::shared_ptr<throwing_sink> sink;
};

/// Cannot be sent, or be read, if it is negative.
struct fragile {
    int number = 0;
};
thread_local thrown_as fragile_throws;

/// Neither sent nor read.
struct refused {};

}  // namespace

template <>
struct coropg::codec<refused> {
    static constexpr pg_type type = codec<int>::type;
    static bool reads(oid) { return true; }
    static refused decode(const field&) { throw usage_error{"not this way"}; }
    static void encode(refused, encoder&) { throw usage_error{"not this way"}; }
};

template <>
struct coropg::codec<fragile> {
    static constexpr pg_type type = codec<int>::type;
    static bool reads(oid from) { return codec<int>::reads(from); }
    static fragile decode(const field& f) {
        const int number = codec<int>::decode(f);
        if (number < 0) throw_as(fragile_throws);
        return {number};
    }
    static void encode(fragile f, encoder& out) {
        if (f.number < 0) throw_as(fragile_throws);
        codec<int>::encode(f.number, out);
    }
};

BOOST_AUTO_TEST_SUITE(user_code_that_throws)

BOOST_AUTO_TEST_CASE_TEMPLATE(observers_and_log_sinks_may_throw_anything, Face, both_faces) {
    for (const thrown_as kind : all_kinds) {
        const set_up program{kind};
        Face face;
        auto conn = face.connect();
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
        BOOST_CHECK_THROW(AWAIT(conn.execute("SELECT 1/0")), errors::division_by_zero);
        BOOST_CHECK_THROW(AWAIT(conn.with({.timeout = 20ms}).execute("SELECT pg_sleep(20)")), query_timeout);
        AWAIT(conn.execute("DO $$ BEGIN RAISE NOTICE 'x'; END $$"));
        {
            auto tx = AWAIT(conn.begin());
            AWAIT(tx.execute("SELECT 1"));
            AWAIT(tx.commit());
        }
        BOOST_CHECK_THROW(AWAIT(conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")), error);
        BOOST_TEST(!conn.is_open());

        pool_of<Face> here{{.max_size = 1}};
        Face& pool_face = here;
        BOOST_TEST(pool_face([&] { return here.pool.template fetch_one<int>("SELECT 1"); }) == 1);
        {
            auto lent = pool_face([&] { return here.pool.acquire(); });
        }
        BOOST_TEST(program.seeing->called > 5);
        BOOST_TEST(program.sink->called > 5);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_codecs_usage_error_says_whether_the_statement_ran, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST((ERROR_OF(usage_error, conn.execute("SELECT $1", refused{})).outcome() == outcome::not_sent));
    BOOST_TEST((ERROR_OF(usage_error, conn.template fetch_one<refused>("SELECT 1")).outcome() == outcome::executed));
    auto p = conn.pipeline();
    auto handle = p.template fetch<refused>("SELECT 1");
    try {
        AWAIT(p.run());
    } catch (const usage_error&) {
    }
    BOOST_TEST((error_of<usage_error>([&] { handle.get(); }).outcome() == outcome::executed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codecs_may_throw_anything, Face, both_faces) {
    for (const thrown_as kind : all_kinds) {
        const set_up program{kind};
        fragile_throws = kind;
        Face face;
        auto conn = face.connect();
        const std::vector<fragile> sound_and_not{{1}, {-1}};
        BOOST_TEST(throws(kind, [&] { AWAIT(conn.execute("SELECT $1", fragile{-1})); }));
        BOOST_TEST(throws(kind, [&] { AWAIT(conn.execute_many("SELECT $1", sound_and_not)); }));
        BOOST_TEST(throws(kind, [&] { AWAIT(conn.template fetch_one<fragile>("SELECT -1")); }));
        BOOST_TEST(throws(kind, [&] { AWAIT(conn.template fetch<fragile>("SELECT -1")); }));
        auto p = conn.pipeline();
        auto first = p.template fetch_one<fragile>("SELECT 1");
        auto second = p.template fetch_one<fragile>("SELECT -1");
        BOOST_TEST(throws(kind, [&] { AWAIT(p.run()); }));
        BOOST_TEST(first.get().number == 1);
        BOOST_TEST(throws(kind, [&] { second.get(); }));
        BOOST_TEST(AWAIT(conn.template fetch_one<fragile>("SELECT $1", fragile{2})).number == 2);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(handlers_and_hooks_may_throw_anything, Face, both_faces) {
    for (const thrown_as kind : all_kinds) {
        Face face;
        auto conn = face.connect();
        int called = 0;
        conn.on_notice([&](const diagnostics&) { ++called, throw_as(kind); });
        AWAIT(conn.execute("DO $$ BEGIN RAISE NOTICE 'x'; RAISE NOTICE 'y'; END $$"));
        BOOST_TEST(called == 2);
        auto tx = AWAIT(conn.begin());
        tx.on_commit([&] { ++called, throw_as(kind); });
        AWAIT(tx.execute("SELECT 1"));
        AWAIT(tx.commit());
        BOOST_TEST(called == 3);
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
