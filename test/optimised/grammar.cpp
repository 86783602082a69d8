// A user's codec that calls a parser of Boost.Spirit.
#include "../support/faces.hpp"
#include "fetched.hpp"

#include <coropg/types/text.hpp>

#include <boost/spirit/include/qi.hpp>

namespace optimised_grammar {

/// The value of a sum such as "1 + 2.5 + 3".
struct sum {
    double total;
};

}  // namespace optimised_grammar

using namespace coropg;
using namespace coropg::test;
using namespace optimised_grammar;

template <>
struct coropg::codec<sum> {
    static constexpr pg_type type = codec<std::string>::type;
    static bool reads(oid from) { return codec<std::string>::reads(from); }
    static sum decode(const field& f) {
        namespace qi = boost::spirit::qi;
        const std::string text = codec<std::string>::decode(f);
        double total = 0;
        auto at = text.begin();
        const auto add = [&total](double term) { total += term; };
        if (!qi::phrase_parse(at, text.end(), qi::double_[add] % '+', qi::space) || at != text.end())
            f.fail<sum>("not a sum");
        return {total};
    }
};

namespace optimised_grammar {

struct bill {
    sum cost;
    std::optional<sum> discount;
    std::vector<sum> parts;
};

}  // namespace optimised_grammar

BOOST_AUTO_TEST_SUITE(optimised_grammar)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_codec_may_call_large_code, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(AWAIT(conn.template fetch_one<sum>("SELECT '1 + 2.5+3'")).total == 6.5);
    const std::vector<bill> rows =
        AWAIT(conn.template fetch<bill>("SELECT '4' AS cost, NULL AS discount, ARRAY['1+1', '2'] AS parts"));
    BOOST_TEST_REQUIRE(rows.size() == 1U);
    BOOST_TEST((rows[0].cost.total == 4 && !rows[0].discount));
    BOOST_TEST_REQUIRE(rows[0].parts.size() == 2U);
    BOOST_TEST(rows[0].parts[0].total == 2);
    BOOST_CHECK_THROW(AWAIT(conn.template fetch_one<sum>("SELECT 'none'")), decode_error);
}

BOOST_AUTO_TEST_SUITE_END()
