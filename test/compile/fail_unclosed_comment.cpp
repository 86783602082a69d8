// Comments nest, so the inner end does not close the outer one.
// expect: sql_has_an_unclosed_comment
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT 1 /* a /* b */ */");
#else
    execute("SELECT 1 /* a /* b */");
#endif
}
