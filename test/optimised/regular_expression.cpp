// A user's codec that calls std::regex.
#include "../support/faces.hpp"
#include "fetched.hpp"

#include <coropg/types/text.hpp>

#include <regex>

namespace optimised_regular_expression {

/// Text in which a regular expression finds the parts.
struct version {
    int first;
    int second;
};

}  // namespace optimised_regular_expression

using namespace coropg;
using namespace coropg::test;
using namespace optimised_regular_expression;

template <>
struct coropg::codec<version> {
    static constexpr pg_type type = codec<std::string>::type;
    static bool reads(oid from) { return codec<std::string>::reads(from); }
    static version decode(const field& f) {
        std::smatch parts;
        const std::string text = codec<std::string>::decode(f);
        if (!std::regex_match(text, parts, std::regex{"v?([0-9]+)\\.([0-9]+)(-[a-z]+)?"}))
            f.fail<version>("not a version");
        return {std::stoi(parts[1]), std::stoi(parts[2])};
    }
};

namespace optimised_regular_expression {

struct release {
    version number;
    std::optional<version> since;
    std::vector<version> before;
};

}  // namespace optimised_regular_expression

BOOST_AUTO_TEST_SUITE(optimised_regular_expression)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_codec_may_call_large_code, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(AWAIT(conn.template fetch_one<version>("SELECT '12.5'")).second == 5);
    const std::vector<release> rows = AWAIT(
        conn.template fetch<release>("SELECT 'v2.1' AS number, NULL AS since, ARRAY['1.0', '1.1-beta'] AS before"));
    BOOST_TEST_REQUIRE(rows.size() == 1U);
    BOOST_TEST((rows[0].number.first == 2 && rows[0].number.second == 1 && !rows[0].since));
    BOOST_TEST_REQUIRE(rows[0].before.size() == 2U);
    BOOST_TEST(rows[0].before[1].second == 1);
    BOOST_CHECK_THROW(AWAIT(conn.template fetch_one<version>("SELECT 'none'")), decode_error);
}

BOOST_AUTO_TEST_SUITE_END()
