// A script is a literal, too.
// expect: not a string literal: use coropg::sql or coropg::unchecked_sql
#include "execute.hpp"

#include <string>

void use(const std::string& sql) {
#ifdef COROPG_MUST_PASS
    execute_script(coropg::unchecked_sql{sql});
#else
    execute_script(sql);
#endif
}
