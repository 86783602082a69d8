#include "../support/samples/text.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_text)

BOOST_AUTO_TEST_CASE(text_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::string>("text");
    reader.fetch<std::string>("varchar");
    reader.fetch<std::vector<std::byte>>("bytea");
    reader.fetch<boost::uuids::uuid>("uuid");
    for (const char* const type : {"char(4)", "name", "xml", "json", "jsonb"}) reader.fetch<std::string>(type, "1234");
    reader.fetch<std::string>("jsonpath", "$.\"a\"");
    reader.fetch<std::string>("\"char\"", "x");
}

BOOST_AUTO_TEST_CASE(citext_types_are_fetched) {
    reader_of_all reader;
    if (reader.has("citext")) reader.fetch<std::string>("citext");
}

BOOST_AUTO_TEST_SUITE_END()
