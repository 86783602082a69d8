#include "../support/cluster.hpp"
#include "../support/password.hpp"

#include <coropg/testing/fake_server.hpp>
#include <coropg/testing/fault_proxy.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using coropg::testing::fault;
using coropg::testing::fault_proxy;
using coropg::testing::side;
using coropg::testing::traffic;

namespace {

using row = std::tuple<int, std::string, std::optional<double>>;

/// Some statements of several kinds, and what they answered.
template <class Face>
std::vector<row> session(Face& face, const conninfo& info) {
    auto conn = face.connect(info);
    AWAIT(conn.execute("CREATE TEMP TABLE rows (id int, name text, price float8)"));
    const std::vector<row> rows{{1, "one", 1.5}, {2, std::string(3000, 'x'), std::nullopt}, {3, "", -2.0}};
    AWAIT(conn.execute_many("INSERT INTO rows VALUES ($1, $2, $3)", rows));
    error_of<errors::division_by_zero>([&] { AWAIT(conn.execute("SELECT 1 / 0")); });
    auto answer = AWAIT(conn.template fetch<row>("SELECT id, name, price FROM rows ORDER BY id"));
    AWAIT(conn.close());
    BOOST_TEST((answer == rows));
    return answer;
}

/// A connection that asks something twice, and what it costs; any part of it may fail.
template <class Face>
void ask(Face& face, const conninfo& info) {
    auto conn = face.connect(info);
    auto patient = conn.with({.timeout = 30s});  // no fault here is a silence
    for (int i = 0; i < 2; ++i) BOOST_TEST(AWAIT(patient.template fetch_one<int>("SELECT $1", i)) == i);
    AWAIT(conn.close());
}

/// What passes when nothing fails, told from what a connection sends when it ends.
template <class Face>
traffic undisturbed(Face& face, fault_proxy& proxy) {
    const traffic cost = proxy.during([&] {
        ask(face, proxy.info());
        BOOST_TEST_REQUIRE(proxy.wait([](const traffic& t) { return t.client.ends_with('X'); }));
    });
    return cost;
}

const std::string ssl_request = "\0\0\0\x08\x04\xd2\x16\x2f"s;
const std::string startup_message = "\0\0\0\x10\0\3\0\0user\0me\0"s;
const std::string cancel_of_nobody = "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\0\0\0\0\0"s;

/// A client without a driver, to see what arrives.
struct raw_client {
    explicit raw_client(const fault_proxy& proxy) : raw_client{proxy, startup_message} {}
    raw_client(const fault_proxy& proxy, const std::string& words) {
        socket.connect({asio::ip::address_v4::loopback(), proxy.port()});
        say(words);
    }

    void say(const std::string& words) { asio::write(socket, asio::buffer(words)); }

    /// Reads one byte, 0 at the end.
    char read_byte() {
        char byte = 0;
        asio::read(socket, asio::buffer(&byte, 1), problem);
        return byte;
    }

    /// Reads to the end, which `problem` tells.
    std::string read() {
        std::string bytes;
        asio::read(socket, asio::dynamic_buffer(bytes), problem);
        return bytes;
    }

    asio::io_context io;
    asio::ip::tcp::socket socket{io};
    boost::system::error_code problem;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(testing_fault_proxy)

BOOST_AUTO_TEST_CASE(a_fault_lets_pass_exactly_the_bytes_before_it) {
    testing::fake_server server;
    fault_proxy proxy{server.info()};
    const std::string greeting = testing::greeting(1, 1);
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{9}, std::size_t{50}})
        for (const fault what : {fault::fin, fault::rst, fault::garbage})
            BOOST_TEST_CONTEXT("fault " << int(what) << " at byte " << at) {
                proxy.arm({.at_byte = at, .what = what});
                raw_client client{proxy};
                const std::string read = client.read();
                BOOST_TEST(read.substr(0, at) == greeting.substr(0, at));
                BOOST_TEST((read.size() == at) == (what != fault::garbage));
                BOOST_TEST((client.problem == asio::error::connection_reset) == (what == fault::rst));
                BOOST_TEST((client.problem == asio::error::eof) == (what != fault::rst));
            }
}

BOOST_AUTO_TEST_CASE(what_is_truncated_ends_when_the_other_end_does) {
    testing::fake_server server;
    fault_proxy proxy{server.info()};
    proxy.arm({.at_byte = 9, .what = fault::truncate});
    raw_client client{proxy};
    std::string read(9, '\0');
    asio::read(client.socket, asio::buffer(read));
    BOOST_TEST(read == testing::authentication_ok());
    asio::write(client.socket, asio::buffer(testing::message('X')));  // goes through, and the server closes
    BOOST_TEST(client.read().empty());
    BOOST_TEST((client.problem == asio::error::eof));
    BOOST_TEST(server.traffic().client == "^X");
}

BOOST_AUTO_TEST_CASE(connections_are_forgotten_when_they_end) {
    testing::fake_server server;
    fault_proxy proxy{server.info()};
    proxy.arm({.what = fault::silence});
    proxy.arm({.what = fault::stall});
    {
        raw_client silent{proxy};
        raw_client stalled{proxy};
        BOOST_TEST(proxy.wait([](const traffic& t) { return t.faults == 2; }));
        BOOST_TEST(proxy.open_connections() == 2U);
    }
    // The proxy sees that the silent one goes; of the stalled one it reads nothing.
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (proxy.open_connections() != 1 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    BOOST_TEST(proxy.open_connections() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_passes_unchanged, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    BOOST_TEST((session(face, proxy.info()) == session(face, tcp_dsn())));
    BOOST_TEST(proxy.wait([](const traffic& t) { return t.client.ends_with('X'); }));
    const traffic all = proxy.traffic();
    BOOST_TEST(all.connections == 1U);
    BOOST_TEST(all.cancels == 0U);
    if (asks_for_a_password()) {
        BOOST_TEST(all.client.starts_with("?^pp"));  // SSLRequest, StartupMessage, SCRAM in two messages
        BOOST_TEST(all.server.starts_with("-RRRR"));
    } else {
        skip_a_check(asks_for_none);
    }
    BOOST_TEST(all.count(side::server, 'E') == 1U);
    BOOST_TEST(all.count(side::server, 'D') == 3U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_session_in_pieces_of_any_size_answers_the_same, Face, both_faces) {
    Face face;
    fault_proxy proxy{dsn()};
    const auto expected = session(face, proxy.info());
    const traffic whole = proxy.traffic();
    for (const testing::pacing& how :
         {testing::byte_at_a_time, testing::pacing{.piece_bytes = 40},
          testing::pacing{.piece_bytes = 7, .random_pieces = true}, testing::pacing{.delay = 3ms},
          testing::pacing{.piece_bytes = 500, .pause = 1ms}, testing::pacing{.coalesce = 2ms}}) {
        proxy.pace(side::client, how);
        proxy.pace(side::server, how);
        const traffic cost = proxy.during([&] { BOOST_TEST((session(face, proxy.info()) == expected)); });
        BOOST_TEST(cost.server_bytes > whole.server_bytes / 2);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_delay_is_added_to_each_round_trip, Face, both_faces) {
    Face face;
    fault_proxy proxy{dsn()};
    proxy.pace(side::client, {.delay = 20ms});
    proxy.pace(side::server, {.delay = 30ms});
    auto conn = face.connect(proxy.info());
    AWAIT(conn.execute("SELECT 1"));
    const auto start = std::chrono::steady_clock::now();
    const traffic cost = proxy.during([&] { AWAIT(conn.execute("SELECT 1")); });
    BOOST_TEST((std::chrono::steady_clock::now() - start >= cost.round_trips * 50ms));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(round_trips_and_messages_are_counted, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    auto conn = face.connect(proxy.info());
    auto prepared = conn.with({.prepare = prepare::always});
    AWAIT(prepared.template fetch_one<int>("SELECT $1", 1));
    const traffic cost =
        proxy.during([&] { BOOST_TEST(AWAIT(prepared.template fetch_one<int>("SELECT $1", 7)) == 7); });
    BOOST_TEST(cost.round_trips == 1U);
    BOOST_TEST(cost.client == "BDES");
    BOOST_TEST(cost.server == "2TDCZ");
    BOOST_TEST(cost.parsed.empty());
    BOOST_TEST(cost.executed == std::vector<std::string>{"SELECT $1"}, boost::test_tools::per_element());

    const traffic unprepared = proxy.during([&] {
        AWAIT(conn.execute("SELECT 5"));
        AWAIT(conn.execute_script("SELECT 6; SELECT 7"));
    });
    BOOST_TEST(unprepared.round_trips == 2U);
    BOOST_TEST(unprepared.count(side::client, 'P') == 1U);
    BOOST_TEST(unprepared.parsed == std::vector<std::string>{"SELECT 5"}, boost::test_tools::per_element());
    BOOST_TEST(unprepared.executed == (std::vector<std::string>{"SELECT 5", "SELECT 6; SELECT 7"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cancel_is_told_apart, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    auto conn = face.connect(proxy.info());
    proxy.arm({.at_byte = 0});  // for the next session, so not for the cancel
    ERROR_OF(query_timeout, conn.with({.timeout = 200ms}).execute("SELECT pg_sleep(10)"));
    BOOST_TEST(proxy.wait([](const traffic& t) { return t.cancels == 1; }));
    BOOST_TEST(proxy.traffic().connections == 1U);
    BOOST_TEST(proxy.traffic().faults == 0U);
    BOOST_TEST(proxy.traffic().count(side::client, testing::message_type::cancel) == 1U);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    error_of<connection_error>([&] { face.connect(proxy.info()); });
    BOOST_TEST(proxy.traffic().faults == 1U);
}

// As libpq 17 cancels.
BOOST_AUTO_TEST_CASE(a_cancel_behind_a_request_for_encryption_is_told_apart) {
    fault_proxy proxy{tcp_dsn()};
    proxy.arm({.at_byte = 0});
    raw_client canceller{proxy, ssl_request};
    BOOST_TEST(canceller.read_byte() == 'N');
    canceller.say(cancel_of_nobody);
    BOOST_TEST(canceller.read().empty());
    BOOST_TEST(proxy.traffic().cancels == 1U);
    BOOST_TEST(proxy.traffic().faults == 0U);

    raw_client session{proxy, ssl_request};
    BOOST_TEST(session.read_byte() == 'N');
    session.say(startup_message);
    BOOST_TEST(session.read().empty());
    BOOST_TEST(proxy.traffic().faults == 1U);
    BOOST_TEST(proxy.traffic().connections == 1U);
}

BOOST_AUTO_TEST_CASE(a_fault_for_all_does_not_wait_for_what_a_connection_is) {
    fault_proxy proxy{tcp_dsn()};
    proxy.arm({.at_byte = 0, .on = testing::connections::all});
    raw_client client{proxy, ssl_request};
    BOOST_TEST(client.read().empty());
    BOOST_TEST(proxy.traffic().faults == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cancel_that_is_lost_is_sent_again, Face, both_faces) {
    Face face;
    fault_proxy proxy{dsn()};
    auto conn = face.connect(proxy.info());
    proxy.arm({.from = side::client, .what = fault::rst, .on = testing::connections::cancels});
    const traffic cost =
        proxy.during([&] { ERROR_OF(query_timeout, conn.with({.timeout = 100ms}).execute("SELECT pg_sleep(60)")); });
    BOOST_TEST(cost.faults == 1U);
    BOOST_TEST(cost.cancels >= 2U);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

// At each chosen byte of each direction, a connection that is closed, reset or filled with garbage is an error at once.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_broken_connection_is_a_connection_error, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    fault_proxy proxy{dsn(), testing::seed{42}};
    const traffic whole = undisturbed(face, proxy);
    for (const fault what : {fault::fin, fault::rst, fault::garbage})
        for (const side from : {side::client, side::server})
            for (std::size_t at = 0; at < whole.bytes(from) - 6; at += 29) {  // 6: Terminate
                const std::size_t faults = proxy.traffic().faults;
                BOOST_TEST_CONTEXT("fault " << int(what) << " from side " << int(from) << " at byte " << at) {
                    const traffic cost = proxy.during([&] {
                        proxy.arm({.from = from, .at_byte = at, .what = what, .on = testing::connections::all});
                        error_of<connection_error>([&] { ask(face, proxy.info()); });
                    });
                    BOOST_TEST(cost.bytes(from) == at);
                    BOOST_TEST(proxy.traffic().faults == faults + 1);
                }
            }
    BOOST_TEST(proxy.traffic().faults > 50U);
    ask(face, proxy.info());
}

// What brings no error has to be ended by a timeout.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_silent_server_is_ended_by_a_timeout, Face, both_faces) {
    Face face;
    fault_proxy proxy{dsn()};
    const auto info = proxy.info().connect_timeout(1s);
    for (const fault what : {fault::silence, fault::stall, fault::truncate})
        for (const side from : {side::client, side::server}) {
            const auto start = std::chrono::steady_clock::now();
            proxy.arm({.from = from, .at_byte = 10, .what = what});
            error_of<coropg::connect_timeout>([&] { face.connect(info); });
            BOOST_TEST((std::chrono::steady_clock::now() - start < within(3s)));
        }
    BOOST_TEST(proxy.traffic().faults == 6U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_statement_that_falls_silent_is_ended_by_its_timeout, Face, both_faces) {
    Face face;
    fault_proxy proxy{dsn()};
    for (const fault what : {fault::silence, fault::truncate})
        for (const side from : {side::client, side::server}) {
            const auto start = std::chrono::steady_clock::now();
            auto conn = face.connect(proxy.info());
            proxy.arm_open({.from = from, .at_byte = 3, .what = what});
            BOOST_CHECK_THROW(AWAIT(conn.with({.timeout = 200ms}).execute("SELECT 1")), coropg::error);
            BOOST_TEST((std::chrono::steady_clock::now() - start < within(8s)));
        }
    BOOST_TEST(proxy.traffic().faults == 4U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_can_be_placed_by_message, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    proxy.arm({.of_type = 'Z'});  // all of the connect but ReadyForQuery
    error_of<connection_error>([&] { face.connect(proxy.info()); });
    BOOST_TEST(proxy.traffic().server.ends_with('K'));
    BOOST_TEST(proxy.traffic().count(side::server, 'Z') == 0U);

    proxy.arm({.at_message = 1, .of_type = 'Z', .at_byte = 6});  // the one of the first statement, to its end
    const traffic cost = proxy.during([&] {
        auto conn = face.connect(proxy.info());
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
        ERROR_OF(connection_error, conn.template fetch_one<int>("SELECT 2"));
    });
    BOOST_TEST(cost.server.ends_with("12TDCZ"));
    BOOST_TEST(cost.count(side::server, 'Z') == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_fault_can_meet_an_open_connection, Face, both_faces) {
    Face face;
    fault_proxy proxy{tcp_dsn()};
    BOOST_CHECK_THROW(proxy.arm_open({}), usage_error);
    auto conn = face.connect(proxy.info());
    proxy.arm_open({.of_type = 'C', .at_byte = 2, .what = fault::rst});
    ERROR_OF(connection_error, conn.execute("SELECT 1"));
    BOOST_TEST(proxy.traffic().server.ends_with('D'));
    BOOST_TEST(proxy.traffic().faults == 1U);

    auto other = face.connect(proxy.info());
    proxy.cut();
    ERROR_OF(connection_error, other.execute("SELECT 1"));
    BOOST_TEST(proxy.traffic().faults == 2U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(plans_apply_in_order_and_can_be_given_up, Face, both_faces) {
    Face face;
    fault_proxy proxy{dsn()};
    proxy.arm({.at_byte = 0, .skip = 1});
    ask(face, proxy.info());
    error_of<connection_error>([&] { ask(face, proxy.info()); });
    ask(face, proxy.info());
    proxy.arm({.at_byte = 0});
    proxy.disarm();
    ask(face, proxy.info());
    BOOST_TEST(proxy.traffic().faults == 1U);
    BOOST_TEST(proxy.traffic().connections == 4U);
    BOOST_TEST(proxy.wait([](const traffic& t) { return t.count(side::client, 'X') == 3; }));
    proxy.reset();
    BOOST_TEST(proxy.traffic().connections == 0U);
    BOOST_TEST(proxy.traffic().client.empty());
}

BOOST_AUTO_TEST_CASE(the_same_seed_makes_the_same_garbage) {
    testing::fake_server server;
    const auto garbage = [&](testing::seed seed) {
        fault_proxy proxy{server.info(), seed};
        proxy.arm({.at_byte = 0, .what = fault::garbage});
        const std::string read = raw_client{proxy}.read();
        BOOST_TEST(read.size() >= 64U);
        return read;
    };
    BOOST_TEST((garbage(testing::seed{7}) == garbage(testing::seed{7})));
    BOOST_TEST((garbage(testing::seed{7}) != garbage(testing::seed{8})));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_ends_the_connection) {
    fault_proxy proxy{"127.0.0.1", 1};
    sync_face face;
    conninfo info{"user=x dbname=x"};
    error_of<connection_error>([&] { face.connect(proxy.info(info)); });
    BOOST_CHECK_THROW(fault_proxy{conninfo{"host=a,b port=1,2"}}, usage_error);
}

BOOST_AUTO_TEST_CASE(a_sweep_of_1000_connections_is_fast) {
    set_logger(nullptr);
    fault_proxy proxy{dsn()};
    sync_face face;
    const traffic whole = undisturbed(face, proxy);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < 1000; ++i) {
        proxy.arm({.from = side::server, .at_byte = i % (whole.server_bytes - 1)});
        error_of<connection_error>([&] { ask(face, proxy.info()); });
    }
    BOOST_TEST(proxy.traffic().faults == 1000U);
    BOOST_TEST_MESSAGE(
        "1000 connections, each cut at another byte: "
        << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count()
        << " ms");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(testing_fault_proxy_of_a_unix_socket)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_unix_socket_may_be_behind_it, Face, both_faces) {
    if (!cluster::is_possible()) return;  // the server of this run can be on another machine
    const cluster server;
    Face face;
    fault_proxy proxy{server.unix_info()};
    session(face, proxy.info());
    BOOST_TEST(proxy.traffic().connections == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
