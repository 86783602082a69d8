// Pipelines by plain libpq on a non-blocking socket, which reads while it writes.
// Usage: pipeline_libpq insert | select

#include "libpq.hpp"
#include "pipeline.hpp"

#include <arpa/inet.h>
#include <poll.h>

#include <array>

namespace {

constexpr int binary = 1;
constexpr int text = 0;
/// So many are sent before the socket is asked whether it takes more; some 8 KiB. With more in its buffer libpq itself
/// tries to send at the end of each message, which for a socket that is full costs 0.7 us of CPU a statement.
constexpr std::size_t statements_a_flush = 112;

class pipeline {
 public:
    explicit pipeline(PGconn* conn) : conn_{conn} {}

    void insert(const bench::entry& e) {
        const std::uint32_t id = htonl(static_cast<std::uint32_t>(e.id));
        const std::array<const char*, 2> values{reinterpret_cast<const char*>(&id), e.name.c_str()};
        const std::array<int, 2> lengths{sizeof id, static_cast<int>(e.name.size())};
        constexpr std::array<int, 2> formats{binary, text};
        check(PQsendQueryPrepared(conn_, "insert", 2, values.data(), lengths.data(), formats.data(), binary) == 1);
        ++unflushed_;
    }

    void select(int id) {
        const std::uint32_t wire = htonl(static_cast<std::uint32_t>(id));
        const char* const value = reinterpret_cast<const char*>(&wire);
        const int length = sizeof wire;
        check(PQsendQueryPrepared(conn_, "by_id", 1, &value, &length, &binary, binary) == 1);
        ++unflushed_;
    }

    void execute(const char* sql) {
        check(PQsendQueryParams(conn_, sql, 0, nullptr, nullptr, nullptr, nullptr, binary) == 1);
        run([&](PGresult* result) { check(PQresultStatus(result) == PGRES_COMMAND_OK); });
    }

    // Sends the rest, and calls `take(result)` for each statement's result, in order.
    template <class Take>
    void run(Take&& take) {
        check(PQpipelineSync(conn_) == 1);
        flush(take);
        while (!receive(take)) wait(POLLIN);
    }

    template <class Take>
    void flush_if_much_is_left(Take&& take) {
        if (unflushed_ >= statements_a_flush) flush(take);
    }

 private:
    void check(bool ok) const {
        if (!ok) bench::fail(conn_);
    }

    template <class Take>
    void flush(Take&& take) {
        unflushed_ = 0;
        for (;;) {
            const int left = PQflush(conn_);
            check(left >= 0);
            if (left == 0) return;
            if (wait(POLLIN | POLLOUT)) receive(take);
        }
    }

    // Waits, and reads if there is something; whether there was.
    bool wait(short events) {
        pollfd entry{.fd = PQsocket(conn_), .events = events, .revents = 0};
        poll(&entry, 1, -1);
        const bool is_readable = (entry.revents & POLLIN) != 0;
        if (is_readable) check(PQconsumeInput(conn_) == 1);
        return is_readable;
    }

    // A statement answers: one result, NULL; behind the last: PIPELINE_SYNC. True when that has come.
    template <class Take>
    bool receive(Take&& take) {
        while (PQisBusy(conn_) == 0) {
            PGresult* const result = PQgetResult(conn_);
            if (result == nullptr) {
                if (is_between_) return false;  // nothing more has come
                is_between_ = true;
                continue;
            }
            is_between_ = false;
            const bool is_end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
            if (!is_end) take(result);
            PQclear(result);
            if (is_end) {
                is_between_ = true;
                return true;
            }
        }
        return false;
    }

    PGconn* conn_;
    std::size_t unflushed_ = 0;
    bool is_between_ = true;
};

void insert_all(PGconn* conn, const std::vector<bench::entry>& entries, bench::stopwatch& watch) {
    const auto started = bench::clock::now();
    const auto take = [&](PGresult* result) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK) bench::fail(conn);
    };
    pipeline all{conn};
    for (const bench::entry& e : entries) {
        all.insert(e);
        all.flush_if_much_is_left(take);
    }
    all.run(take);
    // None is done before all are: they are one transaction.
    for (std::size_t i = 0; i < entries.size(); ++i) watch.lap("1", started);
}

void select_all(PGconn* conn, std::span<const int> ids, bench::stopwatch& watch) {
    std::vector<std::string> names;
    names.reserve(bench::pipeline_depth);
    const auto take = [&](PGresult* result) {
        if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) bench::fail(conn);
        names.emplace_back(PQgetvalue(result, 0, 0), static_cast<std::size_t>(PQgetlength(result, 0, 0)));
    };
    while (!ids.empty()) {
        const auto started = bench::clock::now();
        pipeline some{conn};
        for (const int id : bench::next_ids(ids)) some.select(id);
        some.run(take);
        for (const std::string& name : names) watch.lap(name, started);
        names.clear();
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool inserts = bench::inserts(argc, argv);
    PGconn* const conn = bench::connect_and_prepare();
    PQclear(PQexec(conn, bench::create_entries));
    PGresult* const prepared = PQprepare(conn, "insert", bench::insert_entry, 2, nullptr);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) bench::fail(conn);
    PQclear(prepared);
    if (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) != 1) bench::fail(conn);

    bench::announce("libpq " + std::to_string(PQlibVersion() / 10000) + ", pipeline mode, prepared");
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        const std::vector<bench::entry> entries = bench::entries_of(inserts, ids);
        pipeline{conn}.execute(bench::truncate_entries);
        bench::stopwatch watch{ids.size()};
        if (inserts)
            insert_all(conn, entries, watch);
        else
            select_all(conn, ids, watch);
        watch.print();
    }
    PQfinish(conn);
}
