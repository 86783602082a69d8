// A row with a base class.
// first: a row is a plain struct without base classes
#include <coropg/sync.hpp>

#include <string>

struct user {
    int id;
};

struct admin : user {
    std::string role;
};

struct admin_of_user {
    user of;
    std::string role;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch_optional<admin_of_user>("SELECT 1 AS of_id, 'x' AS role");
#else
    conn.fetch_optional<admin>("SELECT 1 AS id, 'x' AS role");
#endif
}
