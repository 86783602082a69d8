// Where GCC 12 would destroy a temporary aggregate twice: the rows of execute_many.
// only: gcc12
// first: name this argument first (const item first{...};) and pass the name
#include <coropg/coropg.hpp>

#include <array>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    const std::array<std::string, 2> names{"a", "b"};
    co_await conn.execute_many("SELECT $1", names);
#else
    co_await conn.execute_many("SELECT $1", std::array<std::string, 2>{"a", "b"});
#endif
    co_return;
}
