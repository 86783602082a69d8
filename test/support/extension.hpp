// Extensions that not every server has: tests of their types are skipped where they are absent, and say how many.
#pragma once

#include "faces.hpp"

namespace coropg::test {

inline int skipped_for_extension = 0;

/// Creates the extension; where the server has none, says that this test case is skipped, and counts.
template <class Face, class Connection>
bool has_extension(Face& face, Connection& conn, std::string_view name) {
    if (AWAIT(conn.template fetch_one<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)",
                                            name))) {
        AWAIT(conn.execute(unchecked_sql("CREATE EXTENSION IF NOT EXISTS " + std::string{name})));
        return true;
    }
    ++skipped_for_extension;
    BOOST_TEST_MESSAGE("skipped, for the server has no extension \""
                       << name << "\": " << boost::unit_test::framework::current_test_case().full_name() << " ("
                       << skipped_for_extension << " skipped so far)");
    return false;
}

}  // namespace coropg::test
