// SQL glued together with a value.
// expect: not a string literal: use placeholders, coropg::sql or coropg::unchecked_sql
#include "execute.hpp"

#include <string>

void use(const std::string& name) {
#ifdef COROPG_MUST_PASS
    execute("SELECT * FROM t WHERE name = $1", name);
#else
    execute("SELECT * FROM t WHERE name = '" + name + "'");
#endif
}
