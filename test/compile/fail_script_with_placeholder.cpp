// A script takes no parameters.
// expect: sql_script_takes_no_placeholders
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute_script("DELETE FROM a WHERE id = 1; DELETE FROM b");
#else
    execute_script("DELETE FROM a WHERE id = $1; DELETE FROM b");
#endif
}
