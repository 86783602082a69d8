// Where GCC 12 would destroy a temporary aggregate twice: an argument of fetch_one.
// only: gcc12
// first: name this argument first (const item first{...};) and pass the name
#include <coropg/coropg.hpp>

namespace asio = boost::asio;

struct item {
    std::string name;
    int count;
};

/// CREATE TYPE item AS (name text, count int)
template <>
struct coropg::codec<item> : coropg::composite_codec<item, "item"> {};

asio::awaitable<void> use([[maybe_unused]] coropg::connection& conn, [[maybe_unused]] coropg::pool& pool) {
#ifdef COROPG_MUST_PASS
    const item thing{"a", 1};
    co_await conn.fetch_one<int>("SELECT count($1)", thing);
#else
    co_await conn.fetch_one<int>("SELECT count($1)", item{"a", 1});
#endif
    co_return;
}
