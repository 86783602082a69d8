// The parameters of a statement are arguments or values, not both.
// expect: no matching function for call
// expect: no matching member function for call
#include <coropg/sync.hpp>

void use(coropg::sync::connection& conn, const coropg::arguments& given) {
    conn.execute("SELECT $1", given);
#ifdef COROPG_MUST_PASS
    conn.execute("SELECT $1", 1);
#else
    conn.execute("SELECT $1, $2", given, 1);
#endif
}
