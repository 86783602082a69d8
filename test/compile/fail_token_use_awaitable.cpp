// A completion token, as Asio's own operations take.
// first: the verbs of coropg take no completion token or handler
#include <coropg/coropg.hpp>

#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    co_await conn.execute("SELECT 1");
#else
    co_await conn.execute("SELECT 1", asio::use_awaitable);
#endif
    co_return;
}
