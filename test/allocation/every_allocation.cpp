// Each verb with its first allocation failing, then its second, up to the end: it throws, and the connection works or is
// closed. libpq's allocations fail as ours do.
#include "../support/faces.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

/// The allocations of this thread that are still to succeed before one fails; below 0: none fails.
thread_local long before_failure = -1;
thread_local bool has_failed = false;

bool must_fail() {
    if (before_failure < 0) return false;
    if (before_failure-- > 0) return false;
    errno = ENOMEM;
    return has_failed = true;
}

}  // namespace

extern "C" {
void* malloc(std::size_t size) { return must_fail() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return must_fail() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* memory, std::size_t size) { return must_fail() ? nullptr : __libc_realloc(memory, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return must_fail() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
    if (must_fail()) return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory == nullptr ? ENOMEM : 0;
}
}

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// Runs `work` with the allocation behind the first `succeeding` failing. False: it made no more than those.
template <class Work>
bool is_hit(long succeeding, Work&& work) {
    struct armed {
        explicit armed(long count) { before_failure = count, has_failed = false; }
        ~armed() { before_failure = -1; }
    };
    try {
        const armed now{succeeding};
        work();
    } catch (const std::bad_alloc&) {
    } catch (const error&) {
    } catch (const std::exception& e) {
        BOOST_ERROR("after " << succeeding << " allocations: " << e.what());
    }
    return has_failed;
}

struct row {
    int id;
    std::string name;
    std::vector<int> numbers;
};

/// The verbs, each a function of a face and its connection.
template <class Face>
const auto& verbs() {
    using connection = typename Face::connection;
    using verb = void (*)(Face&, connection&);
    static const std::map<std::string, verb> all{
        {"execute", [](Face& face, connection& conn) { AWAIT(conn.execute("SELECT $1::int, $2", 1, "text")); }},
        {"fetch",
         [](Face& face, connection& conn) {
             (void)AWAIT(conn.template fetch<row>(
                 "SELECT i AS id, repeat('x', 100) AS name, ARRAY[1, 2, 3] AS numbers FROM generate_series(1, 20) i"));
         }},
        {"fetch_one",
         [](Face& face, connection& conn) {
             (void)AWAIT(conn.template fetch_one<std::string>("SELECT repeat($1, 1000)", std::string(100, 'x')));
         }},
        {"a failing statement", [](Face& face, connection& conn) { AWAIT(conn.execute("SELECT 1 / $1::int", 0)); }},
        {"execute_many",
         [](Face& face, connection& conn) {
             const std::vector<int> numbers(40, 1);
             AWAIT(conn.execute_many("SELECT $1::int", numbers));
         }},
        {"execute_script", [](Face& face, connection& conn) { AWAIT(conn.execute_script("SELECT 1; SELECT 2")); }},
        {"transaction",
         [](Face& face, connection& conn) {
             auto tx = AWAIT(conn.begin());
             AWAIT(tx.execute("SELECT 1"));
             auto inner = AWAIT(tx.begin());
             AWAIT(inner.execute("SELECT 2"));
             AWAIT(inner.rollback());
             AWAIT(tx.commit());
         }},
        {"pipeline",
         [](Face& face, connection& conn) {
             auto p = conn.pipeline();
             auto first = p.template fetch_one<int>("SELECT $1::int", 1);
             p.sync();
             auto second = p.execute("SELECT 2");
             AWAIT(p.run());
             (void)first.get();
             (void)second.get();
         }},
        {"a timeout",
         [](Face& face, connection& conn) { AWAIT(conn.with({.timeout = 20ms}).execute("SELECT pg_sleep(0.2)")); }},
    };
    return all;
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

constexpr long most_allocations = 5000;

}  // namespace

BOOST_AUTO_TEST_SUITE(every_allocation)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_verb_whose_allocation_fails_leaves_a_connection_that_works_or_is_closed, Face,
                              both_faces) {
    set_logger(nullptr);
    for (const auto& [name, verb] : verbs<Face>()) {
        long count = 0;
        std::size_t closed = 0;
        std::optional<Face> face;
        std::optional<typename Face::connection> conn;
        for (bool was_hit = true; was_hit && count < most_allocations; ++count) {
            if (!conn || !conn->is_open()) {
                conn.reset();
                face.emplace();
                conn = face->connect();
            }
            was_hit = is_hit(count, [&] { verb(*face, *conn); });
            BOOST_TEST_CONTEXT(name << ", after " << count << " allocations")
            BOOST_REQUIRE(is_usable_or_closed(*face, *conn));
            closed += !conn->is_open();
        }
        BOOST_TEST(count < most_allocations);
        BOOST_TEST_MESSAGE(name << ": " << count << " allocations, " << closed << " connections closed");
    }
}

BOOST_AUTO_TEST_SUITE_END()
