// A connection that is lost before, while and after a COMMIT: what is told, and what is stored.
#include "../support/faces.hpp"

#include <coropg/testing/fault_proxy.hpp>

using namespace coropg;
using namespace coropg::test;
using coropg::testing::fault;
using coropg::testing::fault_proxy;
using coropg::testing::side;

BOOST_AUTO_TEST_SUITE(commit_outcomes)

namespace {

/// One row to be committed through a proxy, and a connection of its own to see it.
template <class Face>
struct commit_through_proxy {
    commit_through_proxy() {
        set_logger(nullptr);
        AWAIT(direct.execute_script("DROP TABLE IF EXISTS commit_outcomes; CREATE TABLE commit_outcomes (id int)"));
        AWAIT(tx.execute("INSERT INTO commit_outcomes VALUES (1)"));
    }
    ~commit_through_proxy() { AWAIT(direct.execute("DROP TABLE commit_outcomes")); }

    [[nodiscard]] bool is_stored() {
        return AWAIT(direct.template fetch_one<bool>("SELECT EXISTS (SELECT FROM commit_outcomes)"));
    }
    /// What `resolve` says once the server has an opinion.
    [[nodiscard]] bool resolved(const commit_in_doubt& doubt) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        for (;;) {
            if (const auto answer = AWAIT(resolve(doubt, direct))) return *answer;
            BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
        }
    }

    Face face;
    fault_proxy proxy{tcp_dsn()};
    typename Face::connection direct = face.connect();
    typename Face::connection conn = face.connect(proxy.info());
    basic_transaction<typename Face::connection::runner_type> tx = AWAIT(conn.begin());
};

}  // namespace

// The number of the transaction is asked for on the way, by a statement of its own before COMMIT: so COMMIT is the second
// Parse that the client sends, and the second CommandComplete that it gets.

BOOST_AUTO_TEST_CASE_TEMPLATE(the_server_never_hears_of_the_commit, Face, both_faces) {
    commit_through_proxy<Face> c;
    Face& face = c.face;
    c.proxy.arm_open({.from = side::client, .at_message = 1, .of_type = 'P', .at_byte = 1, .what = fault::fin});
    const auto doubt = VOID_ERROR_OF(commit_in_doubt, c.tx.commit());
    BOOST_TEST((doubt.outcome() == outcome::unknown));
    BOOST_TEST(!doubt.is_transient());
    if (doubt.transaction_id()) BOOST_TEST(!c.resolved(doubt));  // its answer may be lost, too
    BOOST_TEST(!c.is_stored());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_answer_to_the_commit_is_lost, Face, both_faces) {
    for (const fault what : {fault::fin, fault::rst}) {
        commit_through_proxy<Face> c;
        Face& face = c.face;
        c.proxy.arm_open({.from = side::server, .at_message = 1, .of_type = 'C', .at_byte = 3, .what = what});
        const auto doubt = VOID_ERROR_OF(commit_in_doubt, c.tx.commit());
        BOOST_REQUIRE(doubt.transaction_id().has_value());
        BOOST_TEST(c.resolved(doubt));
        BOOST_TEST(c.is_stored());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_that_is_lost_after_the_commit_takes_nothing_back, Face, both_faces) {
    commit_through_proxy<Face> c;
    Face& face = c.face;
    AWAIT(c.tx.commit());
    c.proxy.cut(fault::rst);
    ERROR_OF(connection_error, c.conn.execute("SELECT 1"));
    BOOST_TEST(c.is_stored());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(without_asking_for_its_number_a_doubt_has_none, Face, both_faces) {
    commit_through_proxy<Face> c;
    Face& face = c.face;
    AWAIT(c.tx.rollback());
    auto tx = AWAIT(c.conn.begin({.finds_transaction_id = false}));
    AWAIT(tx.execute("INSERT INTO commit_outcomes VALUES (3)"));
    c.proxy.arm_open({.from = side::server, .at_byte = 1, .what = fault::fin});
    const auto doubt = VOID_ERROR_OF(commit_in_doubt, tx.commit());
    BOOST_TEST(!doubt.transaction_id().has_value());
    BOOST_TEST(!AWAIT(resolve(doubt, c.direct)).has_value());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(begin_and_the_number_cost_no_round_trip, Face, both_faces) {
    commit_through_proxy<Face> c;
    Face& face = c.face;
    AWAIT(c.tx.rollback());
    c.proxy.pace(side::server,
                 {.delay = std::chrono::milliseconds{20}});  // all that waits for no answer is sent before one
    auto conn = face.connect(c.proxy.info());
    const auto cost = c.proxy.during([&] {
        auto tx = AWAIT(conn.begin());
        AWAIT(tx.execute("INSERT INTO commit_outcomes VALUES (4)"));
        AWAIT(tx.execute("INSERT INTO commit_outcomes VALUES (5)"));
        AWAIT(tx.commit());
    });
    BOOST_TEST(cost.round_trips == 3U);
    const auto empty = c.proxy.during([&] {
        auto tx = AWAIT(conn.begin());
        auto inner = AWAIT(tx.begin());
        AWAIT(inner.commit());
        AWAIT(tx.commit());
    });
    BOOST_TEST(empty.round_trips == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
