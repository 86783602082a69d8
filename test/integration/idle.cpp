// Connections that idle: the server may end one meanwhile, and nothing that comes after is in doubt.
#include "../support/cluster.hpp"

#include <coropg/testing/fake_server.hpp>

using namespace coropg;
using namespace coropg::test;

namespace {

/// Returns once the server has no such session any more.
template <class Face>
void await_end_of(int pid) {
    Face face;
    auto watching = face.connect();
    while (AWAIT(watching.template fetch_one<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pid)))
        continue;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(idle)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_after_the_end_is_not_sent, Face, both_faces) {
    Face face;
    for (const bool is_timed_out : {true, false}) {
        auto conn = face.connect();
        auto admin = face.connect();
        const int version = conn.server_version();
        if (is_timed_out && version >= 140000) AWAIT(conn.execute("SET idle_session_timeout = 20"));
        if (!is_timed_out) AWAIT(admin.execute("SELECT pg_terminate_backend($1)", conn.backend_pid()));
        if (is_timed_out && version < 140000) continue;
        await_end_of<Face>(conn.backend_pid());
        const auto e = ERROR_OF(connection_error, conn.execute("SELECT 1"));
        BOOST_TEST((e.outcome() == outcome::not_sent), e.what());
        BOOST_TEST(e.is_transient());
        BOOST_TEST(is_safe_to_retry(e));
        BOOST_TEST(contains(e.what(), is_timed_out ? "idle-session timeout" : "administrator command"), e.what());
        BOOST_TEST(!conn.is_open());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(so_is_a_script_a_pipeline_and_a_batch, Face, both_faces) {
    Face face;
    auto admin = face.connect();
    const auto lose = [&](auto& conn) {
        AWAIT(admin.execute("SELECT pg_terminate_backend($1)", conn.backend_pid()));
        await_end_of<Face>(conn.backend_pid());
    };
    auto scripted = face.connect();
    lose(scripted);
    BOOST_TEST((VOID_ERROR_OF(connection_error, scripted.execute_script("SELECT 1")).outcome() == outcome::not_sent));
    auto piped = face.connect();
    lose(piped);
    auto p = piped.pipeline();
    auto one = p.template fetch_one<int>("SELECT 1");
    BOOST_TEST((VOID_ERROR_OF(connection_error, p.run()).outcome() == outcome::not_sent));
    BOOST_TEST((error_of<connection_error>([&] { one.get(); }).outcome() == outcome::not_sent));
    auto many = face.connect();
    lose(many);
    const std::vector<std::tuple<int>> rows{{1}, {2}};
    BOOST_TEST((ERROR_OF(connection_error, many.execute_many("SELECT $1::int", rows)).outcome() == outcome::not_sent));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_commit_after_the_end_is_in_no_doubt, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("DROP TABLE IF EXISTS idled; CREATE TABLE idled (id int)"));
    AWAIT(conn.execute("SET idle_in_transaction_session_timeout = 20"));
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("INSERT INTO idled VALUES (1)"));
    await_end_of<Face>(conn.backend_pid());
    const auto e = VOID_ERROR_OF(connection_error, tx.commit());
    BOOST_TEST((e.outcome() == outcome::not_sent), e.what());
    BOOST_TEST(contains(e.what(), "idle-in-transaction timeout"), e.what());
    BOOST_TEST(e.is_transient());
    auto other = face.connect();
    BOOST_TEST(AWAIT(other.template fetch_one<std::int64_t>("SELECT count(*) FROM idled")) == 0);
    AWAIT(other.execute("DROP TABLE idled"));
}

// The others are warned, and cut off.
BOOST_AUTO_TEST_CASE_TEMPLATE(nor_is_it_after_a_crash, Face, both_faces) {
    if (!cluster::is_possible()) return;
    Face face;
    const cluster server;
    auto conn = face.connect(server.info());
    auto crashing = face.connect(server.info());
    auto tx = AWAIT(conn.begin());
    AWAIT(tx.execute("SELECT 1"));
    cluster::kill_process(crashing.backend_pid());
    ERROR_OF(connection_error, crashing.execute("SELECT pg_sleep(20)"));
    // Until the server has seen it, and has recovered, which it does when all sessions have ended.
    const auto has_ended = [&] {
        try {
            return sync::connect(server.info())
                .fetch_one<bool>("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", conn.backend_pid());
        } catch (const error&) {
            return false;
        }
    };
    while (!has_ended()) continue;
    BOOST_TEST((VOID_ERROR_OF(connection_error, tx.commit()).outcome() == outcome::not_sent));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_server_did_not_wait_for_is_not_executed, Face, both_faces) {
    Face face;
    testing::fake_server server;
    for (const char* code : {"57P05", "25P03"}) {
        server.next({testing::step::startup(), testing::step::expect("PBDES"),
                     testing::step::send(testing::error_response(
                         {{'S', "FATAL"}, {'V', "FATAL"}, {'C', code}, {'M', "terminating connection"}})),
                     testing::step::close()});
        auto conn = face.connect(server.info());
        const auto e = ERROR_OF(connection_error, conn.execute("INSERT INTO t VALUES (1)"));
        BOOST_TEST((e.outcome() == outcome::not_executed), e.what());
    }
}

// A function can raise the same, once it has stored something.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_function_raises_does_not_say_so, Face, both_faces) {
    Face face;
    testing::fake_server server;
    const std::string raised = testing::error_response("57P05", "raised");
    const std::string ended =
        testing::error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "terminating connection"}});
    for (const std::string& answer : {raised, raised + ended}) {
        server.next({testing::step::startup(), testing::step::expect("PBDES"), testing::step::send(answer),
                     testing::step::close()});
        auto conn = face.connect(server.info());
        const auto e = ERROR_OF(connection_error, conn.execute("CALL pays()"));
        BOOST_TEST((e.outcome() == outcome::unknown), e.what());
    }
}

// PgBouncer says it in older words: it does not send the severity a second time, untranslated.
BOOST_AUTO_TEST_CASE_TEMPLATE(nor_is_what_a_pooler_has_not_found_a_server_for, Face, both_faces) {
    Face face;
    testing::fake_server pooler;
    pooler.next(
        {testing::step::startup(), testing::step::expect("PBDES"),
         testing::step::send(testing::error_response({{'S', "FATAL"}, {'C', "08P01"}, {'M', "query_wait_timeout"}})),
         testing::step::close()});
    auto conn = face.connect(pooler.info());
    const auto e = ERROR_OF(connection_error, conn.execute("INSERT INTO t VALUES (1)"));
    BOOST_TEST((e.outcome() == outcome::not_executed), e.what());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_refused_before_the_end_has_no_effect, Face, both_faces) {
    Face face;
    testing::fake_server server;
    server.next({testing::step::startup(), testing::step::expect("PBDES"),
                 testing::step::send(testing::error_response("22P02", "invalid input: \"s3cret\"")),
                 testing::step::close()});
    auto conn = face.connect(server.info());
    const auto e = ERROR_OF(connection_error, conn.execute("INSERT INTO t VALUES ($1)", 1));
    BOOST_TEST((e.outcome() == outcome::not_executed), e.what());
    BOOST_TEST(!contains(e.what(), "s3cret"), e.what());
    BOOST_TEST(!contains(ERROR_OF(connection_error, conn.execute("SELECT 1")).what(), "s3cret"));
}

namespace {

struct ends_of_transactions final : observer {
    void on_transaction(const transaction_event& e) override { ends.push_back(e.how); }
    std::vector<transaction_event::end> ends;
};

}  // namespace

// PgBouncer says so when its server crashes.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_observer_hears_of_a_doubt_whatever_ended_the_connection, Face, both_faces) {
    Face face;
    using testing::step;
    const std::string crashed =
        testing::error_response({{'S', "FATAL"}, {'C', "08P01"}, {'M', "server conn crashed?"}});
    const auto done = [](std::string_view tag) {
        return testing::parse_complete() + testing::bind_complete() + testing::no_data() +
               testing::command_complete(tag);
    };
    for (const bool goes_on : {false, true}) {
        testing::fake_server server;
        server.next({step::startup(), step::expect("PBDEPBDES"),
                     step::send(done("BEGIN") + done("SELECT 0") + testing::ready_for_query('T')),
                     step::expect("PBDES"), step::send(crashed + (goes_on ? testing::ready_for_query() : "")),
                     step::close()});
        const auto observer = std::make_shared<ends_of_transactions>();
        auto conn = face.connect(server.info());
        set_observer(observer);
        auto tx = AWAIT(conn.begin({.finds_transaction_id = false}));
        AWAIT(tx.execute("SELECT 1"));
        const auto e = VOID_ERROR_OF(commit_in_doubt, tx.commit());
        set_observer(nullptr);
        BOOST_TEST((e.outcome() == outcome::unknown));
        BOOST_TEST((observer->ends == std::vector{transaction_event::end::in_doubt}));
    }
}

BOOST_AUTO_TEST_SUITE_END()
