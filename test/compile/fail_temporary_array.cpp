// Where GCC 12 would destroy a temporary aggregate twice: an array that owns something.
// only: gcc12
// first: name this argument first (const item first{...};) and pass the name
#include <coropg/coropg.hpp>

#include <array>

namespace asio = boost::asio;

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    const std::array<std::string, 2> names{"a", "b"};
    co_await conn.execute("SELECT $1, $2", names, std::array<int, 2>{1, 2});
    co_await conn.execute("SELECT $1, $2", std::string{"a"}, std::optional<std::string>{"b"});
    co_await conn.execute("SELECT $1", std::vector<std::string>(2, "a"));
#else
    co_await conn.execute("SELECT $1", std::array<std::string, 2>{"a", "b"});
#endif
    co_return;
}
