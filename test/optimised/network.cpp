#include "../support/samples/network.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_network)

BOOST_AUTO_TEST_CASE(network_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<inet>("inet");
    reader.fetch<boost::asio::ip::address>("inet");
    reader.fetch<macaddr>("macaddr");
    reader.fetch<macaddr8>("macaddr8");
}

BOOST_AUTO_TEST_CASE(cidr_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<boost::asio::ip::network_v4>("cidr");
    reader.fetch<boost::asio::ip::network_v6>("cidr");
}

BOOST_AUTO_TEST_SUITE_END()
