#include "../support/samples/system.hpp"

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

template <>
inline constexpr bool coropg::test::is_element<int2vector> = false;
template <>
inline constexpr bool coropg::test::is_element<oidvector> = false;

BOOST_AUTO_TEST_SUITE(optimised_system)

BOOST_AUTO_TEST_CASE(system_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<xid>("xid");
    reader.fetch<xid8>("xid8");
    reader.fetch<cid>("cid");
    reader.fetch<tid>("tid");
    reader.fetch<lsn>("pg_lsn");
}

BOOST_AUTO_TEST_CASE(object_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<object_id>("oid");
    reader.fetch<refcursor>("refcursor");
    reader.fetch<int2vector>("int2vector");
    reader.fetch<oidvector>("oidvector");
}

BOOST_AUTO_TEST_SUITE_END()
