// One row by its key, 1 connection, one query after the other: coropg's asynchronous face.
// Usage: point_select_coropg [struct | timeout]. With `struct` the row is fetched as an aggregate, its member matched by
// name; with `timeout` each call has a limit in time.

#include "contestant.hpp"

#include <coropg/coropg.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>

namespace asio = boost::asio;

namespace bench {

struct named {
    std::string name;
};

inline const std::string& name_of(const std::string& row) { return row; }
inline const std::string& name_of(const named& row) { return row.name; }

// The runner's orders are read blocking: between two rounds the loop has nothing else to do.
template <class Row, bool HasTimeout = false>
asio::awaitable<void> contest(const char* about) {
    coropg::connection conn = co_await coropg::connect(dsn());
    announce(about);
    while (const auto round = next_round()) {
        const std::vector<int> ids = random_ids(*round);
        stopwatch watch{ids.size()};
        for (const int id : ids) {
            if constexpr (HasTimeout) {
                const Row row = co_await conn.with({.timeout = std::chrono::seconds{5}})
                                    .template fetch_one<Row>("SELECT name FROM users WHERE id = $1", id);
                watch.lap(name_of(row));
            } else {
                const Row row = co_await conn.fetch_one<Row>("SELECT name FROM users WHERE id = $1", id);
                watch.lap(name_of(row));
            }
        }
        watch.print();
    }
    co_await conn.close();
}

}  // namespace bench

int main(int argc, char** argv) {
    const std::string_view kind = argc > 1 ? argv[1] : "";
    asio::io_context loop{1};
    asio::co_spawn(loop,
                   kind == "struct"    ? bench::contest<bench::named>("coropg, fetch_one<struct>")
                   : kind == "timeout" ? bench::contest<std::string, true>("coropg, with({.timeout})")
                                       : bench::contest<std::string>("coropg, fetch_one<std::string>"),
                   [](std::exception_ptr error) {
                       if (error) std::rethrow_exception(error);
                   });
    loop.run();
}
