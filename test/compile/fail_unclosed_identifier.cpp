// A quoted identifier without its closing quote.
// expect: sql_has_an_unclosed_quoted_identifier
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute(R"(SELECT "a")");
#else
    execute(R"(SELECT "a)");
#endif
}
