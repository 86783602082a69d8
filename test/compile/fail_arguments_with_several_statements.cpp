// Literals that take arguments are checked but for the number of their placeholders.
// expect: sql_has_several_statements_use_execute_script
#include <coropg/sync.hpp>

void use(coropg::sync::connection& conn, const coropg::arguments& given) {
#ifdef COROPG_MUST_PASS
    conn.execute("SELECT $1", given);
#else
    conn.execute("SELECT $1; SELECT $1", given);
#endif
}
