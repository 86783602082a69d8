// A std::string is no SQL: what is in it is known to nobody.
// expect: not a string literal: use placeholders, coropg::sql or coropg::unchecked_sql
#include "execute.hpp"

#include <string>

void use(const std::string& sql) {
#ifdef COROPG_MUST_PASS
    execute(coropg::unchecked_sql{sql});
#else
    execute(sql);
#endif
}
