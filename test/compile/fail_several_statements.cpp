// One statement a call; a script has a function of its own.
// expect: sql_has_several_statements_use_execute_script
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute_script("DELETE FROM a; DELETE FROM b");
#else
    execute("DELETE FROM a; DELETE FROM b");
#endif
}
