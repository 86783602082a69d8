#pragma once

// What the contestants that call libpq themselves share: a connection on which "by_id" is prepared.

#include "contestant.hpp"

#include <libpq-fe.h>

namespace bench {

[[noreturn]] inline void fail(PGconn* conn) {
    std::fputs(PQerrorMessage(conn), stderr);
    std::exit(1);
}

inline PGconn* connect_and_prepare() {
    PGconn* const conn = PQconnectdb(dsn());
    if (PQstatus(conn) != CONNECTION_OK) fail(conn);
    const Oid int4 = 23;
    PGresult* const prepared = PQprepare(conn, "by_id", "SELECT name FROM users WHERE id = $1", 1, &int4);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) fail(conn);
    PQclear(prepared);
    return conn;
}

}  // namespace bench
