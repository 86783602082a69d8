// The question about types that are not built in, as it is put to servers of several versions.
#include "../support/faces.hpp"

#include <coropg/testing/fake_server.hpp>

#include <algorithm>

using namespace coropg;
using namespace coropg::test;
using namespace coropg::testing;

namespace type_lookup_test {

enum class mood { sad, happy };

}  // namespace type_lookup_test

template <>
struct coropg::codec<type_lookup_test::mood> : coropg::enum_codec<type_lookup_test::mood, "mood"> {};

namespace {

/// The question to a server that says it is of that version.
template <class Face>
std::string question_to(Face& face, std::string_view version) {
    fake_server server;
    const std::string answer = parse_complete() + bind_complete() + no_data() + command_complete("SELECT 0");
    server.next({step::startup(), step::expect("PBDES"),
                 step::send(parameter_status("server_version", version) + answer + ready_for_query()), step::serve()});
    auto conn = face.connect(server.info());
    AWAIT(conn.execute("SELECT"));
    ERROR_OF(usage_error, conn.execute("SELECT $1", type_lookup_test::mood::happy));
    for (const std::string& sql : server.traffic().executed)
        if (contains(sql, "pg_type")) return sql;
    return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(type_lookup)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_without_multiranges_is_not_asked_for_them, Face, both_faces) {
    Face face;
    BOOST_TEST(contains(question_to(face, "14.2"), "rngmultitypid"));
    BOOST_TEST(!contains(question_to(face, "13.20"), "rngmultitypid"));
    BOOST_TEST(contains(question_to(face, "13.20"), "rngtypid"));
}

BOOST_AUTO_TEST_SUITE_END()
