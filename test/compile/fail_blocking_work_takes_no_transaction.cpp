// The work of a transaction that runs on the connection.
// first: the work of a transaction is called with the transaction, by reference
#include <coropg/sync.hpp>

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.transaction([&](coropg::sync::transaction& tx) { tx.execute("SELECT 1"); });
#else
    conn.transaction([&] { conn.execute("SELECT 1"); });
#endif
}
