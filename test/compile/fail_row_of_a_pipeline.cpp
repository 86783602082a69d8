// A row of a pipeline that no struct can be.
// first: a row is a plain struct: no constructors, no private members
#include <coropg/sync.hpp>

struct user {
    int id;
};

class account {
    int id = 0;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.pipeline().fetch<user>("SELECT id FROM users");
#else
    conn.pipeline().fetch<account>("SELECT id FROM users");
#endif
}
