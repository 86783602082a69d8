// One session of every kind of operation, broken at every byte of each direction in four ways: closed, reset, silent, and
// continued by garbage. Whatever happens, each operation ends once and in time, and what it says of its rows is true.
//
// What is provable of garbage: behind the cut nothing real is forwarded, and a success needs the answer of the statement
// and its ReadyForQuery. Random bytes can complete a ReadyForQuery that is cut in two, which the server has sent and
// meant. To forge one they would have to be five certain bytes at the right place, and so would a Sync to the server be:
// one case in 2^40. So garbage is judged as if it were the end of the connection, but for that the last byte of an answer
// may be made up.
#include "../../src/ops/aside.hpp"
#include "../support/faces.hpp"
#include "../support/history.hpp"
#include "../support/seed.hpp"

#include <coropg/testing/fault_proxy.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <iostream>
#include <random>
#include <thread>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;
using coropg::testing::fault;
using coropg::testing::fault_proxy;
using coropg::testing::side;

BOOST_AUTO_TEST_SUITE(byte_sweep)

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What the session does, in this order; see `perform`.
enum step : std::size_t {
    connecting,
    insert,
    first_use,
    second_use,
    third_use,
    batch,
    in_transaction,
    in_savepoint,
    release,
    in_undone,
    undo,
    later_in_transaction,
    commit,
    probe,
    closing,
    step_count
};

constexpr std::array<std::string_view, step_count> step_names{
    "connect",     "insert",      "first use",    "second use", "third use",
    "batch",       "in tx",       "in savepoint", "release",    "in undone savepoint",
    "rollback to", "later in tx", "commit",       "probe",      "close",
};

/// How many bytes have passed when a step ends.
struct mark {
    std::size_t client = 0;
    std::size_t server = 0;
};
using marks = std::array<mark, step_count>;

std::size_t at_of(const mark& m, side from) { return from == side::client ? m.client : m.server; }

/// What is done to the session.
struct disturbance {
    side from = side::server;
    fault what = fault::fin;
    std::size_t at_byte = 0;
};

std::string text_of(const disturbance& d) {
    constexpr std::array<std::string_view, 6> names{"fin", "rst", "silence", "stall", "garbage", "truncate"};
    return std::string{names.at(static_cast<std::size_t>(d.what))} + " at byte " + std::to_string(d.at_byte) +
           (d.from == side::client ? " to" : " from") + " the server";
}

/// Of the schema and of the sessions.
std::string own_name() { return "byte_sweep_" + std::to_string(getpid()); }

constexpr milliseconds patient = 10s;
/// A cancelled statement is given 2 s to end, and the machine is busy.
constexpr milliseconds drain = 2s;
constexpr milliseconds slack = 1500ms;

/// How each face runs what a step starts, within a coroutine.
struct async_stage {
    using connection = coropg::connection;
    static constexpr std::string_view name = "asynchronous";
    template <class Start>
    using value = typename std::invoke_result_t<Start&>::value_type;

    static asio::awaitable<connection> connect(conninfo info) { return coropg::connect(std::move(info)); }
    template <class Start>
    static auto run(Start& start) {
        return start();
    }
};

struct sync_stage {
    using connection = coropg::sync::connection;
    static constexpr std::string_view name = "blocking";
    template <class Start>
    using value = std::invoke_result_t<Start&>;

    static connection connect(conninfo info) { return sync::connect(std::move(info)); }
    template <class Start>
    static auto run(Start& start) -> asio::awaitable<value<Start>> {
        co_return start();
    }
};

/// One run of the session.
template <class Stage>
class performance {
 public:
    /// `whole` is what an undisturbed session costs; empty when that is to be learned.
    performance(fault_proxy& proxy, std::int64_t first_id, const marks* whole, std::optional<disturbance> disturbed,
                milliseconds impatient, bool counts_time)
        : proxy_{proxy},
          first_id_{first_id},
          whole_{whole},
          disturbed_{disturbed},
          impatient_{impatient},
          counts_time_{counts_time} {}

    static constexpr std::int64_t ids = 12;  ///< how many each takes

    asio::awaitable<void> perform();

    [[nodiscard]] std::int64_t row_of_transaction() const { return id(7); }

    history told;
    marks learned{};
    /// A time limit was hit before the fault happened: the machine was too slow for what was to be tried.
    bool is_void = false;
    /// An operation has not ended in time: for the same reason, or for a fault of the driver, which then shows again.
    bool is_late = false;

 private:
    [[nodiscard]] std::int64_t id(std::int64_t number) const { return first_id_ + number; }

    /// Whether the fault is bound to happen before (-1), while (0) or after (1) the step runs. At the bytes between two
    /// steps it may be either, which is 0 for both.
    [[nodiscard]] int place_of_fault(step s) const {
        if (!disturbed_) return 1;
        const std::size_t begin = s == connecting ? 0 : at_of((*whole_)[s - 1], disturbed_->from);
        if (disturbed_->at_byte < begin) return -1;
        return disturbed_->at_byte > at_of((*whole_)[s], disturbed_->from) ? 1 : 0;
    }
    /// Only silence needs a limit to be noticed: then it is short, but just where it is due.
    [[nodiscard]] milliseconds limit(step s) const {
        const bool is_silence = disturbed_ && disturbed_->what == fault::silence;
        return is_silence && place_of_fault(s) == 0 ? impatient_ : patient;
    }
    [[nodiscard]] call_options within_limit(step s) const { return {.timeout = limit(s)}; }

    /// Runs one operation. `start` is called once.
    template <class Start>
    asio::awaitable<std::optional<detail::gathered<typename Stage::template value<Start>>>> attempt(
        std::string_view name, milliseconds limit, Start start) {
        using value = typename Stage::template value<Start>;
        const std::size_t index = told.operations.size();
        told.operations.push_back({.name = name, .limit = limit});
        std::optional<detail::gathered<value>> answer;
        std::exception_ptr problem;
        const auto began = steady_clock::now();
        try {
            if constexpr (std::is_void_v<value>) {
                co_await Stage::run(start);
                answer.emplace();
            } else {
                answer.emplace(co_await Stage::run(start));
            }
        } catch (...) {
            problem = std::current_exception();
        }
        operation& o = told.operations[index];
        o.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
        ++o.endings;
        if (problem) o.fail(problem);
        judge(o);
        co_return answer;
    }

    /// As above, for a step that costs bytes.
    template <class Start>
    auto attempt(step s, Start start) {
        return attempt(step_names[s], limit(s), std::move(start));
    }

    /// What every operation has to keep to.
    void judge(const operation& o) {
        const auto complain = [&](std::string_view what) {
            told.complain(std::string{o.name} + " " + std::string{what} + " after " + std::to_string(o.took.count()) +
                          " ms" + (o.text.empty() ? "" : ": " + o.text));
        };
        if (o.endings != 1) complain("ended more than once");
        if (o.problem && !o.became) complain("threw an error of another kind");
        // When something was broken before, the connection is closed, or is about to be.
        const milliseconds allowed = (broken_ ? 0ms : o.limit) + drain + slack;
        if (o.took > allowed) {
            is_late = true;
            if (counts_time_) complain("took too long");
        }
        if (!o.problem) return;
        if (disturbed_ && !broken_ && disturbed_->what == fault::silence && proxy_.traffic().faults == 0)
            is_void = true;
        if (disturbed_ && disturbed_->what != fault::silence && !o.failed_with<connection_error>())
            complain("did not fail with a connection_error");
        if (disturbed_ && disturbed_->what == fault::silence && !broken_ && !is_void && o.name != "connect" &&
            !o.failed_with<query_timeout>() && !o.failed_with<commit_in_doubt>())
            complain("did not fail by its limit");
        if (!disturbed_) complain("failed undisturbed");
        broken_ = true;
    }

    /// Whether the step of the last operation has to succeed or to fail, as the bytes say that passed.
    void ends(step s) {
        const operation& o = told.operations.back();
        if (whole_ == nullptr) {
            const auto passed = proxy_.traffic();
            learned[s] = {passed.client_bytes, passed.server_bytes};
        }
        if (!disturbed_ || is_void || s == closing) return;
        const int place = place_of_fault(s);
        if (place > 0 && !o.succeeded()) told.complain(std::string{o.name} + " failed before the fault: " + o.text);
        if (!o.succeeded()) return;
        const std::size_t end = at_of((*whole_)[s], disturbed_->from);
        const bool last_byte_made_up = disturbed_->what == fault::garbage && disturbed_->at_byte + 1 == end;
        if (place <= 0 && disturbed_->at_byte < end && !last_byte_made_up && !is_second_connection())
            told.complain(std::string{o.name} + " succeeded without its answer");
    }

    /// Garbage that reads like "I do encryption": libpq then connects anew, without it.
    [[nodiscard]] bool is_second_connection() const { return proxy_.traffic().connections > 1; }

    template <class Begun>
    asio::awaitable<void> perform_transaction(Begun& tx);
    asio::awaitable<void> perform_batch(typename Stage::connection& conn);

    /// Of the last operation, which wrote that row.
    [[nodiscard]] claim last_claim() const { return claim_of(told.operations.back().became); }

    fault_proxy& proxy_;
    std::int64_t first_id_;
    const marks* whole_;
    std::optional<disturbance> disturbed_;
    milliseconds impatient_;
    bool counts_time_;
    bool broken_ = false;
};

template <class Stage>
asio::awaitable<void> performance<Stage>::perform() {
    // Where silence is due while connecting, the shortest limit that libpq knows.
    const bool is_short = limit(connecting) != patient;
    conninfo info = proxy_.info();
    const milliseconds connect_limit = is_short ? std::max(1000ms, impatient_ * 4) : patient;
    info.application_name(own_name()).connect_timeout(connect_limit);
    info.set("options", "-c search_path=" + own_name());

    const auto connect = [&] { return Stage::connect(info); };
    auto made = co_await attempt("connect", connect_limit, connect);
    ends(connecting);
    const operation& connected = told.operations.back();
    if (disturbed_ && disturbed_->what == fault::silence && !made && !connected.failed_with<connect_timeout>())
        told.complain("connect failed with another error than connect_timeout: " + connected.text);
    if (!made) co_return;
    auto& conn = *made;

    const auto insert_one = [&] {
        return conn.with(within_limit(insert)).execute("INSERT INTO swept VALUES ($1)", id(0));
    };
    co_await attempt(insert, insert_one);
    told.expect(id(0), last_claim());
    ends(insert);

    for (std::int64_t i = 1; i <= 3; ++i) {
        const step s = static_cast<step>(insert + static_cast<std::size_t>(i));
        const auto use = [&] {
            return conn.with(within_limit(s))
                .template fetch_one<std::int64_t>("INSERT INTO swept VALUES ($1) RETURNING id", id(i));
        };
        const std::optional<std::int64_t> echo = co_await attempt(s, use);
        if (echo && *echo != id(i)) told.complain("a statement was answered by another's row");
        told.expect(id(i), last_claim());
        ends(s);
    }

    co_await perform_batch(conn);
    {
        const auto begin = [&] { return conn.with(within_limit(commit)).begin(); };
        auto tx = co_await attempt("begin", patient, begin);
        if (tx) co_await perform_transaction(*tx);
    }

    // Whatever has happened, the connection is of use still, or closed: and that within the time of a drain.
    const auto probe_it = [&] {
        return conn.with(within_limit(probe)).template fetch_one<std::int64_t>("SELECT $1::int8", id(0));
    };
    const std::optional<std::int64_t> echo = co_await attempt(probe, probe_it);
    if (echo && *echo != id(0)) told.complain("the probe was answered by another's row");
    ends(probe);
    const auto close = [&] { return conn.close(); };
    co_await attempt(closing, close);
    if (told.operations.back().problem) told.complain("close failed: " + told.operations.back().text);
    if (conn.is_open()) told.complain("the connection is open behind close");
}

/// Two implicit transactions in one go: the row of the first, then two that stand or fall together.
template <class Stage>
asio::awaitable<void> performance<Stage>::perform_batch(typename Stage::connection& conn) {
    auto p = conn.with(within_limit(batch)).pipeline();
    auto first = p.execute("INSERT INTO swept VALUES ($1)", id(4));
    auto first_echo = p.template fetch_one<std::int64_t>("SELECT $1::int8", id(4));
    p.sync();
    auto second = p.execute("INSERT INTO swept VALUES ($1)", id(5));
    auto second_echo = p.template fetch_one<std::int64_t>("SELECT $1::int8", id(5));
    auto third = p.execute("INSERT INTO swept VALUES ($1)", id(6));
    const auto run = [&] { return p.run(); };
    // It ends once all of its units have: those behind may be told by the limit, the first by the drain.
    co_await attempt(batch, run);
    const bool is_well = told.operations.back().succeeded();
    ends(batch);

    bool all_well = true;
    const auto outcome_of = [&](std::string_view name, auto& handle) {
        operation o{.name = name, .endings = 1};
        try {
            handle.get();
        } catch (...) {
            o.fail(std::current_exception());
            all_well = false;
        }
        if (o.problem && !o.became) told.complain(std::string{name} + ": " + o.text);
        return claim_of(o.became);
    };
    told.expect(id(4), outcome_of("first of the batch", first));
    outcome_of("second of the batch", first_echo);
    told.expect(id(5), outcome_of("third of the batch", second));
    outcome_of("fourth of the batch", second_echo);
    told.expect(id(6), outcome_of("fifth of the batch", third));
    told.expect_together({id(5), id(6)});
    if (is_well != all_well) told.complain("the batch and its statements disagree");
}

template <class Stage>
template <class Begun>
asio::awaitable<void> performance<Stage>::perform_transaction(Begun& tx) {
    std::vector<std::pair<std::int64_t, claim>> rows;
    const auto note = [&](std::int64_t number) {
        const operation& o = told.operations.back();
        // What is not committed yet cannot be stored, so nothing is in doubt unless nobody waited.
        if (o.became == outcome::unknown && o.failed_with<connection_error>())
            told.complain(std::string{o.name} + " is in doubt, though it was not committed");
        rows.emplace_back(id(number), last_claim());
    };

    const auto write = [&] {
        return tx.with(within_limit(in_transaction)).execute("INSERT INTO swept VALUES ($1)", id(7));
    };
    co_await attempt(in_transaction, write);
    note(7);
    ends(in_transaction);
    {
        const auto nest = [&] { return tx.with(within_limit(release)).begin(); };
        auto inner = co_await attempt("savepoint", patient, nest);
        if (inner) {
            const auto write_in = [&] {
                return inner->with(within_limit(in_savepoint)).execute("INSERT INTO swept VALUES ($1)", id(8));
            };
            co_await attempt(in_savepoint, write_in);
            note(8);
            ends(in_savepoint);
            const auto keep = [&] { return inner->commit(); };
            co_await attempt(release, keep);
            if (!told.operations.back().succeeded()) rows.back().second = claim::absent;
            ends(release);
        }
    }
    {
        const auto nest = [&] { return tx.with(within_limit(undo)).begin(); };
        auto inner = co_await attempt("second savepoint", patient, nest);
        if (inner) {
            const auto write_in = [&] {
                return inner->with(within_limit(in_undone)).execute("INSERT INTO swept VALUES ($1)", id(9));
            };
            co_await attempt(in_undone, write_in);
            ends(in_undone);
            const auto drop = [&] { return inner->rollback(); };
            co_await attempt(undo, drop);
            ends(undo);
        }
        told.expect(id(9), claim::absent);
    }
    const auto write_more = [&] {
        return tx.with(within_limit(later_in_transaction)).execute("INSERT INTO swept VALUES ($1)", id(10));
    };
    co_await attempt(later_in_transaction, write_more);
    note(10);
    ends(later_in_transaction);

    const auto store = [&] { return tx.commit(); };
    co_await attempt(commit, store);
    const claim stored = last_claim();
    ends(commit);
    for (const auto& [row, what] : rows) told.expect(row, both(what, stored));
    if (std::ranges::all_of(rows, [](const auto& r) { return r.second == claim::stored; }) && rows.size() == 3)
        told.expect_together({id(7), id(8), id(10)});
}

/// A case, and what became of it.
template <class Stage>
struct tried {
    disturbance what;
    std::unique_ptr<performance<Stage>> session;
};

/// Without those of threads that have just looked up a name or proved a password.
std::size_t open_descriptors() {
    using detail::ops::aside_threads;
    for (aside_threads* each : {&aside_threads::of_lookups(), &aside_threads::of_connects()})
        BOOST_TEST(each->wait_until_idle(5s));
    std::size_t count = 0;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder{opendir("/proc/self/fd"), closedir};
    while (readdir(folder.get()) != nullptr) ++count;
    return count;
}

/// The cases of one face, tried by many lanes at once.
template <class Stage>
class sweep {
 public:
    sweep(const marks& whole, std::vector<disturbance> cases, std::uint64_t seed, std::atomic<std::int64_t>& next_id)
        : whole_{whole}, cases_{std::move(cases)}, seed_{seed}, next_id_{next_id}, running_(cases_.size()) {}

    /// Takes cases until none is left.
    asio::awaitable<void> lane() {
        for (;;) {
            const std::size_t index = next_++;
            if (index >= cases_.size()) co_return;
            running_[index] = true;
            milliseconds impatient = 150ms;
            for (int tries = 1; tries <= most_tries; ++tries, impatient *= 2) {
                const bool is_done = co_await try_once(index, impatient, tries > 2);
                if (is_done) break;
                if (tries == most_tries) ++untried;
            }
            running_[index] = false;
        }
    }

    [[nodiscard]] std::string still_running() const {
        std::string text;
        for (std::size_t i = 0; i < cases_.size(); ++i)
            if (running_[i]) text += "\n  " + text_of(cases_[i]);
        return text;
    }

    std::vector<tried<Stage>> all;
    std::size_t voids = 0;
    std::atomic<std::size_t> untried = 0;

 private:
    /// False when the machine was too slow for the limits.
    asio::awaitable<bool> try_once(std::size_t index, milliseconds impatient, bool counts_time) {
        const disturbance& what = cases_[index];
        auto making = make_proxy(what, seed_ + index);
        std::unique_ptr<fault_proxy> made = co_await asio::co_spawn(threads_, std::move(making), asio::use_awaitable);
        fault_proxy& proxy = *made;
        auto session = std::make_unique<performance<Stage>>(proxy, next_id_.fetch_add(performance<Stage>::ids), &whole_,
                                                            what, impatient, counts_time);
        co_await session->perform();
        const bool is_void = session->is_void || (session->is_late && !counts_time);
        // The last bytes may be on their way still.
        asio::steady_timer pause{co_await asio::this_coro::executor};
        const auto limit = steady_clock::now() + (session->is_void ? 0s : 10s);
        while (proxy.traffic().faults == 0 && steady_clock::now() < limit) {
            pause.expires_after(1ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
        if (!session->is_void && proxy.traffic().faults == 0) session->told.complain("the fault did not happen");
        {
            const std::lock_guard lock{mutex_};
            all.push_back({what, std::move(session)});
            voids += is_void ? 1 : 0;
        }
        auto ending = end_proxy(std::move(made));
        co_await asio::co_spawn(threads_, std::move(ending), asio::use_awaitable);
        co_return !is_void;
    }

    /// Starting and ending a proxy's thread would hold up the loop of the lanes.
    static asio::awaitable<std::unique_ptr<fault_proxy>> make_proxy(disturbance what, std::uint64_t seed) {
        auto proxy = std::make_unique<fault_proxy>(conninfo{tcp_dsn()}, testing::seed{seed});
        proxy->arm({.from = what.from, .at_byte = what.at_byte, .what = what.what, .on = testing::connections::all});
        co_return proxy;
    }
    static asio::awaitable<void> end_proxy(std::unique_ptr<fault_proxy> proxy) {
        proxy.reset();
        co_return;
    }

    static constexpr int most_tries = 6;

    asio::thread_pool threads_{4};
    const marks& whole_;
    std::vector<disturbance> cases_;
    std::uint64_t seed_;
    std::atomic<std::int64_t>& next_id_;
    std::vector<std::atomic<bool>> running_;
    std::atomic<std::size_t> next_ = 0;
    std::mutex mutex_;
};

/// All lanes are coroutines of one loop.
void run_lanes(sweep<async_stage>& s, std::size_t lanes, std::chrono::seconds limit) {
    asio::io_context io;
    std::size_t left = lanes;
    for (std::size_t i = 0; i < lanes; ++i)
        asio::co_spawn(io, s.lane(), [&](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
            --left;
        });
    io.run_for(limit);
    BOOST_TEST_REQUIRE(left == 0U, "these hang:" << s.still_running());
}

/// Each lane is a thread. One that hangs cannot be ended.
void run_lanes(sweep<sync_stage>& s, std::size_t lanes, std::chrono::seconds limit) {
    std::vector<std::future<void>> running;
    for (std::size_t i = 0; i < lanes; ++i)
        running.push_back(std::async(std::launch::async, [&] {
            asio::io_context io;
            asio::co_spawn(io, s.lane(), [](std::exception_ptr e) {
                if (e) std::rethrow_exception(e);
            });
            io.run();
        }));
    const auto deadline = steady_clock::now() + limit;
    for (auto& each : running) {
        if (each.wait_until(deadline) == std::future_status::timeout) {
            std::cerr << "these hang:" << s.still_running() << std::endl;
            std::_Exit(1);
        }
        each.get();
    }
}

/// The table that all sessions write to, as seen without the proxy.
class witness {
 public:
    witness() {
        conn_.execute_script(unchecked_sql{"DROP SCHEMA IF EXISTS " + own_name() + " CASCADE; CREATE SCHEMA " +
                                           own_name() + "; CREATE TABLE " + own_name() +
                                           ".swept (id int8 NOT NULL); SET search_path = " + own_name()});
    }
    ~witness() {
        set_logger(nullptr);
        conn_.execute_script(unchecked_sql{"DROP SCHEMA IF EXISTS " + own_name() + " CASCADE"});
    }

    /// What is stored, once no process of the server is left that could still store something.
    stored_ids read() {
        const auto deadline = steady_clock::now() + 30s;
        while (conn_.fetch_one<std::int64_t>("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                                             own_name()) != 0) {
            BOOST_TEST_REQUIRE((steady_clock::now() < deadline), "sessions are left on the server");
            conn_.execute("SELECT pg_sleep(0.01)");
        }
        const auto rows = conn_.fetch<std::pair<std::int64_t, int>>("SELECT id, count(*)::int FROM swept GROUP BY id");
        return {rows.begin(), rows.end()};
    }

    std::optional<bool> is_committed(const commit_in_doubt& doubt) { return resolve(doubt, conn_); }

 private:
    sync::connection conn_ = sync::connect(dsn());
};

/// A session that nothing happens to.
template <class Stage>
marks undisturbed(witness& table, std::int64_t first_id) {
    fault_proxy proxy{conninfo{tcp_dsn()}};
    performance<Stage> session{proxy, first_id, nullptr, std::nullopt, patient, true};
    asio::io_context io;
    asio::co_spawn(io, session.perform(), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
    BOOST_TEST_REQUIRE(proxy.wait([](const testing::traffic& t) { return t.client.ends_with('X'); }));
    session.learned[closing] = {proxy.traffic().client_bytes, proxy.traffic().server_bytes};
    const stored_ids stored = table.read();
    for (const std::string& text : session.told.complaints(stored)) BOOST_ERROR(text);
    BOOST_TEST(stored.size() == 10U);  // 0 to 10, but 9
    return session.learned;
}

/// Every byte, every direction and every fault, or `count` of these, evenly spread.
std::vector<disturbance> cases_of(const marks& whole, std::optional<std::size_t> count, std::uint64_t seed) {
    std::vector<disturbance> every;
    for (const fault what : {fault::fin, fault::rst, fault::silence, fault::garbage})
        for (const side from : {side::client, side::server})
            for (std::size_t at = 0; at <= at_of(whole[closing], from); ++at) every.push_back({from, what, at});
    std::mt19937_64 random{seed};
    std::vector<disturbance> chosen;
    const double stride = count ? static_cast<double>(every.size()) / static_cast<double>(*count) : 1;
    const double phase = count ? std::uniform_real_distribution{0.0, stride}(random) : 0;
    for (std::size_t i = 0; i < count.value_or(every.size()); ++i)
        chosen.push_back(every.at(static_cast<std::size_t>(phase + static_cast<double>(i) * stride)));
    std::ranges::shuffle(chosen, random);  // so that the silent ones wait while others work
    return chosen;
}

/// What the outcome of a transaction is held against.
template <class Stage>
std::vector<std::string> contradictions(const performance<Stage>& session, const stored_ids& stored, witness& table,
                                        std::size_t& resolved) {
    std::vector<std::string> all;
    for (const operation& o : session.told.operations) try {
            if (o.problem) std::rethrow_exception(o.problem);
        } catch (const commit_in_doubt& doubt) {
            const std::optional<bool> committed = table.is_committed(doubt);
            if (doubt.transaction_id() && !committed) all.emplace_back("a doubt cannot be resolved");
            if (!committed) continue;
            ++resolved;
            if (*committed != stored.contains(session.row_of_transaction()))
                all.emplace_back("resolve() says something else than the table");
        } catch (...) {
        }
    return all;
}

template <class Stage>
void run_sweep(std::optional<std::size_t> count, std::size_t lanes) {
    set_logger(nullptr);
    const std::uint64_t seed = announced_seed();
    const auto began = steady_clock::now();
    witness table;
    std::atomic<std::int64_t> next_id = performance<Stage>::ids;
    const marks whole = undisturbed<Stage>(table, 0);
    BOOST_TEST_MESSAGE("a session is " << whole[closing].client << " bytes to the server and " << whole[closing].server
                                       << " back");
    sweep<Stage> s{whole, cases_of(whole, count, seed), seed, next_id};
    const std::size_t descriptors = open_descriptors();
    run_lanes(s, lanes, count ? 120s : 3000s);
    BOOST_TEST(s.untried == 0U);
    BOOST_TEST(open_descriptors() == descriptors);

    const stored_ids stored = table.read();
    std::map<std::string_view, std::size_t> endings;
    std::size_t resolved = 0;
    for (const tried<Stage>& each : s.all) {
        std::vector<std::string> complaints = each.session->told.complaints(stored);
        std::ranges::move(contradictions(*each.session, stored, table, resolved), std::back_inserter(complaints));
        for (const std::string& text : complaints) BOOST_ERROR(text_of(each.what) << ": " << text);
        const auto& all = each.session->told.operations;
        const auto first = std::ranges::find_if(all, [](const operation& o) { return !o.succeeded(); });
        ++endings[first == all.end() ? "nothing" : first->name];
    }
    std::string text;
    for (const auto& [name, times] : endings) text += "\n  " + std::string{name} + ": " + std::to_string(times);
    const std::chrono::duration<double> took = steady_clock::now() - began;
    BOOST_TEST_MESSAGE(s.all.size() - s.voids << " cases on the " << Stage::name << " face in " << took.count()
                                              << " s, " << s.voids << " tried again, " << resolved
                                              << " doubts resolved; what failed first:" << text);
}

/// All of it when COROPG_TEST_FULL is set, else so many cases.
std::optional<std::size_t> sample(std::size_t count) {
    if (std::getenv("COROPG_TEST_FULL") != nullptr) return std::nullopt;
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(coroutines) { run_sweep<async_stage>(sample(800), 64); }

BOOST_AUTO_TEST_CASE(blocking_calls) { run_sweep<sync_stage>(sample(300), 32); }

BOOST_AUTO_TEST_SUITE_END()
