// A char pointer is no SQL: what it leads to is known to nobody.
// expect: not a string literal: use placeholders, coropg::sql or coropg::unchecked_sql
#include "execute.hpp"

void use(const char* sql) {
#ifdef COROPG_MUST_PASS
    execute(coropg::unchecked_sql{sql});
#else
    execute(sql);
#endif
}
