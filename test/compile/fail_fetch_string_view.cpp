// A view would outlive the result that fetch reads it from.
// first: a row with a view, as std::string_view, would outlive its result
#include <coropg/sync.hpp>

#include <string>
#include <string_view>

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<std::string>("SELECT name FROM users");
#else
    conn.fetch<std::string_view>("SELECT name FROM users");
#endif
}
