// Point selects over 4 non-blocking connections, one thread, one poll(2) loop: plain libpq.
// Usage: fan_out_libpq [pipeline]. By default each connection has one query in flight; with `pipeline` it has 16, each
// with a Sync of its own.

#include "contestant.hpp"

#include <libpq-fe.h>

#include <arpa/inet.h>
#include <poll.h>

#include <array>
#include <deque>

namespace {

constexpr std::size_t connections = 4;
constexpr std::size_t pipeline_depth = 16;

class lane {
 public:
    explicit lane(bool pipelined) : conn_{PQconnectdb(bench::dsn())}, pipelined_{pipelined} {
        check(PQstatus(conn_) == CONNECTION_OK);
        const Oid int4 = 23;
        PGresult* const prepared = PQprepare(conn_, "by_id", "SELECT name FROM users WHERE id = $1", 1, &int4);
        check(PQresultStatus(prepared) == PGRES_COMMAND_OK);
        PQclear(prepared);
        check(PQsetnonblocking(conn_, 1) == 0);
        if (pipelined_) check(PQenterPipelineMode(conn_) == 1);
    }
    ~lane() { PQfinish(conn_); }
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    [[nodiscard]] bool has_room() const { return in_flight_.size() < (pipelined_ ? pipeline_depth : 1); }
    [[nodiscard]] bool is_idle() const { return in_flight_.empty(); }

    void send(int id) {
        const std::uint32_t wire = htonl(static_cast<std::uint32_t>(id));
        const char* const value = reinterpret_cast<const char*>(&wire);
        const int length = sizeof wire;
        const int binary = 1;
        in_flight_.push_back(bench::clock::now());
        check(PQsendQueryPrepared(conn_, "by_id", 1, &value, &length, &binary, binary) == 1);
        if (pipelined_) check(PQpipelineSync(conn_) == 1);
    }

    // Sends what is left to send and says what to wait for. libpq may have to read before it can write on.
    [[nodiscard]] pollfd wanted() {
        const int unsent = PQflush(conn_);
        check(unsent >= 0);
        const int events = is_idle() ? 0 : unsent == 1 ? POLLIN | POLLOUT : POLLIN;
        return {.fd = PQsocket(conn_), .events = static_cast<short>(events), .revents = 0};
    }

    // A query answers: one result, NULL; in a pipeline: one result, NULL, PIPELINE_SYNC.
    void receive(bench::stopwatch& watch) {
        check(PQconsumeInput(conn_) == 1);
        while (!is_idle() && PQisBusy(conn_) == 0) {
            PGresult* const result = PQgetResult(conn_);
            const ExecStatusType status = result == nullptr ? PGRES_EMPTY_QUERY : PQresultStatus(result);
            if (status == PGRES_TUPLES_OK && PQntuples(result) == 1)
                name_.assign(PQgetvalue(result, 0, 0), static_cast<std::size_t>(PQgetlength(result, 0, 0)));
            else
                check(result == nullptr || status == PGRES_PIPELINE_SYNC);
            PQclear(result);
            const bool done = pipelined_ ? status == PGRES_PIPELINE_SYNC : result == nullptr;
            if (!done) continue;
            watch.lap(name_, in_flight_.front());
            in_flight_.pop_front();
        }
    }

 private:
    void check(bool ok) const {
        if (ok) return;
        std::fputs(PQerrorMessage(conn_), stderr);
        std::exit(1);
    }

    PGconn* conn_;
    bool pipelined_;
    std::deque<bench::clock::time_point> in_flight_;
    std::string name_;
};

void run(std::array<lane, connections>& lanes, const std::vector<int>& ids, bench::stopwatch& watch) {
    auto next = ids.begin();
    while (true) {
        std::array<pollfd, connections> waits{};
        bool idle = true;
        for (std::size_t i = 0; i < connections; ++i) {
            while (next != ids.end() && lanes[i].has_room()) lanes[i].send(*next++);
            waits[i] = lanes[i].wanted();
            idle = idle && lanes[i].is_idle();
        }
        if (idle) return;
        poll(waits.data(), waits.size(), -1);
        for (std::size_t i = 0; i < connections; ++i)
            if (waits[i].revents != 0) lanes[i].receive(watch);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool pipelined = argc > 1 && std::string_view{argv[1]} == "pipeline";
    std::array<lane, connections> lanes{lane{pipelined}, lane{pipelined}, lane{pipelined}, lane{pipelined}};
    bench::announce("libpq " + std::to_string(PQlibVersion() / 10000) +
                    (pipelined ? ", 4 connections, 16 queries in flight on each" : ", 4 connections, unpipelined"));
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        bench::stopwatch watch{ids.size()};
        run(lanes, ids, watch);
        watch.print();
    }
}
