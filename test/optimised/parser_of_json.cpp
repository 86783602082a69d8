// A user's codec that calls nlohmann's parser.
#include "../support/faces.hpp"
#include "fetched.hpp"

#include <coropg/types/text.hpp>

#include <nlohmann/json.hpp>

namespace optimised_parser_of_json {

/// A document that this program parses itself.
struct settings {
    nlohmann::json tree;
};

}  // namespace optimised_parser_of_json

using namespace coropg;
using namespace coropg::test;
using namespace optimised_parser_of_json;

template <>
struct coropg::codec<settings> {
    static constexpr pg_type type = codec<std::string>::type;
    static bool reads(oid from) { return codec<std::string>::reads(from); }
    static settings decode(const field& f) { return {nlohmann::json::parse(codec<std::string>::decode(f))}; }
    static void encode(const settings& value, encoder& out) { out.text(value.tree.dump()); }
    static constexpr format wire = format::text;
};

namespace optimised_parser_of_json {

struct user {
    int id;
    settings options;
    std::optional<settings> more;
    std::vector<settings> former;
};

}  // namespace optimised_parser_of_json

BOOST_AUTO_TEST_SUITE(optimised_parser_of_json)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_codec_may_call_large_code, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(AWAIT(conn.template fetch_one<settings>("SELECT '{\"a\": [1]}'")).tree["a"][0] == 1);
    const std::vector<user> rows = AWAIT(
        conn.template fetch<user>("SELECT 1 AS id, '[7]' AS options, NULL AS more, ARRAY['{}', '[8]'] AS former"));
    BOOST_TEST_REQUIRE(rows.size() == 1U);
    BOOST_TEST((rows[0].options.tree[0] == 7 && !rows[0].more));
    BOOST_TEST_REQUIRE(rows[0].former.size() == 2U);
    BOOST_TEST((rows[0].former[1].tree[0] == 8));
}

BOOST_AUTO_TEST_SUITE_END()
