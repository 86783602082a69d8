// What is added behind this text would vanish in its comment.
// expect: sql_text_ends_in_a_comment_without_a_newline
#include "execute.hpp"

void use() {
#ifdef COROPG_MUST_PASS
    execute(coropg::sql::text("SELECT 1 -- one\n") + coropg::sql::text(" + 1"));
#else
    execute(coropg::sql::text("SELECT 1 -- one") + coropg::sql::text(" + 1"));
#endif
}
