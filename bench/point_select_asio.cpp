// One row by its key, one query after the other: a bare Asio coroutine over libpq, with no driver in between. What it
// costs more than plain libpq is the price of the event loop.

#include "libpq.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <arpa/inet.h>
#include <unistd.h>

namespace asio = boost::asio;

namespace {

asio::awaitable<std::string> select_name(PGconn* conn, asio::posix::stream_descriptor& socket, int id) {
    const std::uint32_t wire = htonl(static_cast<std::uint32_t>(id));
    const char* const value = reinterpret_cast<const char*>(&wire);
    const int length = sizeof wire;
    const int binary = 1;
    if (PQsendQueryPrepared(conn, "by_id", 1, &value, &length, &binary, binary) != 1 || PQflush(conn) != 0)
        bench::fail(conn);
    while (PQisBusy(conn) == 1) {
        co_await socket.async_wait(asio::posix::stream_descriptor::wait_read, asio::deferred);
        if (PQconsumeInput(conn) != 1) bench::fail(conn);
    }
    PGresult* const result = PQgetResult(conn);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) bench::fail(conn);
    std::string name(PQgetvalue(result, 0, 0), static_cast<std::size_t>(PQgetlength(result, 0, 0)));
    PQclear(result);
    if (PQgetResult(conn) != nullptr) bench::fail(conn);
    co_return name;
}

asio::awaitable<void> contest(PGconn* conn) {
    asio::posix::stream_descriptor socket{co_await asio::this_coro::executor, ::dup(PQsocket(conn))};
    bench::announce("a bare Asio coroutine over libpq " + std::to_string(PQlibVersion() / 10000));
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        bench::stopwatch watch{ids.size()};
        for (const int id : ids) watch.lap(co_await select_name(conn, socket, id));
        watch.print();
    }
}

}  // namespace

int main() {
    PGconn* const conn = bench::connect_and_prepare();
    PQsetnonblocking(conn, 1);

    asio::io_context loop;
    asio::co_spawn(loop, contest(conn), [](std::exception_ptr problem) {
        if (problem) std::rethrow_exception(problem);
    });
    loop.run();
    PQfinish(conn);
}
