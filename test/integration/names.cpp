// Names decide which column or attribute a member is read from and sent to; docs/names.md lists the situations.
#include "../support/round_trip.hpp"

namespace names_test {

struct author {
    int id;
    std::string name;
    bool operator==(const author&) const = default;
};

/// The column of one member may be that of another one, too.
struct book {
    int author_id;
    names_test::author author;
    bool operator==(const book&) const = default;
};

}  // namespace names_test

using namespace names_test;
using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE_TEMPLATE(each_column_feeds_one_member, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const book wanted{1, {2, "Ann"}};
    BOOST_TEST((AWAIT(conn.template fetch_one<book>(
                    R"(SELECT 1 AS author_id, 2 AS "author.id", 'Ann' AS author_name)")) == wanted));
    BOOST_TEST((AWAIT(conn.template fetch_one<book>(
                    R"(SELECT 'Ann' AS author_name, 2 AS "author.id", 1 AS author_id)")) == wanted));
    const auto e = ERROR_OF(
        decode_error, conn.template fetch_one<book>("SELECT 1 AS author_id, 2 AS author_id, 'Ann' AS author_name"));
    BOOST_TEST(contains(e.what(), "column \"author_id\" occurs twice"));
    ERROR_OF(decode_error, conn.template fetch_one<book>("SELECT 1 AS author_id, 'Ann' AS author_name"));
}

BOOST_AUTO_TEST_SUITE_END()
