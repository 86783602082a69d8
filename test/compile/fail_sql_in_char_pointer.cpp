// Nor is what a pointer leads to.
// expect: not a string literal: use placeholders, coropg::sql or coropg::unchecked_sql
#include "execute.hpp"

void use(const char* sql) {
#ifdef COROPG_MUST_PASS
    execute(coropg::unchecked_sql{sql});
#else
    execute(sql);
#endif
}
