// The work of a retry that is no coroutine.
// first: the work of a retry is a coroutine: let it return boost::asio::awaitable<T>
#include <coropg/coropg.hpp>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    co_await coropg::retry({}, [&]() -> asio::awaitable<void> { co_await conn.execute("SELECT 1"); });
#else
    coropg::retry({}, [&] { conn.execute("SELECT 1"); });
#endif
    co_return;
}
