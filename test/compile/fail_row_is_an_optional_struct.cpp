// An optional of a struct as a row.
// first: a row is no std::optional of a struct or tuple: ask fetch_optional
#include <coropg/sync.hpp>

#include <optional>

struct user {
    int id;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch_optional<user>("SELECT id FROM users");
#else
    conn.fetch_one<std::optional<user>>("SELECT id FROM users");
#endif
}
