// A server, or a pooler in front of it, whose answers are more or less than the statements: what was answered by whom is
// not known any more, so nobody gets a row that may be another's, and the connection ends.
#include "../support/faces.hpp"

#include <coropg/testing/fake_server.hpp>

using namespace coropg;
using namespace coropg::test;
using namespace coropg::testing;

namespace {

const std::string rows = row_description({{"name"}}) + data_row({{"Alice"}}) + command_complete("SELECT 1");
const std::string answer = parse_complete() + bind_complete() + rows;

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
    for (const std::string& extra : {rows, in_place_of_rows, bind_complete() + rows, answer}) {
        Face face;
        out_of_step_server server{"PBDES", answer + extra + ready_for_query()};
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
    for (const std::string& bytes : {answer, answer + answer + answer}) {
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
    out_of_step_server server{"PBDESPBDES", answer + rows + ready_for_query() + answer + ready_for_query()};
    auto conn = face.connect(server.info());
    using names = asio::awaitable<std::string>;
    std::vector<names> work;
    for (int i = 0; i < 2; ++i) work.push_back(conn.fetch_one<std::string>("SELECT name FROM users"));
    for (const auto& end : face.run(gather_settled(std::move(work)))) BOOST_TEST(!end.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
