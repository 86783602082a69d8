// The work of a transaction that is no coroutine.
// first: the work of a transaction is a coroutine: let it return boost::asio::awaitable<T>
#include <coropg/coropg.hpp>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    co_await conn.transaction(
        [&](coropg::transaction& tx) -> asio::awaitable<void> { co_await tx.execute("SELECT 1"); });
#else
    conn.transaction([&](coropg::transaction& tx) { tx.execute("SELECT 1"); });
#endif
    co_return;
}
