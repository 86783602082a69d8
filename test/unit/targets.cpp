// Which hosts are tried, by the settings of a connection.
#include "../../src/targets.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using coropg::conninfo;
using namespace coropg::detail;

namespace {

/// "host:port host:port", as they are tried.
std::string tried(const char* text) {
    std::string all;
    for (const target& t : targets_of(effective_settings{conninfo{text}}))
        all += (all.empty() ? "" : " ") + t.host + ":" + t.port;
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(targets)

BOOST_AUTO_TEST_CASE(a_port_that_a_list_leaves_out_is_the_usual_one) {
    BOOST_TEST(tried("postgresql://a,b,c/shop") == "a:5432 b:5432 c:5432");
    BOOST_TEST(tried("postgresql://a,b:7/shop") == "a:5432 b:7");
    BOOST_TEST(tried("host=a,b port=7,") == "a:7 b:5432");
    BOOST_TEST(tried("host=a,b port=7") == "a:7 b:7");
}

BOOST_AUTO_TEST_SUITE_END()
