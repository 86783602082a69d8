// Placeholders count from $1.
// expect: sql_placeholders_begin_at_1
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT $1", 1);
#else
    execute("SELECT $0", 1);
#endif
}
