// A handler, as Asio's own operations take.
// first: the verbs of coropg take no completion token or handler
#include <coropg/coropg.hpp>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    co_await conn.execute("SELECT 1");
#else
    conn.execute("SELECT 1", [](std::exception_ptr, coropg::result) {});
#endif
    co_return;
}
