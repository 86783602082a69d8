// A string without its closing quote.
// expect: sql_has_an_unclosed_string_literal
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT 'it''s'");
#else
    execute("SELECT 'it's'");
#endif
}
