// Testing your own code: a network that fails where you say, a count of what goes over the wire, a server by script.

#include "example.hpp"

#include <coropg/sync.hpp>
#include <coropg/testing/fake_server.hpp>
#include <coropg/testing/fault_proxy.hpp>

using coropg::testing::fake_server, coropg::testing::fault, coropg::testing::fault_proxy, coropg::testing::reply;

/// The code to be tested: asks once more when the connection was lost.
std::vector<std::string> user_names(const coropg::conninfo& info) {
    for (int tries = 2;; --tries) try {
            return coropg::sync::connect(info).fetch<std::string>(
                "SELECT name FROM (VALUES ('Alice')) AS users (name)");
        } catch (const coropg::connection_error&) {
            if (tries == 1) throw;
        }
}

const std::vector<std::string> alice{"Alice"};

void a_lost_connection_is_made_again() {
    // A proxy in front of the real server. It resets the first connection within the first row (DataRow is 'D').
    fault_proxy proxy{dsn()};
    proxy.arm({.of_type = 'D', .at_byte = 3, .what = fault::rst});
    expect(user_names(proxy.info()) == alice);
    expect(proxy.traffic().connections == 2 && proxy.traffic().faults == 1);
}

void a_pipeline_is_one_round_trip() {
    fault_proxy proxy{dsn()};
    coropg::sync::connection conn = coropg::sync::connect(proxy.info());
    conn.execute("CREATE TEMP TABLE numbers (n int)");

    const std::vector<int> numbers{1, 2, 3};
    const auto cost = proxy.during([&] { conn.execute_many("INSERT INTO numbers VALUES ($1)", numbers); });
    expect(cost.round_trips == 1);
    expect(cost.executed.size() == numbers.size());
    expect(cost.count(coropg::testing::side::client, 'E') == numbers.size());  // Execute
}

void an_overloaded_server_is_reported() {
    fake_server server;  // no database at all
    server.answer("SELECT count(*) FROM users",
                  reply::failure(coropg::testing::error_response("53100", "the disk is full")));
    coropg::sync::connection conn = coropg::sync::connect(server.info());
    try {
        conn.execute("SELECT count(*) FROM users");
        expect(false);
    } catch (const coropg::errors::disk_full& e) {
        expect(e.message() == "the disk is full");
    }
}

int main() {
    return run([] {
        a_lost_connection_is_made_again();
        a_pipeline_is_one_round_trip();
        an_overloaded_server_is_reported();
    });
}
