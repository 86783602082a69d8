// A placeholder without an argument.
// expect: sql_placeholders_do_not_match_the_arguments
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute("SELECT $1, $2", 1, 2);
#else
    execute("SELECT $1, $2", 1);
#endif
}
