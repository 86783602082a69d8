// The protocol counts parameters in 16 bits.
// expect: sql_placeholder_is_above_65535
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT 65536");
#else
    execute("SELECT $65536");
#endif
}
