// A map, for a row with any columns.
// first: a row is no map: fetch a struct
#include <coropg/sync.hpp>

#include <map>
#include <string>

struct user {
    int id;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<user>("SELECT id FROM users");
#else
    conn.fetch<std::map<std::string, std::string>>("SELECT id FROM users");
#endif
}
