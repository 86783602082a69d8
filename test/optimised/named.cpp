#include "../support/samples/named.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(optimised_named)

BOOST_AUTO_TEST_CASE(named_types_are_fetched) {
    reader_of_all reader;
    reader.execute_script(create_named_types);
    reader.fetch<test::mood>("sampled_mood");
    reader.fetch<person>("sampled_person");
    reader.fetch<user_id>("int8");
}

BOOST_AUTO_TEST_CASE(hstore_types_are_fetched) {
    reader_of_all reader;
    if (reader.has("hstore")) reader.fetch<hstore>("hstore");
}

BOOST_AUTO_TEST_CASE(variant_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<std::variant<std::int32_t, numeric>>("int4");
    reader.fetch<std::variant<std::chrono::sys_days, numeric>>("date");
}

BOOST_AUTO_TEST_SUITE_END()
