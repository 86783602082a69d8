// A pool whose server stops taking writes; and one of two hosts under load while the one takes over from the other,
// which COROPG_TEST_FULL does 10 times for each way.

#include "../support/cancelling.hpp"
#include "../support/cluster.hpp"
#include "../support/pools.hpp"
#include "../support/write_load.hpp"

#include <coropg/log.hpp>

#include <algorithm>
#include <array>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

int rounds() { return std::getenv("COROPG_TEST_FULL") != nullptr ? 10 : 1; }

/// A primary that acknowledges nothing which its standby has not, and the standby.
struct couple {
    couple() {
        primary.configure({{"synchronous_standby_names", "*"}});
        standby.configure({{"synchronous_standby_names", ""}});
        standby.reload();
        primary.reload();
        sync::connection conn = sync::connect(primary.info());
        while (!conn.fetch_one<bool>("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')"))
            std::this_thread::sleep_for(5ms);
    }

    /// Of both, in that order.
    [[nodiscard]] conninfo info() const {
        conninfo both = primary.info();
        return both.host("127.0.0.1,127.0.0.1")
            .set("port", std::to_string(primary.port()) + "," + std::to_string(standby.port()))
            .set("target_session_attrs", "read-write");
    }

    cluster primary;
    cluster standby = cluster::standby_of(primary);
};

/// `change` makes the standby the primary under load. Then `come_back` has the former primary come back.
template <class Change, class ComeBack>
void fail_over(Change change, ComeBack come_back) {
    if (!cluster::is_possible_with_standby()) return;
    set_logger(nullptr);
    for (int i = 0; i < rounds(); ++i) {
        couple servers;
        write_load::make_table(servers.primary.info());
        write_load load{servers.info(), {.max_size = 4, .acquire_timeout = 10s}, 8};
        load.first_success(std::chrono::steady_clock::now());
        std::this_thread::sleep_for(200ms);

        change(servers);
        const auto took = load.first_success(std::chrono::steady_clock::now());
        BOOST_TEST_MESSAGE("writes " << took.count() << " ms behind the promotion");
        BOOST_TEST(took.count() <= 1000);

        come_back(servers);
        load.pool.drain();  // now that both hosts answer
        std::this_thread::sleep_for(300ms);
        BOOST_TEST(load.first_success(std::chrono::steady_clock::now()).count() <= 1000);
        load.stop();
        BOOST_TEST(load.pool.stats().timed_out == 0U);
        BOOST_TEST(load.pool.stats().failed == 0U);
        load.check(servers.standby.info());
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pool_failover)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_that_refuses_writes_is_left, Face, both_faces) {
    if (!cluster::is_possible()) return;
    for (const bool wants_writes : {true, false}) {
        cluster server;
        sync::connect(server.info()).execute("CREATE TABLE pool_writes (n int)");
        conninfo info = server.info();
        if (wants_writes) info.set("target_session_attrs", "read-write");
        pool_of<Face> face{{.max_size = 2}, info};
        std::vector<int> pids;
        {
            auto first = AWAIT(face.pool.acquire());
            auto second = AWAIT(face.pool.acquire());
            pids = {first->backend_pid(), second->backend_pid()};
            // A transaction that was meant to be read-only says nothing about the server.
            auto tx = AWAIT(first->begin({.read_only = true}));
            ERROR_OF(errors::read_only_sql_transaction, tx.execute("INSERT INTO pool_writes VALUES (1)"));
            AWAIT(tx.rollback());
        }
        { const std::array again{AWAIT(face.pool.acquire()), AWAIT(face.pool.acquire())}; }
        BOOST_TEST(face.pool.stats().connections_num == 2U);

        const auto await_writes = [&](bool are_taken) {
            const auto limit = std::chrono::steady_clock::now() + stuck_after;
            for (bool is_taken = !are_taken; is_taken != are_taken;) try {
                    BOOST_REQUIRE(std::chrono::steady_clock::now() < limit);
                    AWAIT(face.pool.execute("INSERT INTO pool_writes VALUES (1)"));
                    is_taken = true;
                } catch (const errors::read_only_sql_transaction&) {
                    is_taken = false;
                }
        };
        server.configure({{"default_transaction_read_only", "on"}});
        server.reload();
        await_writes(false);
        server.configure({{"default_transaction_read_only", "off"}});
        server.reload();
        await_writes(true);
        const int pid = AWAIT(face.pool.template fetch_one<int>("SELECT pg_backend_pid()"));
        BOOST_TEST((std::ranges::find(pids, pid) == pids.end()) == wants_writes);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pool_failover_to_a_standby)

BOOST_AUTO_TEST_CASE(the_primary_crashes_and_comes_back_read_only) {
    fail_over(
        [](couple& servers) {
            servers.primary.stop(stop_mode::immediate);
            servers.standby.promote();
        },
        [](couple& servers) {
            servers.primary.configure({{"default_transaction_read_only", "on"}});
            servers.primary.start();
        });
}

BOOST_AUTO_TEST_CASE(the_servers_change_roles) {
    fail_over(
        [](couple& servers) {
            servers.primary.stop(stop_mode::fast);
            servers.standby.promote();
        },
        [](couple& servers) {
            servers.primary.follow(servers.standby);
            servers.primary.start();
        });
}

BOOST_AUTO_TEST_CASE(the_primary_becomes_read_only_in_place) {
    fail_over(
        [](couple& servers) {
            servers.primary.configure({{"default_transaction_read_only", "on"}});
            servers.primary.reload();
            std::this_thread::sleep_for(200ms);  // what began before is written and replicated
            servers.standby.promote();
        },
        [](couple&) {});
}

BOOST_AUTO_TEST_SUITE_END()
