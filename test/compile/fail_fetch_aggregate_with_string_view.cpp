// A view in a member would outlive the result as well.
// expect: owns_its_memory
#include <coropg/sync.hpp>

#include <string>
#include <string_view>

struct user {
    int id;
    std::string name;
};
struct view_of_user {
    int id;
    std::string_view name;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<user>("SELECT id, name FROM users");
#else
    conn.fetch<view_of_user>("SELECT id, name FROM users");
#endif
}
