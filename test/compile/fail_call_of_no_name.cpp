// The name of a function is pasted into the SQL, so only plain names pass.
// expect: this_is_no_plain_function_name
#include <coropg/sync.hpp>

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.call<int>("public.add", 1, 2);
#else
    conn.call<int>("add(1, 2); --", 1, 2);
#endif
}
