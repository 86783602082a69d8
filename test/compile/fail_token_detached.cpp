// A completion token, as Asio's own operations take.
// first: the verbs of coropg take no completion token or handler
#include <coropg/coropg.hpp>

#include <boost/asio/detached.hpp>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    co_await pool.execute("SELECT $1", 1);
#else
    pool.execute("SELECT $1", 1, asio::detached);
#endif
    co_return;
}
