// A struct as an element of a tuple, which is one column.
// first: an element of a tuple or pair is one column
#include <coropg/sync.hpp>

#include <tuple>

struct user {
    int id;
    int age;
};

struct numbered {
    int number;
    user of;
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<numbered>("SELECT 1 AS number, 2 AS of_id, 3 AS of_age");
#else
    conn.fetch<std::tuple<int, user>>("SELECT 1, 2, 3");
#endif
}
