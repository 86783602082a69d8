// A placeholder inside quotes is none.
// expect: sql_placeholders_do_not_match_the_arguments
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT * FROM t WHERE name = $1", 1);
#else
    execute("SELECT * FROM t WHERE name = '$1'", 1);
#endif
}
