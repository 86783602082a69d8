// Records of TLS: what of them waits within OpenSSL is read, though the socket is silent.
#include "../support/tls_server.hpp"

#include "../support/faces.hpp"

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE_TEMPLATE(the_rest_of_a_record_is_not_waited_for, Face, both_faces) {
    using namespace coropg::testing;
    constexpr std::size_t largest_record = 16 * 1024;
    for (const std::size_t first : {1000U, 4000U, 7000U, 8000U, 8191U, 12000U, 16000U}) {
        const std::string begin = parse_complete() + bind_complete() + row_description({{"text"}});
        const std::string end = command_complete("SELECT 1") + ready_for_query();
        const std::size_t frame = begin.size() + data_row({{""}}).size() + end.size();
        const std::string value(first + largest_record - frame, 'a');
        const std::string all = begin + data_row({{value}}) + end;
        BOOST_REQUIRE(all.size() == first + largest_record);
        const tls_server server{{all.substr(0, first), all.substr(first)}};
        Face face;
        auto conn = face.connect(server.info());
        BOOST_TEST((AWAIT(conn.with({.timeout = 5s}).template fetch_one<std::string>("SELECT text")) == value));
    }
}

BOOST_AUTO_TEST_SUITE_END()
