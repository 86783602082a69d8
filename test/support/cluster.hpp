// Servers of their own for tests that stop, kill, promote and revive them.
#pragma once

#include "faces.hpp"
#include "port.hpp"
#include "skip.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace coropg::test {

/// How a server is stopped: its clients are thrown out in order, or as in a crash.
enum class stop_mode : unsigned char { fast, immediate };

/// A server on a port of 127.0.0.1. It is removed with this; when the test is killed, it ends with the test.
class cluster {
 public:
    /// Whether servers can be started here. The current case is skipped when not.
    [[nodiscard]] static bool is_possible() { return has_programs({"initdb", "postgres"}); }
    /// The same with standbys.
    [[nodiscard]] static bool is_possible_with_standby() {
        return has_programs({"initdb", "postgres", "pg_basebackup"});
    }

    /// A new one, which runs.
    cluster() : cluster{claimed_port{}} {
        run({program("initdb"), "-D", data(), "-U", "coropg", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
             "--no-instructions"});
        configure({{"listen_addresses", "127.0.0.1"},
                   {"unix_socket_directories", folder_.string()},
                   {"max_connections", "50"},
                   {"shared_buffers", "16MB"},
                   {"fsync", "off"},  // nothing here outlives a crash of the system
                   {"timezone", "UTC"},
                   {"log_timezone", "UTC"}});
        start();
    }
    /// A standby, which follows `primary` and runs.
    [[nodiscard]] static cluster standby_of(const cluster& primary) {
        cluster made{claimed_port{}};
        made.run({program("pg_basebackup"), "-D", made.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync", "-h",
                  "127.0.0.1", "-p", std::to_string(primary.port()), "-U", "coropg"});
        made.configure({{"unix_socket_directories", made.folder_.string()}});
        made.start();
        return made;
    }
    cluster(cluster&& other) noexcept
        : port_{std::move(other.port_)},
          folder_{std::exchange(other.folder_, {})},
          server_{std::exchange(other.server_, 0)} {}
    cluster& operator=(cluster&&) = delete;
    ~cluster() {
        stop(stop_mode::immediate);
        std::error_code ignored;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::uint16_t port() const { return port_.number(); }
    [[nodiscard]] conninfo info() const {
        conninfo here;
        return here.host("127.0.0.1").port(port()).user("coropg").dbname("postgres");
    }
    [[nodiscard]] conninfo unix_info() const { return info().host(folder_.string()); }

    /// Returns once it accepts connections.
    void start() {
        server_ = spawn({program("postgres"), "-D", data(), "-p", std::to_string(port())});
        await([this] { return accepts(); });
    }
    void stop(stop_mode how) {
        if (server_ == 0) return;
        ::kill(server_, how == stop_mode::fast ? SIGINT : SIGQUIT);
        wait_for(std::exchange(server_, 0));
    }
    /// Ends a process of the server as a crash would: the server ends all sessions, and recovers by itself.
    static void kill_process(int pid) { ::kill(pid, SIGKILL); }
    /// Makes a standby a primary, and returns once it takes writes.
    void promote() { BOOST_REQUIRE(sync::connect(info()).fetch_one<bool>("SELECT pg_promote(true, 30)")); }
    /// What is set later outranks what was set before; for the next start, or by `reload`.
    void configure(const std::vector<std::pair<std::string, std::string>>& settings) {
        std::ofstream out{folder_ / "data" / "postgresql.conf", std::ios::app};
        for (const auto& [name, value] : settings) out << name << " = '" << value << "'\n";
    }
    void reload() { ::kill(server_, SIGHUP); }
    /// Has the next start make it a standby of that one, which it was the primary of until it stopped.
    void follow(const cluster& primary) {
        configure({{"primary_conninfo", "host=127.0.0.1 port=" + std::to_string(primary.port()) + " user=coropg"},
                   {"recovery_target_timeline", "latest"}});
        std::ofstream{folder_ / "data" / "standby.signal"};
    }

    [[nodiscard]] bool accepts() const {
        try {
            sync::connect(info());
            return true;
        } catch (const connection_error&) {
            return false;
        }
    }

 private:
    explicit cluster(claimed_port port) : port_{std::move(port)} {
        // scripts/with-postgres removes its folder, whatever becomes of us. The path is short, as that of a unix socket
        // must be, so TMPDIR is not asked.
        const char* const removed_later = std::getenv("COROPG_PG_FOLDER");
        std::string name = removed_later != nullptr ? removed_later : "/tmp";
        name += "/cluster.XXXXXX";
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        if (const passwd* const user = owner())
            BOOST_REQUIRE(::chown(folder_.c_str(), user->pw_uid, user->pw_gid) == 0);
    }

    static bool has_programs(std::initializer_list<const char*> names) {
        if (std::getenv("COROPG_PG_BIN") == nullptr) {
            skip("COROPG_PG_BIN is not set, so there is no server to start");
            return false;
        }
        for (const char* const name : names)
            if (::access(program(name).c_str(), X_OK) != 0) {
                skip("the server that is installed has no " + std::string{name});
                return false;
            }
        if (::geteuid() == 0 && owner() == nullptr) {
            skip("root cannot run a server, and there is no user \"postgres\"");
            return false;
        }
        return true;
    }
    static std::string program(const std::string& name) {
        const char* const folder = std::getenv("COROPG_PG_BIN");
        BOOST_REQUIRE(folder != nullptr);
        return std::string{folder} + "/" + name;
    }
    [[nodiscard]] std::string data() const { return (folder_ / "data").string(); }
    [[nodiscard]] std::string log() const {
        std::ifstream in{folder_ / "log"};
        return {std::istreambuf_iterator<char>{in}, {}};
    }

    template <class Predicate>
    void await(Predicate is_so) const {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (!is_so()) {
            BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < limit, "the server does not start: " << log());
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }

    void run(const std::vector<std::string>& command) const {
        BOOST_REQUIRE_MESSAGE(wait_for(spawn(command)) == 0, command.front() << " failed: " << log());
    }
    /// Who the server runs as: not root.
    static const passwd* owner() { return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr; }

    [[nodiscard]] pid_t spawn(const std::vector<std::string>& command) const {
        std::vector<char*> arguments;
        for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
        arguments.push_back(nullptr);
        const std::string output = (folder_ / "log").string();
        const passwd* const user = owner();
        const pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child > 0) return child;
        if (user != nullptr &&
            (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
            ::_exit(126);
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
        const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ::dup2(nothing, 0);
        for (const int stream : {1, 2}) ::dup2(out, stream);
        ::execv(arguments.front(), arguments.data());
        ::_exit(127);
    }
    static int wait_for(pid_t child) {
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }

    claimed_port port_;
    std::filesystem::path folder_;
    pid_t server_ = 0;
};

}  // namespace coropg::test
