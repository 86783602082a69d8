// sql::text takes what stands in the program, never a value.
// expect: not a string literal: use sql::identifier, sql::literal or a placeholder
#include "execute.hpp"

#include <string>

void use(const std::string& table) {
#ifdef COROPG_MUST_PASS
    execute(coropg::sql::text("DROP TABLE ") + coropg::sql::identifier(table));
#else
    execute(coropg::sql::text("DROP TABLE ") + coropg::sql::text(table));
#endif
}
