// Notices, the observer and the log of slow statements.
#include "../support/pools.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(observing)

namespace {

/// Writes down what it sees.
class witness : public observer {
 public:
    void on_connect(const connect_event& event) override {
        seen << (event.attempt.reason.empty() ? "connected;" : "no;");
    }
    void on_query(const query_event& event) override {
        seen << event.sql << ' ' << event.statements << ' ' << event.rows << (event.problem != nullptr ? " failed" : "")
             << (event.where.line() != 0 && event.backend_pid != 0 && event.duration.count() > 0 ? ";"
                                                                                                 : " of nowhere;");
    }
    void on_transaction(const transaction_event& event) override {
        using end = transaction_event::end;
        seen << (event.how == end::committed     ? "committed"
                 : event.how == end::rolled_back ? "rolled back"
                 : event.how == end::prepared    ? "prepared"
                                                 : "in doubt")
             << (event.duration.count() > 0 ? ";" : " at once;");
    }
    void on_acquire(const acquire_event& event) override {
        seen << "acquire of " << event.pool << (event.problem != nullptr ? " failed;" : ";");
    }
    std::string take() { return std::exchange(seen, std::ostringstream{}).str(); }

    std::ostringstream seen;
};

struct watched {
    watched() { set_observer(eye); }
    ~watched() { set_observer(nullptr); }
    std::shared_ptr<witness> eye = std::make_shared<witness>();
};

/// Collects the log for as long as it lives.
struct listened {
    listened() {
        set_logger(std::make_shared<spdlog::logger>("t", std::make_shared<spdlog::sinks::ostream_sink_st>(text)));
    }
    ~listened() {
        set_slow_query_threshold({});
        set_logger(nullptr);
    }
    std::ostringstream text;
};

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(an_observer_sees_connects_and_statements, Face, both_faces) {
    const watched w;
    Face face;
    auto conn = face.connect();
    BOOST_TEST(w.eye->take() == "connected;");
    AWAIT(conn.execute("SELECT generate_series(1, $1::int)", 3));
    BOOST_TEST(w.eye->take() == "SELECT generate_series(1, $1::int) 1 3;");
    ERROR_OF(errors::division_by_zero, conn.execute("SELECT 1 / 0"));
    BOOST_TEST(w.eye->take() == "SELECT 1 / 0 1 0 failed;");
    auto p = conn.pipeline();
    p.execute("SELECT 1");
    p.execute("SELECT 2");
    AWAIT(p.run());
    BOOST_TEST(w.eye->take() == "SELECT 1 2 2;");
    AWAIT(conn.close());
    ERROR_OF(connection_error, conn.execute("SELECT 3"));
    BOOST_TEST(w.eye->take().starts_with("SELECT 3 1 0 failed"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_observer_sees_the_ends_of_transactions, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const watched w;
    const auto ends = [&] {
        const std::string all = w.eye->take();
        std::string found;
        for (const char* end : {"committed;", "rolled back;", "prepared;"})
            if (contains(all, end)) found += end;
        return found;
    };
    auto tx = AWAIT(conn.begin({.finds_transaction_id = false}));
    AWAIT(tx.execute("SELECT 1"));
    {
        auto inner = AWAIT(tx.begin());
        AWAIT(inner.execute("SELECT 2"));
    }
    AWAIT(tx.commit());
    BOOST_TEST(ends() == "committed;");
    auto aborted = AWAIT(conn.begin());
    ERROR_OF(errors::division_by_zero, aborted.execute("SELECT 1 / 0"));
    VOID_ERROR_OF(commit_rolled_back, aborted.commit());
    BOOST_TEST(ends() == "rolled back;");
    {
        auto dropped = AWAIT(conn.begin());
        AWAIT(dropped.execute("SELECT 1"));
    }
    AWAIT(conn.execute("SELECT 1"));
    BOOST_TEST(ends() == "rolled back;");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(notices_reach_their_handler_and_the_log, Face, both_faces) {
    listened log;
    Face face;
    auto conn = face.connect();
    std::vector<std::string> heard;
    conn.on_notice([&](const diagnostics& d) {
        heard.push_back(d.severity + " " + d.message);
        if (heard.size() == 1) throw std::runtime_error{"a handler must not harm"};
        throw heard.size();
    });
    AWAIT(conn.execute_script("DO $$ BEGIN RAISE WARNING 'one'; RAISE NOTICE 'two'; END $$"));
    AWAIT(conn.execute("DROP TABLE IF EXISTS not_there_at_all"));
    BOOST_TEST(heard == (std::vector<std::string>{"WARNING one", "NOTICE two",
                                                  "NOTICE table \"not_there_at_all\" does not exist, skipping"}),
               boost::test_tools::per_element());
    BOOST_TEST(contains(log.text.str(), "WARNING 01000: one"));
    conn.on_notice(nullptr);
    AWAIT(conn.execute("DROP TABLE IF EXISTS not_there_at_all"));
    BOOST_TEST(heard.size() == 3U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(slow_statements_are_logged, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    listened log;
    set_slow_query_threshold(std::chrono::hours{1});
    AWAIT(conn.execute("SELECT 1"));
    BOOST_TEST(log.text.str().empty());
    set_slow_query_threshold(std::chrono::milliseconds{50});
    AWAIT(conn.execute("SELECT pg_sleep(0.06), $1", std::string{"secret"}));
    BOOST_TEST(contains(log.text.str(), "slow: 1 rows in "));
    BOOST_TEST(contains(log.text.str(), "observing.cpp:"));
    BOOST_TEST(!contains(log.text.str(), "secret"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_observer_sees_who_gets_a_connection_of_a_pool, Face, both_faces) {
    pool_of<Face> face{{.max_size = 1, .acquire_timeout = 20ms, .name = "p"}};
    after_login([&] { return AWAIT(face.pool.acquire()); });
    const watched observed;
    auto held = AWAIT(face.pool.acquire());
    ERROR_OF(pool_timeout, face.pool.acquire());
    BOOST_TEST(observed.eye->take() == "acquire of p;acquire of p failed;");
}

BOOST_AUTO_TEST_SUITE_END()
