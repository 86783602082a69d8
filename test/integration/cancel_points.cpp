// Every operation, cancelled at every point at which it can be: after the first, the second, the third ... handler that
// the event loop runs, until it ends by itself before that. So is the event loop destroyed at every such point.

#include "../support/cancelling.hpp"

#include <functional>
#include <set>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

enum class kind { statement, several, transaction };

/// An operation that adds `rows` to the table "points": all or none, unless it is `several`.
struct operation {
    std::string name;
    int rows;
    kind what;
    std::function<asio::awaitable<void>(coropg::connection&)> run;
};

asio::awaitable<void> insert(coropg::connection& conn) { co_await conn.execute("INSERT INTO points VALUES ($1)", 1); }

asio::awaitable<void> insert_slowly(coropg::connection& conn) {
    co_await conn.execute("INSERT INTO points SELECT 1 FROM pg_sleep(0.01)");
}

asio::awaitable<void> fetch(coropg::connection& conn) {
    co_await conn.fetch<int>("INSERT INTO points SELECT * FROM generate_series(1, 5000) RETURNING x");
}

/// Its type must be asked for, once a connection.
asio::awaitable<void> fetch_type_of_own(coropg::connection& conn) {
    co_await conn.execute("INSERT INTO points VALUES (1) RETURNING ROW(x)::points_row");
}

asio::awaitable<void> insert_many(coropg::connection& conn) {
    const std::vector<int> values{1, 2, 3};
    co_await conn.execute_many("INSERT INTO points VALUES ($1)", values);
}

/// More than a socket takes at once.
asio::awaitable<void> insert_megabytes(coropg::connection& conn) {
    const std::vector<std::string> values(50, std::string(100'000, 'x'));
    co_await conn.execute_many("INSERT INTO points VALUES (length($1))", values);
}

asio::awaitable<void> script(coropg::connection& conn) {
    co_await conn.execute_script(
        "INSERT INTO points VALUES (1); SELECT pg_sleep(0.001); INSERT INTO points VALUES (2)");
}

asio::awaitable<void> pipeline_of_one_part(coropg::connection& conn) {
    auto batch = conn.pipeline();
    batch.execute("INSERT INTO points VALUES (1)");
    batch.execute("INSERT INTO points VALUES (2)");
    co_await batch.run();
}

asio::awaitable<void> pipeline_of_three_parts(coropg::connection& conn) {
    auto batch = conn.pipeline();
    for (int i = 0; i < 3; ++i) {
        batch.execute("INSERT INTO points VALUES ($1)", i);
        batch.sync();
    }
    co_await batch.run();
}

asio::awaitable<void> begin_and_commit(coropg::connection& conn) {
    auto tx = co_await conn.begin();
    co_await tx.execute("INSERT INTO points VALUES (1)");
    co_await tx.execute("INSERT INTO points VALUES (2)");
    co_await tx.commit();
}

asio::awaitable<void> begin_and_roll_back(coropg::connection& conn) {
    auto tx = co_await conn.begin();
    co_await tx.execute("INSERT INTO points VALUES (1)");
    co_await tx.rollback();
}

asio::awaitable<void> savepoint(coropg::connection& conn) {
    auto tx = co_await conn.begin();
    co_await tx.execute("INSERT INTO points VALUES (1)");
    {
        auto undone = co_await tx.begin();
        co_await undone.execute("INSERT INTO points VALUES (2)");
        co_await undone.rollback();
    }
    auto kept = co_await tx.begin();
    co_await kept.execute("INSERT INTO points VALUES (3)");
    co_await kept.commit();
    co_await tx.commit();
}

asio::awaitable<void> function(coropg::connection& conn) {
    const auto body = [](coropg::transaction& tx) -> asio::awaitable<void> {
        co_await tx.execute("INSERT INTO points VALUES (1)");
        co_await tx.execute_script("INSERT INTO points VALUES (2)");
    };
    co_await conn.transaction(body);
}

asio::awaitable<void> several_at_once(coropg::connection& conn) {
    co_await gather(insert(conn), insert_slowly(conn), insert_many(conn), script(conn));
}

asio::awaitable<void> refused(coropg::connection& conn) {
    try {
        co_await conn.execute("SELECT 1 / $1", 0);
    } catch (const errors::division_by_zero&) {
    }
}

const std::vector<operation> operations{
    {"execute", 1, kind::statement, insert},
    {"a slow execute", 1, kind::statement, insert_slowly},
    {"fetch", 5000, kind::statement, fetch},
    {"a lookup of types", 1, kind::statement, fetch_type_of_own},
    {"execute_many", 3, kind::statement, insert_many},
    {"execute_many of megabytes", 50, kind::statement, insert_megabytes},
    {"execute_script", 2, kind::statement, script},
    {"a pipeline of one part", 2, kind::statement, pipeline_of_one_part},
    {"a pipeline of three parts", 3, kind::several, pipeline_of_three_parts},
    {"begin and commit", 2, kind::transaction, begin_and_commit},
    {"begin and rollback", 0, kind::transaction, begin_and_roll_back},
    {"a savepoint", 2, kind::transaction, savepoint},
    {"a transaction function", 2, kind::transaction, function},
    {"gather", 7, kind::several, several_at_once},
    {"a statement that fails", 0, kind::statement, refused},
};

/// Who else is on the connection, and must not notice.
enum class company { none, before, behind };

asio::awaitable<coropg::connection> prepared_connection() {
    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute_script("CREATE TEMP TABLE points (x int); CREATE TYPE pg_temp.points_row AS (x int)");
    co_return conn;
}

/// How an operation ended.
struct end {
    bool well = false;
    std::optional<outcome> became;  ///< nothing when it was between two statements
};

end end_of(cancellable& running) {
    try {
        running.wait();
        return {true, {}};
    } catch (const operation_aborted& e) {
        return {false, e.outcome()};
    } catch (const commit_in_doubt& e) {
        return {false, e.outcome()};
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code() == asio::error::operation_aborted);
    } catch (const std::exception& e) {
        BOOST_ERROR("ended by: " << e.what());
    }
    return {};
}

bool is_true(const operation& op, const end& told, int added) {
    if (told.well) return added == op.rows;
    const bool is_without_effect = told.became && *told.became != outcome::unknown && *told.became != outcome::executed;
    if (op.what == kind::several) return added >= 0 && added <= op.rows;
    return added == 0 || (added == op.rows && !is_without_effect);
}

/// Cancels `op` after `handlers` handlers. False when it has ended by then.
bool cancel_after(async_face& face, coropg::connection& conn, const operation& op, company others, int handlers,
                  bool inside) {
    const auto count = [&] { return face([&] { return conn.fetch_one<int>("SELECT count(*)::int FROM points"); }); };
    const int before = count();
    std::vector<int> answers;
    const auto neighbour = [&](int number) -> asio::awaitable<void> {
        const int answer = co_await conn.fetch_one<int>("SELECT $1 FROM pg_sleep(0.002)", number);
        answers.push_back(answer);
    };
    std::vector<cancellable> neighbours;
    const auto accompany = [&](company place) {
        if (others != place) return;
        for (int i = 0; i < 2; ++i) neighbours.emplace_back(face.io, neighbour(i));
        face.io.poll();
    };
    accompany(company::before);
    cancellable running{face.io, op.run(conn)};
    if (others == company::behind) face.io.poll_one();
    accompany(company::behind);
    for (int i = 0; i < handlers && !running.has_ended(); ++i) face.io.run_one();
    const bool in_time = !running.has_ended();
    if (in_time && inside) running.cancel_inside();
    if (in_time && !inside) running.cancel();
    const end told = end_of(running);
    for (cancellable& one : neighbours) one.wait();
    BOOST_TEST(answers.size() == neighbours.size());
    BOOST_TEST(usable_or_closed(face.io, conn));
    const int added = count() - before;
    BOOST_TEST(is_true(op, told, added), "added " << added << ", told " << (told.well ? "well" : "an error"));
    return in_time;
}

/// Connects and runs `op`; the connection is the coroutine's.
asio::awaitable<void> all_of(const operation& op) {
    coropg::connection conn = co_await prepared_connection();
    co_await op.run(conn);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel_points)

BOOST_AUTO_TEST_CASE(every_operation_can_be_cancelled_everywhere) {
    async_face face;
    for (const operation& op : operations) {
        int points = 0;
        for (const company others : {company::none, company::before, company::behind}) {
            if (others == company::behind && op.what == kind::transaction) continue;  // which is not allowed
            for (const bool inside : {false, true}) {
                coropg::connection conn = face.run(prepared_connection());
                for (int handlers = 0;; ++handlers) {
                    BOOST_TEST_CONTEXT(op.name << ", company " << static_cast<int>(others) << ", after " << handlers
                                               << " handlers" << (inside ? ", from inside" : "")) {
                        BOOST_TEST_REQUIRE(handlers < 1000);
                        if (!cancel_after(face, conn, op, others, handlers, inside)) break;
                        ++points;
                    }
                }
            }
        }
        BOOST_TEST_MESSAGE(op.name << ": " << points << " points");
    }
}

BOOST_AUTO_TEST_CASE(connecting_and_closing_can_be_cancelled_everywhere) {
    async_face face;
    for (const std::string& where : {dsn(), tcp_dsn()}) {
        for (int handlers = 0;; ++handlers) {
            std::optional<coropg::connection> conn;
            const auto connect = [&]() -> asio::awaitable<void> { conn.emplace(co_await coropg::connect(where)); };
            cancellable running{face.io, connect()};
            for (int i = 0; i < handlers && !running.has_ended(); ++i) face.io.run_one();
            const bool in_time = !running.has_ended();
            if (in_time) running.cancel();
            const end told = end_of(running);
            BOOST_TEST(told.well == conn.has_value());
            if (!told.well && told.became) BOOST_TEST((*told.became == outcome::not_sent));
            if (conn) BOOST_TEST(usable_or_closed(face.io, *conn));
            if (!in_time) break;
        }
    }
    for (const bool behind_another : {false, true}) {
        for (int handlers = 0;; ++handlers) {
            coropg::connection conn = face.connect();
            std::optional<cancellable> other;
            if (behind_another) other.emplace(face.io, only_run(conn.execute("SELECT pg_sleep(0.001)")));
            cancellable running{face.io, conn.close()};
            for (int i = 0; i < handlers && !running.has_ended(); ++i) face.io.run_one();
            const bool in_time = !running.has_ended();
            if (in_time) running.cancel();
            const end told = end_of(running);
            if (other) other->wait();
            BOOST_TEST(told.well != usable_or_closed(face.io, conn));
            if (!in_time) break;
        }
    }
}

BOOST_AUTO_TEST_CASE(an_io_context_can_be_destroyed_everywhere) {
    for (const operation& op : operations) {
        for (const bool cancels : {false, true}) {
            int points = 0;
            for (bool has_ended = false; !has_ended; ++points) {
                auto io = std::make_unique<asio::io_context>();
                cancellable running{*io, all_of(op)};
                for (int i = 0; i < points && !running.has_ended(); ++i) io->run_one();
                has_ended = running.has_ended();
                if (has_ended) {
                    running.wait();
                    continue;
                }
                if (cancels) running.cancel();
                if (cancels) io->poll_one();
                io.reset();
                BOOST_TEST(!has_ended);
            }
            BOOST_TEST_MESSAGE(op.name << ": " << points << " points" << (cancels ? ", cancelled" : ""));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_io_context_can_be_destroyed_while_a_cancel_is_on_its_way) {
    for (int handlers = 0; handlers < 8; ++handlers) {
        auto io = std::make_unique<asio::io_context>();
        const auto session = []() -> asio::awaitable<void> {
            coropg::connection conn = co_await coropg::connect(dsn());
            co_await gather(conn.execute("SELECT pg_sleep(30)"));
        };
        std::optional<coropg::connection> watched;
        cancellable running{*io, session()};
        io->run_for(20ms);
        running.cancel();
        for (int i = 0; i < handlers && !running.has_ended(); ++i) io->run_one();
        io.reset();
    }
    BOOST_TEST(sync::connect(dsn()).fetch_one<int>("SELECT 1") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
