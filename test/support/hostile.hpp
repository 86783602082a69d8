// What a server may do that is not trusted: a scenario is a verb, what the server says, and what comes of it. Whatever it
// says, the verb ends in time by a value that the server has sent for it or by an error of coropg, nothing else leaves the
// event loop, and what is run afterwards ends in time, too.
#pragma once

#include "strict_faces.hpp"

#include <coropg/testing/fake_server.hpp>
#include <coropg/types/enum.hpp>

#include <atomic>
#include <thread>
#include <vector>

namespace hostile {

enum class mood { ok, bad };

}  // namespace hostile

template <>
struct coropg::codec<hostile::mood> : coropg::enum_codec<hostile::mood, "mood"> {};

namespace hostile {

using namespace coropg;
using namespace coropg::testing;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// What the client does.
enum class verb : unsigned char {
    connect,   ///< the script begins with what answers the StartupMessage
    fetch,     ///< "PBDES"
    twice,     ///< fetch, and later fetch again
    prepared,  ///< fetch, and fetch again by its name: "PBDES", "BDES"
    pipeline,  ///< three: "PBDEPBDEPBDES"
    commit,    ///< of a transaction with one statement: "PBDEPBDES", "PBDESPBDES"
    rollback,  ///< the same, "PBDES" at the end
    lookup,    ///< fetch of a column whose type is looked up
    send,      ///< a parameter whose type is looked up first
    script,    ///< "Q"
    reset,     ///< of a session that was changed, and a fetch behind it
};

/// What comes of it.
struct ending {
    enum class kind : unsigned char { value, error, either };
    kind how = kind::either;
    std::string text{};  ///< the value, or a part of the error
    std::optional<bool> is_open{};
};

inline ending gives(std::string text) { return {ending::kind::value, std::move(text), {}}; }
/// And the connection is closed.
inline ending closed(std::string text) { return {ending::kind::error, std::move(text), false}; }
/// And the connection goes on.
inline ending fails(std::string text) { return {ending::kind::error, std::move(text), true}; }
/// And what becomes of the connection is seen later.
inline ending fails_later(std::string text) { return {ending::kind::error, std::move(text), {}}; }
/// What libpq itself decides.
inline ending either() { return {}; }

struct scenario {
    std::string name;
    verb what;
    testing::script steps;
    ending end;
    std::vector<std::pair<std::string, reply>> replies{};
    milliseconds timeout{15'000};
};

/// One in which the client waits in vain.
inline scenario in_vain(scenario s) {
    s.timeout = 300ms;
    return s;
}

inline const std::string users = "SELECT name FROM users";
inline const std::string described = row_description({{"name"}});
inline const std::string rows = described + data_row({{"Alice"}}) + command_complete("SELECT 1");
inline const std::string begun = parse_complete() + bind_complete();
inline const std::string answer = begun + rows;
inline const std::string ready = ready_for_query();

inline std::string repeated(const std::string& text, std::size_t times) {
    std::string all;
    for (; times > 0; --times) all += text;
    return all;
}

/// Runs the verb of a scenario on an open connection, and returns the rows that it gave.
template <class Face>
std::string run_verb(Face& face, typename Face::connection& conn, const scenario& s) {
    const auto options = [&](prepare how) { return call_options{.timeout = s.timeout, .prepare = how}; };
    auto limited = conn.with(options(prepare::never));
    const auto fetch = [&](auto& handle) {
        std::string all;
        for (const std::string& each : AWAIT(handle.template fetch<std::string>("SELECT name FROM users"))) all += each;
        return all;
    };
    switch (s.what) {
        case verb::connect: return "connected";
        case verb::fetch: return fetch(limited);
        case verb::twice: {
            std::string first = fetch(limited);
            return first + fetch(limited);
        }
        case verb::prepared: {
            auto named = conn.with(options(prepare::always));
            std::string first = fetch(named);
            return first + fetch(named);
        }
        case verb::pipeline: {
            auto p = limited.pipeline();
            auto one = p.template fetch<std::string>("SELECT name FROM users");
            auto two = p.execute("DELETE FROM users");
            auto three = p.template fetch_one<std::string>("SELECT name FROM others");
            AWAIT(p.run());
            return one.get().at(0) + std::to_string(two.get().affected_rows()) + three.get();
        }
        case verb::commit:
        case verb::rollback: {
            auto tx = AWAIT(limited.begin());
            AWAIT(tx.execute("DELETE FROM users"));
            if (s.what == verb::commit)
                AWAIT(tx.commit());
            else
                AWAIT(tx.rollback());
            return "ended";
        }
        case verb::lookup:
            return AWAIT(limited.template fetch_one<mood>("SELECT mood FROM users")) == mood::ok ? "ok" : "bad";
        case verb::send: AWAIT(limited.execute("UPDATE users SET mood = $1", mood::ok)); return "sent";
        case verb::script: AWAIT(limited.execute_script("CREATE TABLE a (); CREATE TABLE b ()")); return "run";
        case verb::reset:
            conn.runner().core().assume_changed();
            conn.runner().core().reset(std::chrono::steady_clock::now() + s.timeout);
            return fetch(limited);
    }
    return {};
}

/// Notes what is wrong with the end of one verb.
class judge {
 public:
    explicit judge(std::string where) : where_{std::move(where)} {}

    /// Runs `work`, and returns its value, or nothing behind an error, whose text is kept.
    template <class Work>
    std::optional<std::string> hear(milliseconds limit, Work work) {
        const auto start = std::chrono::steady_clock::now();
        std::optional<std::string> value;
        try {
            value = work();
        } catch (const coropg::error& e) {
            text = e.what();
        } catch (const std::exception& e) {
            complain(std::string{"no error of coropg: "} + e.what());
        }
        const auto took = std::chrono::steady_clock::now() - start;
        if (took > limit && took > test::within(limit)) complain("takes too long");
        return value;
    }

    void complain(const std::string& what) { complaints += where_ + ": " + what + "\n"; }

    std::string text;
    std::string complaints;

 private:
    std::string where_;
};

/// Plays a scenario. Returns what is wrong.
template <class Face>
std::string play(const scenario& s) {
    constexpr milliseconds of_a_cancel = 3s;
    judge j{s.name + (Face::is_async ? " (coroutine)" : " (blocking)")};
    fake_server server;
    server.next(s.steps);
    server.answer("SELECT 'probe'", reply::rows({{"probe"}}, {{"probe"}}));
    for (const auto& [sql, with] : s.replies) server.answer(sql, with);
    conninfo info = server.info();
    info.set("password", "secret").connect_timeout(std::max<milliseconds>(s.timeout, 2s)).set("sslmode", "disable");

    Face face;
    std::optional<typename Face::connection> conn;
    std::optional<std::string> got = j.hear(s.timeout + of_a_cancel, [&] {
        conn.emplace(face.connect(info));
        return run_verb(face, *conn, s);
    });
    using kind = ending::kind;
    if (got && (s.end.how == kind::error || (s.end.how == kind::value && *got != s.end.text)))
        j.complain("a value: \"" + *got + "\"");
    if (!got && (s.end.how == kind::value || j.text.find(s.end.text) == std::string::npos))
        j.complain("an error: " + j.text);
    if (conn && s.end.is_open && conn->is_open() != *s.end.is_open)
        j.complain(*s.end.is_open ? "the connection is closed" : "the connection is open");
    if (conn) {
        const milliseconds patience = s.end.is_open == true ? 15s : 1s;
        const auto next = j.hear(patience + of_a_cancel, [&] {
            auto limited = conn->with({.timeout = patience});
            return AWAIT(limited.template fetch_one<std::string>("SELECT 'probe'"));
        });
        if (next && *next != "probe") j.complain("the next statement has the rows of another: " + *next);
        if (!next && s.end.is_open == true) j.complain("the next statement fails: " + j.text);
    }
    conn.reset();
    j.hear(1s, [&] {
        face.settle();
        return std::string{};
    });
    return std::move(j.complaints);
}

/// Plays all on both faces, some at a time.
inline void play_all(const std::vector<scenario>& all) {
    set_logger(nullptr);
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::string complaints;
    const auto lane = [&] {
        for (std::size_t i = next++; i < 2 * all.size(); i = next++) {
            const scenario& s = all[i / 2];
            const std::string wrong = i % 2 == 0 ? play<test::strict_async_face>(s) : play<test::strict_sync_face>(s);
            const std::lock_guard lock{mutex};
            complaints += wrong;
        }
    };
    {
        std::vector<std::jthread> lanes;
        for (int i = 0; i < 8; ++i) lanes.emplace_back(lane);
    }
    BOOST_TEST_MESSAGE(all.size() << " scenarios");
    BOOST_TEST(complaints == "");
}

}  // namespace hostile
