// A row that hides its members.
// first: a row is a plain struct: no constructors, no private members
#include <coropg/sync.hpp>

#include <string>

struct user {
    int id;
};

class account {
    int id = 0;

 public:
    std::string name;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<user>("SELECT id FROM users");
#else
    conn.fetch<account>("SELECT id FROM users");
#endif
}
