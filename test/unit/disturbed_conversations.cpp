// Conversations with a server whose messages are disturbed by dice. Whatever it says: a verb ends in time by a value or by
// an error of coropg, nothing else leaves the event loop, the rows of one statement are never another's, and memory does
// not grow. A million messages when COROPG_TEST_FULL is set.
//
// COROPG_TEST_SEED repeats a run; a conversation depends on its own seed alone, which is printed when it fails:
// COROPG_TEST_SEED with COROPG_TEST_CONVERSATIONS=1. What libpq itself decides bounds what can be promised: it keeps each
// setting that the server reports, and it computes as many iterations of SCRAM as the server wants.
#include "../support/disturbed_server.hpp"
#include "../support/memory.hpp"
#include "../support/strict_faces.hpp"

#include <coropg/types/enum.hpp>

#include <iostream>
#include <map>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace disturbed {

enum class mood { ok, bad };

}  // namespace disturbed

template <>
struct coropg::codec<disturbed::mood> : coropg::enum_codec<disturbed::mood, "mood"> {};

namespace disturbed {

/// Ends the program when a conversation does not end: a blocking verb cannot be ended otherwise.
class guard {
 public:
    guard() : thread_{[this] { watch(); }} {}
    ~guard() {
        is_over_ = true;
        thread_.join();
    }
    void begin(std::uint64_t seed) {
        seed_ = seed;
        ++conversations_;
    }

 private:
    void watch() {
        std::uint64_t seen = 0;
        auto since = std::chrono::steady_clock::now();
        while (!is_over_) {
            std::this_thread::sleep_for(50ms);
            const auto now = std::chrono::steady_clock::now();
            if (std::exchange(seen, conversations_) != seen) since = now;
            if (now - since < 60s) continue;
            std::cerr << "the conversation of COROPG_TEST_SEED=" << seed_ << " hangs" << std::endl;
            std::_Exit(1);
        }
    }

    std::atomic<std::uint64_t> seed_ = 0;
    std::atomic<std::uint64_t> conversations_ = 0;
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

/// What became of the verbs.
struct tally {
    std::uint64_t conversations = 0;
    std::uint64_t connections = 0;
    std::uint64_t values = 0;
    std::map<std::string, std::uint64_t> errors;
};

template <class Face>
class conversation {
 public:
    conversation(Face& on, disturbed_server& server, tally& told, std::uint64_t seed)
        : face{on}, server_{server}, told_{told}, roll_{seed} {
        plan_.seed = seed;
        plan_.turn = roll_(3) == 0 ? roll_(2) : roll_(10);
        plan_.count = roll_(3) == 0 ? 2 + roll_(4) : 1;
        plan_.is_silent = plan_.turn > 0 && roll_(400) == 0;
        options_.timeout = plan_.is_silent ? 30ms : 15'000ms;
        options_.prepare = std::array{prepare::automatic, prepare::always, prepare::never}[roll_(3)];
    }

    void hold() {
        server_.next(plan_);
        ++told_.conversations;
        std::optional<typename Face::connection> conn;
        attempt([&] { conn.emplace(face.connect(server_.info())); });
        if (conn) {
            ++told_.connections;
            if (roll_(8) == 0) conn->on_notice([](const diagnostics&) {});
            for (std::size_t left = 1 + roll_(5); left > 0; --left) take_step(*conn);
            if (roll_(4) == 0) attempt([&] { AWAIT(conn->close()); });
        }
        conn.reset();
        face.settle();
    }

 private:
    void take_step(typename Face::connection& conn) {
        auto limited = conn.with(options_);
        switch (roll_(10)) {
            case 0: return fetch(limited);
            case 1: return attempt([&] { AWAIT(limited.execute("INSERT INTO names DEFAULT VALUES")); });
            case 2: return pipeline(conn);
            case 3: return transaction(conn, false);
            case 4: return transaction(conn, true);
            case 5: return attempt([&] { (void)AWAIT(limited.template fetch<std::string>("SELECT mood")); });
            case 6:
                return attempt([&] {
                    AWAIT(limited.execute_many("INSERT INTO moods VALUES ($1)", std::vector{1, 2, 3}));
                });
            case 7: return attempt([&] { AWAIT(limited.execute_script("INSERT; SELECT")); });
            case 8: return attempt([&] { AWAIT(limited.execute("INSERT INTO moods VALUES ($1)", mood::ok)); });
            default: return at_once(limited);
        }
    }

    /// The SQL of a statement that returns itself.
    std::string next_sql() {
        return "SELECT " + std::to_string(roll_(1'000'000)) + " of " + std::to_string(++statements_);
    }

    template <class Handle>
    void fetch(Handle& handle) {
        const std::string sql = next_sql();
        for (int left = 3; left > 0; --left)
            attempt([&] { check(sql, AWAIT(handle.template fetch<std::string>(unchecked_sql{sql}))); });
    }

    void pipeline(typename Face::connection& conn) {
        auto limited = conn.with(options_);
        auto p = limited.pipeline();
        const std::array sqls{next_sql(), next_sql(), next_sql()};
        std::vector<decltype(p.template fetch<std::string>(unchecked_sql{sqls[0]}))> answers;
        for (const std::string& sql : sqls) answers.push_back(p.template fetch<std::string>(unchecked_sql{sql}));
        attempt([&] { AWAIT(p.run()); });
        for (std::size_t i = 0; i < sqls.size(); ++i) attempt([&] { check(sqls[i], answers[i].get()); });
    }

    void transaction(typename Face::connection& conn, bool is_undone) {
        auto limited = conn.with(options_);
        attempt([&] {
            auto tx = AWAIT(limited.begin());
            fetch(tx);
            if (roll_(2) == 0) {
                auto nested = AWAIT(tx.begin());
                attempt([&] { AWAIT(nested.execute("INSERT INTO names DEFAULT VALUES")); });
                attempt([&] { AWAIT(nested.commit()); });
            }
            if (is_undone)
                AWAIT(tx.rollback());
            else
                AWAIT(tx.commit());
        });
    }

    template <class Handle>
    void at_once(Handle& handle) {
        if constexpr (Face::is_async) {
            std::vector<std::string> sqls;
            std::vector<asio::awaitable<std::vector<std::string>>> work;
            for (int left = 4; left > 0; --left) {
                sqls.push_back(next_sql());
                work.push_back(handle.template fetch<std::string>(unchecked_sql{sqls.back()}));
            }
            auto all = face.run(gather_settled(std::move(work)));
            for (std::size_t i = 0; i < all.size(); ++i) attempt([&] { check(sqls[i], all[i].value()); });
        } else {
            fetch(handle);
        }
    }

    /// Each statement returns its own text.
    void check(const std::string& sql, const std::vector<std::string>& rows) {
        if (!server_.is_exact()) return;
        for (const std::string& row : rows) check_that(row == sql, "a statement has the rows of another");
    }

    template <class Work>
    void attempt(Work work) {
        const auto begun = std::chrono::steady_clock::now();
        try {
            work();
            ++told_.values;
        } catch (const std::logic_error&) {
            throw;
        } catch (const error& e) {
            const std::string_view text = e.what();
            ++told_.errors[std::string{text.substr(0, std::min<std::size_t>(text.find("; statement"), 70))}];
        } catch (const std::exception& e) {
            throw std::logic_error{std::string{"no error of coropg: "} + e.what()};
        }
        check_that(std::chrono::steady_clock::now() - begun < 14s, "a verb takes too long");
    }

    Face& face;
    disturbed_server& server_;
    tally& told_;
    dice roll_;
    disturbance_plan plan_;
    call_options options_;
    std::size_t statements_ = 0;
};

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
    const char* const given = std::getenv(variable);
    return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

template <class Face>
void run_conversations(std::uint64_t most_messages) {
    set_logger(nullptr);
    const std::uint64_t first = announced_seed();
    const std::uint64_t most = number_of("COROPG_TEST_CONVERSATIONS", ~std::uint64_t{0});
    const auto began = std::chrono::steady_clock::now();
    Face face;
    disturbed_server server;
    guard watch;
    tally told;
    std::size_t warm = 0;
    for (std::uint64_t i = 0; i < most && server.sent() < most_messages; ++i) {
        watch.begin(first + i);
        try {
            conversation<Face>{face, server, told, first + i}.hold();
        } catch (const std::exception& e) {
            BOOST_FAIL("the conversation of COROPG_TEST_SEED=" << first + i << ": " << e.what());
        }
        if (warm == 0 && server.sent() > most_messages / 4) warm = resident_bytes();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    BOOST_TEST_MESSAGE(server.sent() << " messages of " << told.conversations << " conversations in " << took.count()
                                     << " s; " << told.connections << " connections, " << told.values << " values, "
                                     << told.errors.size() << " different errors; " << (resident_bytes() >> 20U)
                                     << " MB");
    if (std::getenv("COROPG_TEST_VERBOSE") != nullptr)
        for (const auto& [text, count] : told.errors) std::cout << count << '\t' << text << '\n';
    if (memory_is_measurable) BOOST_TEST(resident_bytes() < warm + (32U << 20U));
}

}  // namespace disturbed

BOOST_AUTO_TEST_SUITE(disturbed_conversations)

BOOST_AUTO_TEST_CASE_TEMPLATE(whatever_the_server_says_a_verb_ends, Face, both_strict_faces) {
    const bool is_full = std::getenv("COROPG_TEST_FULL") != nullptr;
    disturbed::run_conversations<Face>(is_full ? 500'000 : 5'000);
}

// PQcancel of libpq before 17 takes no care of SIGPIPE.
BOOST_AUTO_TEST_CASE(a_cancel_that_the_server_does_not_want_ends_nothing_else) {
    set_logger(nullptr);
    disturbed_server server;
    server.next({.count = 0, .is_silent = true});
    sync::connection conn = sync::connect(server.info());
    for (int i = 0; i < 1'000; ++i) {
        detail::pq::cancel_request request{conn.runner().core().native_handle()};
        detail::poll_work work{detail::ops::cancel(std::move(request))};
        BOOST_REQUIRE(work.go_on({}).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
