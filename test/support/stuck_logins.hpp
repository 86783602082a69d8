// Logins that libpq does not come back from, and that cost nothing meanwhile.
#pragma once

#include <coropg/testing/fake_server.hpp>

#include <libpq-fe.h>

#include <condition_variable>
#include <mutex>

namespace coropg::test {

/// A server that asks for GSSAPI. libpq takes a lock of the program's then, which only threads of the test's own get while
/// this lives. One at a time.
class stuck_logins {
 public:
    stuck_logins() {
        let_this_thread_pass();
        the_door().is_open = false;
        the_door().of_libpq = PQregisterThreadLock(lock);
    }
    stuck_logins(const stuck_logins&) = delete;
    stuck_logins& operator=(const stuck_logins&) = delete;
    ~stuck_logins() {
        std::unique_lock held{the_door().mutex};
        the_door().is_open = true;
        the_door().changed.notify_all();
        the_door().changed.wait(held, [] { return the_door().inside == 0; });
        PQregisterThreadLock(the_door().of_libpq);
    }

    /// libpq takes that lock to look up the user, too.
    static void let_this_thread_pass() { passes() = true; }

    /// For so many logins to come.
    [[nodiscard]] conninfo info(std::size_t logins) {
        constexpr std::uint32_t gssapi = 7;
        for (; logins > 0; --logins)
            server_.next(
                {testing::step::send(testing::message('R', testing::detail::int32(gssapi))), testing::step::hang()});
        return server_.info().sslmode("disable");
    }
    /// So many threads of libpq wait.
    [[nodiscard]] std::size_t stuck() const {
        const std::lock_guard held{the_door().mutex};
        return the_door().inside;
    }

 private:
    struct door {
        std::mutex mutex;
        std::condition_variable changed;
        bool is_open = true;
        std::size_t inside = 0;
        pgthreadlock_t of_libpq = nullptr;
    };
    static door& the_door() {
        static door one;
        return one;
    }
    static bool& passes() {
        static thread_local bool it_does = false;
        return it_does;
    }
    static void lock(int acquire) {
        if (passes()) return the_door().of_libpq(acquire);
        std::unique_lock held{the_door().mutex};
        if (acquire != 0) {
            ++the_door().inside;
            the_door().changed.wait(held, [] { return the_door().is_open; });
        } else {
            --the_door().inside;
            the_door().changed.notify_all();
        }
    }

    testing::fake_server server_;
};

}  // namespace coropg::test
