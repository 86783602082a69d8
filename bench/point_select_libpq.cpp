// One row by its key, 1 connection, one query after the other: plain libpq, blocking. The floor of the comparison.

#include "libpq.hpp"

#include <arpa/inet.h>

namespace {

std::string select_name(PGconn* conn, int id) {
    const std::uint32_t wire = htonl(static_cast<std::uint32_t>(id));
    const char* const value = reinterpret_cast<const char*>(&wire);
    const int length = sizeof wire;
    const int binary = 1;
    PGresult* const result = PQexecPrepared(conn, "by_id", 1, &value, &length, &binary, binary);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) bench::fail(conn);
    std::string name(PQgetvalue(result, 0, 0), static_cast<std::size_t>(PQgetlength(result, 0, 0)));
    PQclear(result);
    return name;
}

}  // namespace

int main() {
    PGconn* const conn = bench::connect_and_prepare();

    bench::announce("libpq " + std::to_string(PQlibVersion() / 10000) + ", PQexecPrepared, binary");
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        bench::stopwatch watch{ids.size()};
        for (const int id : ids) watch.lap(select_name(conn, id));
        watch.print();
    }
    PQfinish(conn);
}
