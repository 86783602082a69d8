// A million rows into a vector of structs: coropg's blocking face.
// Usage: decode_coropg [decode]. With `decode` the clock leaves out the query.

#include "decode.hpp"

#include <coropg/sync.hpp>

namespace {

/// What `fetch` does with the result of its query.
std::vector<bench::reading> decode(coropg::result&& taken) {
    const coropg::result result = std::move(taken);
    return coropg::detail::row_reader<bench::reading>{result}.read_all();
}

}  // namespace

int main(int argc, char** argv) {
    coropg::sync::connection conn = coropg::sync::connect(bench::dsn());
    if (bench::decodes_only(argc, argv)) {
        bench::announce("coropg, rows as structs");
        bench::contest(
            true, [&](std::int32_t last) { return conn.execute(bench::select_readings, last); }, &decode);
    } else {
        bench::announce("coropg::sync, fetch<struct>");
        bench::contest(
            false, [&](std::int32_t last) { return conn.fetch<bench::reading>(bench::select_readings, last); },
            [](std::vector<bench::reading>&& rows) { return std::move(rows); });
    }
    conn.close();
}
