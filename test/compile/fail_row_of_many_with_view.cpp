// A view among the members, of what a statement of many returns.
// first: a row with a view, as std::string_view, would outlive its result
#include <coropg/sync.hpp>

#include <string>
#include <string_view>
#include <vector>

struct tag {
    std::string name;
};

struct tag_view {
    std::string_view name;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch_many<tag>("INSERT INTO tags VALUES ($1) RETURNING name", std::vector<int>{1});
#else
    conn.fetch_many<tag_view>("INSERT INTO tags VALUES ($1) RETURNING name", std::vector<int>{1});
#endif
}
