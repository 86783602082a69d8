#include "../support/faces.hpp"

#include <coropg/testing/fake_server.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace coropg::testing;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

/// A script up to the Sync of the first statement, which `bytes` then answer.
script answering(std::string bytes) { return {step::startup(), step::expect("PBDES"), step::send(std::move(bytes))}; }

const std::string one_row = row_description({{"name"}}) + data_row({{"Alice"}}) + command_complete("SELECT 1");
const std::string one_answer = parse_complete() + bind_complete() + one_row + ready_for_query();

template <class Face>
names ask(Face& face, typename Face::connection& conn) {
    auto limited = conn.with({.timeout = 5s});
    return AWAIT(limited.template fetch<std::string>("SELECT name FROM users"));
}

/// What a statement answers when the server says `bytes`.
template <class Face>
names answer_of(Face& face, std::string bytes) {
    fake_server server;
    server.next(answering(std::move(bytes)));
    auto conn = face.connect(server.info());
    const names answer = ask(face, conn);
    BOOST_TEST(server.problems() == names{}, boost::test_tools::per_element());
    return answer;
}

const names alice{"Alice"};

}  // namespace

BOOST_AUTO_TEST_SUITE(testing_fake_server)

BOOST_AUTO_TEST_CASE_TEMPLATE(without_a_script_statements_have_no_rows, Face, both_faces) {
    Face face;
    fake_server server;
    auto conn = face.connect(server.info());
    for (int i = 0; i < 3; ++i)  // prepared on the way
        BOOST_TEST(AWAIT(conn.execute("SELECT id FROM users WHERE id = $1", i)).affected_rows() == 0U);
    BOOST_TEST(AWAIT(conn.execute("DELETE FROM users")).affected_rows() == 0U);
    AWAIT(conn.execute_script("BEGIN; COMMIT"));
    BOOST_TEST(server.traffic().connections == 1U);
    BOOST_TEST(server.traffic().round_trips == 7U);  // SSLRequest, StartupMessage, five statements
    BOOST_TEST(server.traffic().executed.size() == 5U);
    AWAIT(conn.close());
    BOOST_TEST(server.wait([](const traffic& t) { return t.client.ends_with('X'); }));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(transactions_begin_and_end_without_a_script, Face, both_faces) {
    Face face;
    fake_server server;
    auto conn = face.connect(server.info());
    auto tx = AWAIT(conn.begin());
    auto nested = AWAIT(tx.begin());
    AWAIT(nested.execute("DELETE FROM users"));
    AWAIT(nested.commit());
    auto undone = AWAIT(tx.begin());
    AWAIT(undone.execute("DELETE FROM users"));
    AWAIT(undone.rollback());
    AWAIT(tx.rollback());
    BOOST_TEST(conn.is_open());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_are_answered_by_their_sql, Face, both_faces) {
    Face face;
    fake_server server;
    server.answer("SELECT * FROM users", reply::rows({{"id", 23}, {"name"}}, {{"1", "Alice"}, {"2", std::nullopt}}));
    server.answer("DELETE FROM users", reply{"DELETE 2"});
    auto conn = face.connect(server.info());
    using row = std::tuple<int, std::optional<std::string>>;
    const std::vector<row> expected{{1, "Alice"}, {2, std::nullopt}};
    for (int i = 0; i < 3; ++i) BOOST_TEST((AWAIT(conn.template fetch<row>("SELECT * FROM users")) == expected));
    BOOST_TEST(AWAIT(conn.execute("DELETE FROM users")).affected_rows() == 2U);
    ERROR_OF(decode_error, conn.template fetch<int>("SELECT id FROM others"));  // no columns
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_failure_skips_to_the_sync, Face, both_faces) {
    Face face;
    fake_server server;
    server.answer("SELECT name FROM users", reply::rows({{"name"}}, {{"Alice"}}));
    server.answer("INSERT INTO users VALUES ($1)", reply::failure(error_response("23505", "there is one")));
    auto conn = face.connect(server.info());
    for (int i = 0; i < 3; ++i) {
        const auto e = ERROR_OF(errors::unique_violation, conn.execute("INSERT INTO users VALUES ($1)", 1));
        BOOST_TEST(e.message() == "there is one");
        BOOST_TEST(ask(face, conn) == alice, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_script_is_played_step_by_step, Face, both_faces) {
    Face face;
    BOOST_TEST(answer_of(face, one_answer) == alice, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_error_without_sqlstate_is_a_server_error, Face, both_faces) {
    Face face;
    const std::string error = error_response({{'S', "ERROR"}, {'M', "a proxy speaks"}});
    const auto e = error_of<server_error>([&] { answer_of(face, error + ready_for_query()); });
    BOOST_TEST(e.sqlstate() == "");
    BOOST_TEST(e.message() == "a proxy speaks");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(notices_and_settings_may_come_anywhere, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    const std::vector<std::string> parts{parse_complete(),
                                         bind_complete(),
                                         row_description({{"name"}}),
                                         data_row({{"Alice"}}),
                                         command_complete("SELECT 1"),
                                         ready_for_query()};
    for (const std::string& extra :
         {notice_response({{'S', "NOTICE"}, {'C', "00000"}, {'M', "by the way"}}),
          parameter_status("application_name", "else"), notification_response(7, "channel", "payload")})
        for (std::size_t at = 0; at <= parts.size(); ++at) {
            std::string bytes;
            for (std::size_t i = 0; i < parts.size(); ++i) bytes += (i == at ? extra : "") + parts[i];
            if (at == parts.size()) bytes += extra;
            BOOST_TEST_CONTEXT("message '" << extra[0] << "' before part " << at)
            BOOST_TEST(answer_of(face, bytes) == alice, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nonsense_is_an_error_and_no_hang, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    const std::string begun = parse_complete() + bind_complete() + row_description({{"name"}});
    const std::vector<std::string> nonsense{
        message('D', "", 3),                                     // a length that cannot be
        message('D', "", 0x7fffffff),                            // more than there will be
        message('T', std::string("\0\5", 2)),                    // five columns, and none is there
        begun + message('D', std::string("\0\2", 2)),            // two values for one column
        begun + message('D', std::string("\0\1\0\0\0\x7f", 6)),  // a value longer than its message
        message('?'),                                            // no such type
        message('E', "M"),                                       // a field that does not end
        copy_in_response(1),                                     // not asked for
        std::string(64, '\xff'),
    };
    for (std::size_t i = 0; i < nonsense.size(); ++i) BOOST_TEST_CONTEXT("nonsense " << i)
    BOOST_CHECK_THROW(answer_of(face, nonsense[i] + ready_for_query()), coropg::error);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_can_end_in_each_way, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    fake_server server;
    for (const step& end : {step::close(), step::reset()}) {
        server.next({step::startup(), step::expect("PBDES"), step::send(parse_complete()), end});
        auto conn = face.connect(server.info());
        error_of<connection_error>([&] { ask(face, conn); });
    }
    server.next({step::send(error_response({{'S', "FATAL"}, {'C', "57P03"}, {'M', "starting up"}})), step::close()});
    const auto e = error_of<connection_error>([&] { face.connect(server.info()); });
    BOOST_TEST(e.attempts().at(0).sqlstate == "57P03");
    server.next({step::hang()});
    const auto info = server.info().connect_timeout(1s);
    error_of<coropg::connect_timeout>([&] { face.connect(info); });
}

// It is over before the client looks, or soon after: the reason is told either way.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_that_ends_what_it_has_just_accepted_is_heard, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    fake_server server;
    const std::string farewell =
        error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P05"}, {'M', "idle for long"}});
    for (int round = 0; round < 50; ++round) {
        server.next({step::startup(), step::send(farewell), step::close()});
        const auto e = error_of<connection_error>([&] {
            auto conn = face.connect(server.info());
            AWAIT(conn.execute("SELECT 1"));
        });
        BOOST_TEST(contains(e.what(), "idle for long"));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_cancel_is_recorded_and_can_be_awaited, Face, both_faces) {
    Face face;
    fake_server server;
    server.answer("SELECT name FROM users", reply::rows({{"name"}}, {{"Alice"}}));
    const std::string cancelled = error_response("57014", "canceling statement due to user request");
    server.next({step::startup(), step::expect("PBDES"), step::await_cancel(),
                 step::send(parse_complete() + bind_complete() + no_data() + cancelled + ready_for_query()),
                 step::serve()});
    auto conn = face.connect(server.info());
    ERROR_OF(query_timeout, conn.with({.timeout = 50ms}).execute("SELECT pg_sleep(10)"));
    BOOST_TEST_REQUIRE(server.cancels().size() == 1U);
    BOOST_TEST(server.cancels()[0].pid == static_cast<std::uint32_t>(conn.backend_pid()));
    BOOST_TEST(server.traffic().cancels == 1U);
    BOOST_TEST(ask(face, conn) == alice, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_script_does_not_expect_is_a_problem, Face, both_faces) {
    Face face;
    set_logger(nullptr);
    fake_server server;
    server.next({step::startup(), step::expect("Q"), step::serve()});
    auto conn = face.connect(server.info());
    error_of<connection_error>([&] { ask(face, conn); });
    BOOST_TEST(server.problems() == names{"expected 'Q' of \"Q\", but got 'P'"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(messages_are_as_the_protocol_says) {
    using namespace std::string_literals;
    BOOST_TEST(ready_for_query('T') == "Z\0\0\0\5T"s);
    BOOST_TEST(command_complete("SELECT 1") == "C\0\0\0\x0dSELECT 1\0"s);
    BOOST_TEST(data_row({"ab", std::nullopt}) == "D\0\0\0\x10\0\2\0\0\0\2ab\xff\xff\xff\xff"s);
    BOOST_TEST(row_description({{"a", 23, true}}) ==
               "T\0\0\0\x1a\0\1a\0\0\0\0\0\0\0\0\0\0\x17\xff\xff\xff\xff\xff\xff\0\1"s);
    BOOST_TEST(backend_key_data(258, 3) == "K\0\0\0\x0c\0\0\1\2\0\0\0\3"s);
    BOOST_TEST(message('1', "x", 99) == "1\0\0\0\x63x"s);
    BOOST_TEST(error_response({{'C', "0A000"}}) ==
               "E\0\0\0\x0c"
               "C0A000\0\0"s);
    BOOST_TEST(copy_in_response(2) == "G\0\0\0\x0b\0\0\2\0\0\0\0"s);
}

BOOST_AUTO_TEST_SUITE_END()
