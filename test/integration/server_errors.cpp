#include "../support/faces.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(server_errors)

BOOST_AUTO_TEST_CASE_TEMPLATE(an_error_says_what_where_and_from_which_line, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const auto line = std::source_location::current().line() + 1;
    const auto e = ERROR_OF(errors::undefined_column, conn.execute("SELECT wrong FROM pg_class WHERE oid = $1", 7));
    BOOST_TEST(e.sqlstate() == sqlstate::undefined_column);
    BOOST_TEST(e.severity() == "ERROR");
    BOOST_TEST(e.position() == 8);
    BOOST_TEST(e.sql() == "SELECT wrong FROM pg_class WHERE oid = $1");
    BOOST_TEST(e.where().line() == line);
    BOOST_TEST(contains(e.where().file_name(), "server_errors.cpp"));
    BOOST_TEST(contains(e.what(), "server_errors.cpp:" + std::to_string(line)));
    BOOST_TEST(contains(e.what(), "position 8"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_violation_is_caught_by_its_type_and_its_class, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE TEMP TABLE t (id int CONSTRAINT t_key PRIMARY KEY)"));
    AWAIT(conn.execute("INSERT INTO t VALUES (1)"));
    const auto e = ERROR_OF(errors::unique_violation, conn.execute("INSERT INTO t VALUES ($1)", 1));
    BOOST_TEST(e.constraint() == "t_key");
    BOOST_TEST(e.table() == "t");
    BOOST_TEST(contains(e.detail(), "(1)"));
    BOOST_TEST(!contains(e.what(), "(1)"));
    ERROR_OF(errors::integrity_constraint_violation, conn.execute("INSERT INTO t VALUES ($1)", 1));
    ERROR_OF(server_error, conn.execute("INSERT INTO t VALUES ($1)", 1));
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM t")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_deferred_constraint_is_reported_by_its_own_statement, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script(
        "CREATE TEMP TABLE d (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO d VALUES (1)"));
    const auto e = ERROR_OF(errors::unique_violation, conn.execute("INSERT INTO d VALUES (1)"));
    BOOST_TEST(e.sql() == "INSERT INTO d VALUES (1)");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>("SELECT count(*) FROM d")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(copy_through_execute_is_refused_and_the_connection_stays, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.execute_script("CREATE TEMP TABLE c (x int)"));
    const auto in = ERROR_OF(usage_error, conn.execute("COPY c FROM STDIN"));
    BOOST_TEST(contains(in.what(), "copy_in"));
    ERROR_OF(usage_error, conn.execute("  copy (SELECT 1) to stdout (format binary)"));
    ERROR_OF(usage_error, conn.execute(unchecked_sql("COPY c TO STDOUT")));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    VOID_ERROR_OF(usage_error, conn.execute_script("COPY c FROM STDIN"));
    VOID_ERROR_OF(usage_error, conn.execute_script("SELECT 1; COPY c TO STDOUT; SELECT 2"));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(errors_and_logs_show_no_parameter_and_no_password, Face, both_faces) {
    Face face;
    std::ostringstream captured;
    auto logger =
        std::make_shared<spdlog::logger>("coropg", std::make_shared<spdlog::sinks::ostream_sink_mt>(captured));
    logger->set_level(spdlog::level::trace);
    set_logger(logger);
    conninfo info = tcp_dsn();
    auto conn = face.connect(info);
    AWAIT(conn.execute_script("CREATE TEMP TABLE secrets (v text UNIQUE, n int)"));
    AWAIT(conn.execute("INSERT INTO secrets VALUES ($1, 1)", "canary-value"));
    const auto unique = ERROR_OF(server_error, conn.execute("INSERT INTO secrets VALUES ($1, 1)", "canary-value"));
    const auto syntax = ERROR_OF(server_error, conn.execute("SELECT $1::text::int", "canary-value"));
    const auto range = ERROR_OF(server_error, conn.execute("SELECT $1::text::date", "3071-65-33-canary"));
    info.password("canary-password");
    const auto refused = error_of<connection_error>([&] { face.connect(info); });
    set_logger(nullptr);
    for (const std::string_view text : {std::string_view{unique.what()}, std::string_view{syntax.what()},
                                        std::string_view{range.what()}, std::string_view{refused.what()}}) {
        BOOST_TEST(!contains(text, "canary"));
    }
    BOOST_TEST(!contains(captured.str(), "canary"));
    BOOST_TEST(contains(captured.str(), "connected to"));
    BOOST_TEST(contains(captured.str(), "INSERT INTO secrets"));
    BOOST_TEST(contains(captured.str(), "23505"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_killed_while_idle_is_told_by_the_next_statement, Face, both_faces) {
    Face face;
    auto admin = face.connect();
    auto conn = face.connect();
    set_logger(nullptr);
    AWAIT(admin.template fetch_one<bool>("SELECT pg_terminate_backend($1, 5000)", conn.backend_pid()));
    const auto e = ERROR_OF(connection_error, conn.execute("SELECT 1"));
    BOOST_TEST(e.is_transient());
    BOOST_TEST(!conn.is_open());
    ERROR_OF(connection_error, conn.execute("SELECT 1"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_that_kills_itself_in_mid_query_says_so, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    set_logger(nullptr);
    const auto e =
        ERROR_OF(connection_error, conn.execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)"));
    BOOST_TEST(contains(e.what(), "administrator command"));
    BOOST_TEST(contains(e.what(), "outcome is not known"));
    BOOST_TEST(!conn.is_open());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(notices_go_to_the_log_and_not_to_stderr, Face, both_faces) {
    Face face;
    std::ostringstream captured;
    auto logger =
        std::make_shared<spdlog::logger>("coropg", std::make_shared<spdlog::sinks::ostream_sink_mt>(captured));
    logger->set_level(spdlog::level::info);
    set_logger(logger);
    auto conn = face.connect();
    AWAIT(conn.execute("DO $$ BEGIN RAISE NOTICE 'hello from the server'; END $$"));
    set_logger(nullptr);
    BOOST_TEST(contains(captured.str(), "hello from the server"));
}

BOOST_AUTO_TEST_SUITE_END()
