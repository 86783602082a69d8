// A coroutine as the work of a blocking transaction.
// first: on the blocking face the work of a transaction is no coroutine
#include <coropg/sync.hpp>

#include <boost/asio/awaitable.hpp>

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.transaction([&](coropg::sync::transaction& tx) { tx.execute("SELECT 1"); });
#else
    conn.transaction([&](coropg::sync::transaction& tx) -> boost::asio::awaitable<void> {
        tx.execute("SELECT 1");
        co_return;
    });
#endif
}
