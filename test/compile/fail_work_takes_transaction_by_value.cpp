// The work of a transaction that would take it away.
// first: the work of a transaction is called with the transaction, by reference
#include <coropg/coropg.hpp>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    co_await conn.transaction(
        [&](coropg::transaction& tx) -> asio::awaitable<void> { co_await tx.execute("SELECT 1"); });
#else
    co_await conn.transaction([&](coropg::transaction tx) -> asio::awaitable<void> { co_await tx.commit(); });
#endif
    co_return;
}
