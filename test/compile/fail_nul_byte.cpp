// A NUL byte would cut the statement short.
// expect: sql_contains_a_nul_byte
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT 1 + 1");
#else
    execute("SELECT 1\0 + 1");
#endif
}
