// A row that has a constructor.
// first: a row is a plain struct: no constructors, no private members
#include <coropg/sync.hpp>

struct user {
    int id;
};

struct account {
    explicit account(int number) : id{number} {}
    int id;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<user>("SELECT id FROM users");
#else
    conn.fetch_one<account>("SELECT id FROM users");
#endif
}
