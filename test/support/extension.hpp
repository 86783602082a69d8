// Extensions that not every server has: tests of their types are skipped where they are absent.
#pragma once

#include "faces.hpp"
#include "skip.hpp"

namespace coropg::test {

/// Creates the extension. Where the server has none, or does not let us, the current case is skipped.
template <class Face, class Connection>
bool has_extension(Face& face, Connection& conn, const std::string& name) {
    if (!AWAIT(conn.template fetch_one<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)",
                                             name))) {
        skip("the server has no extension \"" + name + "\"");
        return false;
    }
    try {
        AWAIT(conn.execute(unchecked_sql("CREATE EXTENSION IF NOT EXISTS " + name)));
    } catch (const errors::insufficient_privilege&) {
        skip("the role may not create the extension \"" + name + "\"");
        return false;
    }
    return true;
}

}  // namespace coropg::test
