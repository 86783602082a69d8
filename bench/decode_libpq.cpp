// A million rows into a vector of structs: libpq in binary and a loop by hand. The floor of the comparison.
// Usage: decode_libpq [decode]. With `decode` the clock leaves out the query.

#include "decode.hpp"
#include "libpq.hpp"

#include <arpa/inet.h>
#include <endian.h>

namespace {

constexpr std::chrono::sys_days postgres_epoch = std::chrono::year{2000} / 1 / 1;

std::int32_t load_int4(const char* from) {
    std::uint32_t raw;
    std::memcpy(&raw, from, sizeof raw);
    return static_cast<std::int32_t>(ntohl(raw));
}

std::int64_t load_int8(const char* from) {
    std::uint64_t raw;
    std::memcpy(&raw, from, sizeof raw);
    return static_cast<std::int64_t>(be64toh(raw));
}

double load_float8(const char* from) {
    const std::int64_t raw = load_int8(from);
    double value;
    std::memcpy(&value, &raw, sizeof value);
    return value;
}

PGresult* fetch(PGconn* conn, std::int32_t last) {
    const Oid int4 = 23;
    const std::uint32_t wire = htonl(static_cast<std::uint32_t>(last));
    const char* const value = reinterpret_cast<const char*>(&wire);
    const int length = sizeof wire;
    const int binary = 1;
    PGresult* const result = PQexecParams(conn, bench::select_readings, 1, &int4, &value, &length, &binary, binary);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) bench::fail(conn);
    return result;
}

std::vector<bench::reading> decode(PGresult* result) {
    const int count = PQntuples(result);
    std::vector<bench::reading> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        rows.push_back({
            load_int4(PQgetvalue(result, i, 0)),
            std::string(PQgetvalue(result, i, 1), static_cast<std::size_t>(PQgetlength(result, i, 1))),
            load_int4(PQgetvalue(result, i, 2)),
            load_float8(PQgetvalue(result, i, 3)),
            postgres_epoch + std::chrono::microseconds{load_int8(PQgetvalue(result, i, 4))},
        });
    }
    PQclear(result);
    return rows;
}

}  // namespace

int main(int argc, char** argv) {
    PGconn* const conn = PQconnectdb(bench::dsn());
    if (PQstatus(conn) != CONNECTION_OK) bench::fail(conn);
    bench::announce("libpq " + std::to_string(PQlibVersion() / 10000) + ", PQgetvalue in binary, by hand");
    bench::contest(
        bench::decodes_only(argc, argv), [&](std::int32_t last) { return fetch(conn, last); }, &decode);
    PQfinish(conn);
}
