// A placeholder left out between others.
// expect: sql_skips_a_placeholder
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT $1, $3, $2", 1, 2, 3);
#else
    execute("SELECT $1, $3", 1, 2, 3);
#endif
}
