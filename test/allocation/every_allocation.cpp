// Each verb with its first allocation failing, then its second, up to the last, and then with several in a row that fail:
// the coroutine that waits for it always ends, and the connection works or is closed; a pool works again. libpq's own
// allocations do not fail, for it waits for ever when some of them do; nor do those of the threads that work aside.
#include "../support/pools.hpp"

#include <boost/asio/detached.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace {

/// Which of the allocations of this thread fail: so many after so many that succeed.
struct failing {
    long after = 0;
    long count = 0;
    bool has_failed = false;
};
thread_local failing now;

bool must_fail() {
    if (now.count == 0) return false;
    if (now.after > 0) {
        --now.after;
        return false;
    }
    --now.count;
    return now.has_failed = true;
}

}  // namespace

void* operator new(std::size_t size) {
    void* const memory = must_fail() ? nullptr : std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return must_fail() ? nullptr : std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

constexpr long most_allocations = 5000;
constexpr auto hangs_after = 20s;

struct row {
    int id;
    std::string name;
    std::vector<int> numbers;
};

// The verbs, on a connection `conn` or a pool `pool`. AWAIT_ is co_await, or nothing; FACE_ the namespace of the face.

#define VERB_execute(AWAIT_, FACE_) AWAIT_ conn.execute("SELECT 1");
#define VERB_execute_with_parameters(AWAIT_, FACE_) AWAIT_ conn.execute("SELECT $1::int, $2", 1, "text");
#define VERB_fetch(AWAIT_, FACE_)          \
    (void)AWAIT_ conn.template fetch<row>( \
        "SELECT i AS id, repeat('x', 100) AS name, ARRAY[1, 2, 3] AS numbers FROM generate_series(1, 20) i");
#define VERB_fetch_one(AWAIT_, FACE_) \
    (void)AWAIT_ conn.template fetch_one<std::string>("SELECT repeat($1, 1000)", std::string(100, 'x'));
#define VERB_failing_statement(AWAIT_, FACE_) AWAIT_ conn.execute("SELECT 1 / $1::int", 0);
#define VERB_execute_many(AWAIT_, FACE_)   \
    const std::vector<int> numbers(40, 1); \
    AWAIT_ conn.execute_many("SELECT $1::int", numbers);
#define VERB_script(AWAIT_, FACE_) AWAIT_ conn.execute_script("SELECT 1; SELECT 2");
#define VERB_call(AWAIT_, FACE_) (void)AWAIT_ conn.template call<int>("pg_backend_pid");
#define VERB_transaction(AWAIT_, FACE_) \
    auto tx = AWAIT_ conn.begin();      \
    AWAIT_ tx.execute("SELECT 1");      \
    auto inner = AWAIT_ tx.begin();     \
    AWAIT_ inner.execute("SELECT 2");   \
    AWAIT_ inner.rollback();            \
    AWAIT_ tx.commit();
#define VERB_dropped_transaction(AWAIT_, FACE_) \
    auto tx = AWAIT_ conn.begin();              \
    AWAIT_ tx.execute("SELECT 1");
#define VERB_pipeline(AWAIT_, FACE_)                        \
    auto p = conn.pipeline();                               \
    auto first = p.template fetch_one<int>("SELECT $1", 1); \
    p.sync();                                               \
    auto second = p.execute("SELECT 2");                    \
    AWAIT_ p.run();                                         \
    (void)first.get();                                      \
    (void)second.get();
#define VERB_timeout(AWAIT_, FACE_) AWAIT_ conn.with({.timeout = 5ms}).execute("SELECT pg_sleep(0.1)");
#define VERB_a_connection(AWAIT_, FACE_)         \
    auto another = AWAIT_ FACE_::connect(dsn()); \
    AWAIT_ another.execute("SELECT 1");          \
    AWAIT_ another.close();
#define VERB_by_name(AWAIT_, FACE_) \
    auto another = AWAIT_ FACE_::connect(conninfo{tcp_dsn()}.host("localhost").password("a wrong one"));
#define VERBS(X)                                                                                                       \
    X(execute)                                                                                                         \
    X(execute_with_parameters)                                                                                         \
    X(fetch) X(fetch_one) X(failing_statement) X(execute_many) X(script) X(call) X(transaction) X(dropped_transaction) \
        X(pipeline) X(timeout) X(a_connection) X(by_name)

#define VERB_pool_acquire(AWAIT_, FACE_) \
    auto lent = AWAIT_ pool.acquire();   \
    AWAIT_ lent->execute("SET x.y = 'z'");
#define VERB_pool_one_shots(AWAIT_, FACE_)                     \
    (void)AWAIT_ pool.template fetch_one<int>("SELECT $1", 1); \
    AWAIT_ pool.execute("SELECT 1");
#define VERB_pool_transaction(AWAIT_, FACE_) AWAIT_ FACE_::in_transaction(pool);
#define VERB_pool_connect(AWAIT_, FACE_) \
    pool.drain();                        \
    AWAIT_ pool.execute("SELECT 1");
#define POOL_VERBS(X) X(pool_acquire) X(pool_one_shots) X(pool_transaction) X(pool_connect)

namespace asynchronous {

using coropg::connect;
using conn_type = coropg::connection;
using pool_type = coropg::pool;

asio::awaitable<void> in_transaction(pool_type& pool) {
    co_await pool.transaction([](transaction& tx) -> asio::awaitable<void> { co_await tx.execute("SELECT 1"); });
}

#define CO_VERB(name) \
    asio::awaitable<void> name([[maybe_unused]] conn_type& conn) { VERB_##name(co_await, asynchronous) }
#define CO_POOL_VERB(name) \
    asio::awaitable<void> name(pool_type& pool) { VERB_##name(co_await, asynchronous) }
VERBS(CO_VERB)
POOL_VERBS(CO_POOL_VERB)

asio::awaitable<void> gathered(conn_type& conn) {
    std::vector<asio::awaitable<result>> work;
    for (int i = 0; i < 5; ++i) work.push_back(conn.execute("SELECT $1::int", i));
    co_await gather(std::move(work));
}

}  // namespace asynchronous

namespace blocking {

using coropg::sync::connect;
using conn_type = coropg::sync::connection;
using pool_type = coropg::sync::pool;

void in_transaction(pool_type& pool) {
    pool.transaction([](sync::transaction& tx) { tx.execute("SELECT 1"); });
}

#define PLAIN_VERB(name) \
    void name([[maybe_unused]] conn_type& conn) { VERB_##name(, blocking) }
#define PLAIN_POOL_VERB(name) \
    void name(pool_type& pool) { VERB_##name(, blocking) }
VERBS(PLAIN_VERB)
POOL_VERBS(PLAIN_POOL_VERB)

}  // namespace blocking

/// Fails allocations of this thread while it lives.
struct failing_here {
    explicit failing_here(const failing& which) { now = which; }
    failing_here(const failing_here&) = delete;
    failing_here& operator=(const failing_here&) = delete;
    ~failing_here() { now.count = 0; }
};

/// Runs `verb` with these allocations failing, to its end, which comes.
template <class Verb, class On>
void run_failing(sync_face&, Verb verb, On& on, const failing& which) {
    try {
        const failing_here here{which};
        verb(on);
    } catch (const std::bad_alloc&) {
    } catch (const std::exception&) {
    }
}

struct run_end {
    bool is_there = false;
    bool is_regular = false;
};

template <class Verb, class On>
asio::awaitable<void> fail_within(Verb verb, On& on, failing which, run_end& end) {
    struct at_the_end {
        run_end& end;
        ~at_the_end() { end.is_there = true; }
    };
    const at_the_end told{end};
    try {
        const failing_here here{which};
        co_await verb(on);
    } catch (const std::bad_alloc&) {
    } catch (const std::exception&) {
    }
    end.is_regular = true;
}

template <class Verb, class On>
void run_failing(async_face& face, Verb verb, On& on, const failing& which) {
    run_end end;
    asio::co_spawn(face.io, fail_within(verb, on, which, end), asio::detached);
    const auto limit = std::chrono::steady_clock::now() + hangs_after;
    while (!end.is_there) {
        face.io.restart();
        try {
            face.io.run_one_for(100ms);
        } catch (...) {
            now.count = 0;
            BOOST_ERROR("an exception left the event loop");
        }
        BOOST_REQUIRE_MESSAGE(end.is_there || std::chrono::steady_clock::now() < limit, "it hangs");
    }
    BOOST_TEST(end.is_regular, "the coroutine was destroyed, and nobody is told");
}

/// Whether it answers, or is closed and says so.
template <class Face>
bool is_usable_or_closed(Face& face, typename Face::connection& conn) {
    try {
        return AWAIT(conn.with({.timeout = 10s}).template fetch_one<int>("SELECT 7")) == 7;
    } catch (const error&) {
        return !conn.is_open();
    }
}

template <class Face, class Pool>
bool works_again(Face& face, Pool& pool) {
    const auto limit = std::chrono::steady_clock::now() + hangs_after;
    for (;;) {
        try {
            return AWAIT(pool.with({.timeout = 10s}).template fetch_one<int>("SELECT 7")) == 7;
        } catch (const error& e) {
            BOOST_TEST_MESSAGE("the pool says " << e.what());
            if (std::chrono::steady_clock::now() > limit) return false;
        }
    }
}

/// `verb` with `in_a_row` allocations failing after each number of those that succeed, by `step`.
template <class Face, class Verb, class On, class Check>
void fail_each(const char* name, Face& face, Verb verb, On on, Check check, long in_a_row, long step) {
    long after = 0;
    for (bool was_hit = true; was_hit && after < most_allocations; after += step) {
        BOOST_TEST_CONTEXT(name << ": " << in_a_row << " fail after " << after) {
            run_failing(face, verb, on(), {after, in_a_row});
            was_hit = now.has_failed;
            check();
        }
    }
    BOOST_TEST(after < most_allocations);
    BOOST_TEST_MESSAGE(name << ": " << after << " allocations");
}

/// A connection, which is made anew when it is closed.
template <class Face>
struct renewed {
    typename Face::connection& get() {
        if (!conn || !conn->is_open()) {
            conn.reset();
            conn = face.connect();
        }
        return *conn;
    }

    Face& face;
    std::optional<typename Face::connection> conn{};
};

template <class Face, class Verb>
void fail_on_connection(const char* name, Face& face, Verb verb) {
    set_logger(nullptr);
    renewed<Face> lasting{face};
    const auto check = [&] { BOOST_REQUIRE(is_usable_or_closed(face, *lasting.conn)); };
    const auto on = [&]() -> auto& { return lasting.get(); };
    fail_each(name, face, verb, on, check, 1, 1);
    fail_each(name, face, verb, on, check, 4, 5);
}

template <class Face, class Verb>
void fail_on_pool(const char* name, Verb verb) {
    set_logger(nullptr);
    pool_of<Face> here{{.max_size = 2}};
    const auto check = [&] { BOOST_REQUIRE(works_again<Face>(here, here.pool)); };
    const auto on = [&]() -> auto& { return here.pool; };
    check();
    fail_each<Face>(name, here, verb, on, check, 1, 1);
    fail_each<Face>(name, here, verb, on, check, 4, 5);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_allocation)

BOOST_AUTO_TEST_CASE(a_verb_that_awaits_ends_and_its_connection_works_or_is_closed) {
    async_face face;
#define RUN(name) fail_on_connection(#name, face, &asynchronous::name);
    VERBS(RUN)
    RUN(gathered)
#undef RUN
}

BOOST_AUTO_TEST_CASE(a_verb_that_blocks_ends_and_its_connection_works_or_is_closed) {
    sync_face face;
#define RUN(name) fail_on_connection(#name, face, &blocking::name);
    VERBS(RUN)
#undef RUN
}

BOOST_AUTO_TEST_CASE(a_pool_of_coroutines_works_again) {
#define RUN(name) fail_on_pool<async_face>(#name, &asynchronous::name);
    POOL_VERBS(RUN)
#undef RUN
}

BOOST_AUTO_TEST_CASE(a_pool_of_threads_works_again) {
#define RUN(name) fail_on_pool<sync_face>(#name, &blocking::name);
    POOL_VERBS(RUN)
#undef RUN
}

BOOST_AUTO_TEST_SUITE_END()
