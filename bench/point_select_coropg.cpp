// One row by its key, 1 connection, one query after the other: coropg's asynchronous face.
// Usage: point_select_coropg [struct]. With `struct` the row is fetched as an aggregate, its member matched by name.

#include "contestant.hpp"

#include <coropg/coropg.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace asio = boost::asio;

namespace bench {

struct named {
    std::string name;
};

inline const std::string& name_of(const std::string& row) { return row; }
inline const std::string& name_of(const named& row) { return row.name; }

// The runner's orders are read blocking: between two rounds the loop has nothing else to do.
template <class Row>
asio::awaitable<void> contest(const char* about) {
    coropg::connection conn = co_await coropg::connect(dsn());
    announce(about);
    while (const auto round = next_round()) {
        const std::vector<int> ids = random_ids(*round);
        stopwatch watch{ids.size()};
        for (const int id : ids) {
            const Row row = co_await conn.fetch_one<Row>("SELECT name FROM users WHERE id = $1", id);
            watch.lap(name_of(row));
        }
        watch.print();
    }
    co_await conn.close();
}

}  // namespace bench

int main(int argc, char** argv) {
    const bool as_struct = argc > 1 && std::string_view{argv[1]} == "struct";
    asio::io_context loop{1};
    asio::co_spawn(loop,
                   as_struct ? bench::contest<bench::named>("coropg, fetch_one<struct>")
                             : bench::contest<std::string>("coropg, fetch_one<std::string>"),
                   [](std::exception_ptr error) {
                       if (error) std::rethrow_exception(error);
                   });
    loop.run();
}
