// One row by its key, 1 connection, one query after the other: coropg's blocking face.
// Usage: point_select_coropg_sync [struct | timeout]. With `struct` the row is fetched as an aggregate, its member matched
// by name; with `timeout` each call has a limit in time.

#include "contestant.hpp"

#include <coropg/sync.hpp>

#include <chrono>

namespace bench {

struct named {
    std::string name;
};

inline const std::string& name_of(const std::string& row) { return row; }
inline const std::string& name_of(const named& row) { return row.name; }

template <class Row, bool HasTimeout = false>
void contest(const char* about) {
    coropg::sync::connection conn = coropg::sync::connect(dsn());
    announce(about);
    while (const auto round = next_round()) {
        const std::vector<int> ids = random_ids(*round);
        stopwatch watch{ids.size()};
        for (const int id : ids) {
            if constexpr (HasTimeout) {
                const Row row = conn.with({.timeout = std::chrono::seconds{5}})
                                    .template fetch_one<Row>("SELECT name FROM users WHERE id = $1", id);
                watch.lap(name_of(row));
            } else {
                const Row row = conn.fetch_one<Row>("SELECT name FROM users WHERE id = $1", id);
                watch.lap(name_of(row));
            }
        }
        watch.print();
    }
    conn.close();
}

}  // namespace bench

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view{argv[1]} == "struct")
        bench::contest<bench::named>("coropg::sync, fetch_one<struct>");
    else if (argc > 1 && std::string_view{argv[1]} == "timeout")
        bench::contest<std::string, true>("coropg::sync, with({.timeout})");
    else
        bench::contest<std::string>("coropg::sync, fetch_one<std::string>");
}
