// A std::string_view is no SQL: what it views is known to nobody.
// expect: not a string literal: use placeholders, coropg::sql or coropg::unchecked_sql
#include "execute.hpp"

#include <string>
#include <string_view>

void use(std::string_view sql) {
#ifdef COROPG_MUST_PASS
    execute(coropg::unchecked_sql{std::string{sql}});
#else
    execute(sql);
#endif
}
