// A dollar quote that another tag does not close.
// expect: sql_has_an_unclosed_dollar_quote
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT $body$ text $body$");
#else
    execute("SELECT $body$ text $BODY$");
#endif
}
