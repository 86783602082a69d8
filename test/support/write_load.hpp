// Coroutines that write rows through a pool, on a thread of their own, and what they were told of each.
#pragma once

#include "history.hpp"
#include "pool_face.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace coropg::test {

/// Writes rows into `load (id bigint, port int)` until it is stopped: by one-shots, on connections of their own and in
/// transactions. Nothing of it reports to Boost.Test, which is not for several threads.
class write_load {
 public:
    using clock = std::chrono::steady_clock;

    /// `table` is of the primary; it is made here.
    write_load(const conninfo& info, pool_options options, int writers)
        : pool{io_.get_executor(), info, options}, writing_{writers} {
        for (int i = 0; i < writers; ++i) asio::co_spawn(io_, write(i), asio::detached);
        thread_ = std::thread{[this] { io_.run(); }};
    }
    ~write_load() { stop(); }
    write_load(const write_load&) = delete;
    write_load& operator=(const write_load&) = delete;

    static void make_table(const conninfo& primary) {
        sync::connect(primary).execute("CREATE TABLE load (id bigint, port int)");
    }

    /// Waits for the end of all that is under way, and of the pool.
    void stop() {
        if (!thread_.joinable()) return;
        stopping_ = true;
        thread_.join();
    }

    /// How long behind `since` something was written again, once it was.
    std::chrono::milliseconds first_success(clock::time_point since) const {
        const auto limit = clock::now() + std::chrono::seconds{30};
        while (clock::now() < limit) {
            const clock::time_point last{clock::duration{last_success_.load()}};
            if (last > since) return std::chrono::duration_cast<std::chrono::milliseconds>(last - since);
            std::this_thread::sleep_for(std::chrono::microseconds{200});
        }
        return std::chrono::hours{1};
    }

    /// What must hold of the table; call it when the load is stopped.
    void check(const conninfo& primary) {
        stored_ids stored;
        sync::connection conn = sync::connect(primary);
        for (const std::int64_t id : conn.fetch<std::int64_t>("SELECT id FROM load")) ++stored[id];
        std::size_t lost = 0;
        std::size_t undead = 0;
        std::size_t twice = 0;
        std::map<claim, std::size_t> told;
        for (const auto& [id, what] : claims_) {
            ++told[what];
            const int count = stored.contains(id) ? stored[id] : 0;
            lost += what == claim::stored && count == 0;
            undead += what == claim::absent && count > 0;
            twice += count > 1;
        }
        BOOST_TEST_MESSAGE(told[claim::stored] << " rows written, " << told[claim::absent] << " told to be absent, "
                                               << told[claim::either] << " not known");
        BOOST_TEST(told[claim::stored] > 0U);
        BOOST_TEST(lost == 0U, lost << " rows are missing that were acknowledged");
        BOOST_TEST(undead == 0U, undead << " rows are there that were told to have no effect");
        BOOST_TEST(twice == 0U);
        for (const std::string& complaint : complaints_) BOOST_ERROR(complaint);
    }

 private:
    asio::io_context io_{1};

 public:
    coropg::pool pool;

 private:
    asio::awaitable<void> write(int writer) {
        for (std::int64_t round = 0; !stopping_; ++round) {
            const std::int64_t id = writer * std::int64_t{1'000'000'000} + round;
            std::exception_ptr problem;
            bool has_connection = false;
            try {
                co_await write_one(id, static_cast<int>(round % 3), has_connection);
                last_success_ = clock::now().time_since_epoch().count();
            } catch (...) {
                problem = std::current_exception();
            }
            claims_.emplace_back(id, judge(problem, has_connection));
            if (problem) co_await sleep_for(std::chrono::milliseconds{1});
        }
        if (--writing_ == 0) co_await pool.close();
    }

    asio::awaitable<void> write_one(std::int64_t id, int how, bool& has_connection) {
        if (how == 0) {
            co_await pool.execute("INSERT INTO load VALUES ($1, inet_server_port())", id);
            co_return;
        }
        pooled_connection conn = co_await pool.acquire();
        has_connection = true;
        if (how == 1) {
            co_await conn->execute("INSERT INTO load VALUES ($1, inet_server_port())", id);
            co_return;
        }
        const auto insert = [id](transaction& tx) -> asio::awaitable<void> {
            co_await tx.execute("INSERT INTO load VALUES ($1, inet_server_port())", id);
        };
        co_await conn->transaction(insert);
    }

    claim judge(const std::exception_ptr& problem, bool has_connection) {
        try {
            if (!problem) return claim::stored;
            std::rethrow_exception(problem);
        } catch (const pool_timeout& e) {
            complain(std::string{"no connection: "} + e.what());
        } catch (const connection_error& e) {
            if (!has_connection && !e.attempts().empty()) complain(std::string{"a failed connect: "} + e.what());
            return claim_of(e.outcome());
        } catch (const error& e) {
            if (!is_expected(e)) complain(std::string{"unexpected: "} + e.what());
            return claim_of(e.outcome());
        } catch (const std::exception& e) {
            complain(std::string{"no error of coropg: "} + e.what());
        }
        return claim::absent;
    }
    /// A server that goes is told apart by its users in two ways; one that lost its role refuses writes.
    static bool is_expected(const error& e) {
        const auto* const of_server = dynamic_cast<const server_error*>(&e);
        return of_server != nullptr && (of_server->sqlstate() == sqlstate::read_only_sql_transaction ||
                                        of_server->sqlstate().starts_with("57P"));
    }
    void complain(std::string what) {
        if (complaints_.size() < 10) complaints_.push_back(std::move(what));
    }

    int writing_;
    std::atomic<bool> stopping_{false};
    std::atomic<clock::rep> last_success_{0};
    std::vector<std::pair<std::int64_t, claim>> claims_;
    std::vector<std::string> complaints_;
    std::thread thread_;
};

}  // namespace coropg::test
