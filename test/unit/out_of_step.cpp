// A server, or a pooler in front of it, whose answers are more or less than the statements: what was answered by whom is
// not known any more, so nobody gets a row that may be another's, and the connection ends.
#include "../support/faces.hpp"
#include "../support/memory.hpp"

#include <coropg/testing/fake_server.hpp>

#include <poll.h>

#include <chrono>
#include <vector>

using namespace coropg;
using namespace coropg::test;
using namespace coropg::testing;

namespace {

const std::string rows = row_description({{"name"}}) + data_row({{"Alice"}}) + command_complete("SELECT 1");
const std::string whole_answer = parse_complete() + bind_complete() + rows;

/// A server that answers the messages of `expected` with `bytes`.
struct out_of_step_server : fake_server {
    out_of_step_server(const std::string& expected, std::string bytes) {
        set_logger(nullptr);
        next({step::startup(), step::expect(expected), step::send(std::move(bytes))});
    }
};

void check(const connection_error& e) {
    BOOST_TEST(contains(e.what(), "the answers do not belong to the statements"));
    BOOST_TEST((e.outcome() == outcome::unknown));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(out_of_step)

BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_too_many, Face, both_faces) {
    const std::string in_place_of_rows = no_data() + command_complete("DELETE 1");
    for (const std::string& extra : {rows, in_place_of_rows, bind_complete() + rows, whole_answer}) {
        Face face;
        out_of_step_server server{"PBDES", whole_answer + extra + ready_for_query()};
        auto conn = face.connect(server.info());
        check(ERROR_OF(connection_error, conn.template fetch_one<std::string>("SELECT name FROM users")));
        BOOST_TEST(!conn.is_open());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_too_few, Face, both_faces) {
    Face face;
    for (const std::string& bytes : {std::string{}, parse_complete(), parse_complete() + bind_complete()}) {
        out_of_step_server server{"PBDES", bytes + ready_for_query()};
        auto conn = face.connect(server.info());
        check(ERROR_OF(connection_error, conn.execute("DELETE FROM users")));
        BOOST_TEST(!conn.is_open());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_too_few_or_too_many_in_a_pipeline, Face, both_faces) {
    Face face;
    for (const std::string& bytes : {whole_answer, whole_answer + whole_answer + whole_answer}) {
        out_of_step_server server{"PBDEPBDES", bytes + ready_for_query()};
        auto conn = face.connect(server.info());
        auto p = conn.pipeline();
        auto first = p.template fetch_one<std::string>("SELECT name FROM users");
        auto second = p.execute("SELECT name FROM others");
        check(VOID_ERROR_OF(connection_error, p.run()));
        error_of<connection_error>([&] { second.get(); });
    }
}

// The rows of another were here before the answer that shows it.
BOOST_AUTO_TEST_CASE(those_behind_it_fail_too) {
    async_face face;
    out_of_step_server server{"PBDESPBDES", whole_answer + rows + ready_for_query() + whole_answer + ready_for_query()};
    auto conn = face.connect(server.info());
    using names = asio::awaitable<std::string>;
    std::vector<names> work;
    for (int i = 0; i < 2; ++i) work.push_back(conn.fetch_one<std::string>("SELECT name FROM users"));
    for (const auto& end : face.run(gather_settled(std::move(work)))) BOOST_TEST(!end.has_value());
}

// It is seen before anything else is sent, so that the next statement does not get it.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_to_nothing, Face, both_faces) {
    const std::string whole = whole_answer + ready_for_query();
    for (const std::string& extra : {whole, rows + ready_for_query(), ready_for_query()}) {
        Face face;
        out_of_step_server server{"PBDES", whole + extra};
        auto conn = face.connect(server.info());
        BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT name FROM users")) == "Alice");
        const auto e = ERROR_OF(connection_error, conn.execute("DELETE FROM users"));
        BOOST_TEST(contains(e.what(), "the answers do not belong to the statements"));
        BOOST_TEST((e.outcome() == outcome::not_sent));
    }
}

// What a server says by itself is no answer: a notice, a setting, an error that it ends the connection for.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_said_to_nobody_is_no_answer, Face, both_faces) {
    const std::string whole = whole_answer + ready_for_query();
    for (const std::string& extra :
         {notice_response({{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', "00000"}, {'M', "by the way"}}),
          parameter_status("application_name", "else"), notification_response(7, "channel", "payload"),
          error_response({{'S', "ERROR"}, {'V', "ERROR"}, {'M', "a proxy speaks"}})}) {
        Face face;
        set_logger(nullptr);
        fake_server server;
        server.next({step::startup(), step::expect("PBDES"), step::send(whole + extra), step::expect("PBDES"),
                     step::send(whole)});
        auto conn = face.connect(server.info());
        auto limited = conn.with({.timeout = std::chrono::seconds{5}});
        for (int i = 0; i < 2; ++i)
            BOOST_TEST(AWAIT(limited.template fetch_one<std::string>("SELECT name FROM users")) == "Alice");
    }
}

// The answer to an execution in the place of that to the Parse that goes before the next.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_too_many_in_a_batch, Face, both_faces) {
    const std::string done = no_data() + command_complete("INSERT 0 1");
    const std::string begun = parse_complete() + bind_complete();
    for (const std::string& bytes :
         {begun + command_complete("COMMIT") + done + begun + done, begun + done + begun + command_complete("") + done,
          begun + done + message('I') + begun + done, begun + done + rows + begun + done}) {
        Face face;
        out_of_step_server server{"PBDEPBDES", bytes + ready_for_query()};
        auto conn = face.connect(server.info());
        check(ERROR_OF(connection_error, conn.execute_many("INSERT INTO numbers VALUES ($1)", std::vector<int>{1, 2})));
    }
}

// The driver itself asks for the types of columns; who waits for that is told.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_answer_about_types_that_cannot_be_read, Face, both_faces) {
    const std::string of_unknown_type = parse_complete() + bind_complete() + row_description({{"mood", 20'000}}) +
                                        data_row({{"ok"}}) + command_complete("SELECT 1") + ready_for_query();
    const std::string two_columns = row_description({{"oid", 26}, {"nspname"}}) + data_row({{"20000"}, {"public"}});
    for (const std::string& type : {rows, two_columns + command_complete("SELECT 1")}) {
        Face face;
        set_logger(nullptr);
        fake_server server;
        server.next({step::startup(), step::expect("PBDES"), step::send(of_unknown_type), step::expect("PBDES"),
                     step::send(parse_complete() + bind_complete() + type + ready_for_query())});
        auto conn = face.connect(server.info());
        auto limited = conn.with({.timeout = std::chrono::seconds{5}});
        const auto e = ERROR_OF(decode_error, limited.template fetch<std::string>("SELECT mood FROM people"));
        BOOST_TEST((e.outcome() == outcome::executed));
        BOOST_TEST(!conn.is_open());
    }
}

// The driver itself asks for the number of a transaction. Its answer is read at once by a statement that may be late.
BOOST_AUTO_TEST_CASE(an_answer_that_cannot_be_read_is_read_first_by_another) {
    set_logger(nullptr);
    const reply no_row{"SELECT 0"};
    const reply of_another_type = reply::rows({{"xid", 20}}, {{std::string("\0\0\0\0\0\0\0\7", 8)}});
    for (const reply& number : {no_row, of_another_type}) {
        async_face face;
        fake_server server;
        server.answer("SELECT pg_catalog.pg_current_xact_id_if_assigned()", number);
        for (const char* sql : {"BEGIN", "COMMIT", "ROLLBACK"}) server.answer(sql, reply{sql});
        server.answer("DELETE FROM users", reply{"DELETE 1"});
        auto conn = face.connect(server.info());
        auto tx = AWAIT(conn.begin());
        AWAIT(tx.execute("DELETE FROM users"));
        std::exception_ptr problem;
        asio::co_spawn(face.io, tx.commit(), [&](std::exception_ptr e) { problem = std::move(e); });
        face.io.restart();
        face.io.poll();
        ::pollfd answered{conn.runner().core().socket(), POLLIN, 0};
        if (conn.is_open()) ::poll(&answered, 1, 5'000);  // else the event loop was first
        auto late = conn.with({.deadline = std::chrono::steady_clock::now() - std::chrono::seconds{1}});
        const auto e = ERROR_OF(connection_error, late.execute("DELETE FROM users"));
        BOOST_TEST((e.outcome() == outcome::not_sent));
        BOOST_TEST(!conn.is_open());
        face.io.restart();
        face.io.run_for(std::chrono::seconds{1});
        BOOST_CHECK_THROW(std::rethrow_exception(problem), commit_in_doubt);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(notifications_that_nobody_takes_are_not_kept, Face, both_faces) {
    constexpr std::size_t most = 16U << 20U;
    if (!can_measure_memory()) return;
    Face face;
    fake_server server;
    std::string flood;
    for (int i = 0; i < 128; ++i) flood += notification_response(7, "channel", std::string(7'000, 'x'));
    script steps{step::startup()};
    for (int i = 0; i < 64; ++i) {
        steps.push_back(step::expect("PBDES"));
        steps.push_back(step::send(whole_answer + flood + ready_for_query()));
    }
    server.next(std::move(steps));
    auto conn = face.connect(server.info());
    auto unprepared = conn.with({.prepare = prepare::never});
    const std::size_t before = resident_bytes();
    for (int i = 0; i < 64; ++i) AWAIT(unprepared.execute("SELECT name FROM users"));
    BOOST_TEST(resident_bytes() < before + most);
}

BOOST_AUTO_TEST_SUITE_END()
