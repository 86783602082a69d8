// PgBouncer in transaction mode, in front of the server of this run.
#pragma once

#include "faces.hpp"
#include "port.hpp"
#include "skip.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

namespace coropg::test {

/// A pooler of its own, with two connections to the server; ended with this. There is none where none is installed.
class pgbouncer {
 public:
    /// The current case is skipped when it is not, or is older than `least`, as "1.21".
    [[nodiscard]] static bool is_installed(const std::string& least = "0.0") {
        if (program().empty()) return skip("pgbouncer is not installed"), false;
        if (number_of(version()) < number_of(least)) return skip("pgbouncer is older than " + least), false;
        return true;
    }

    pgbouncer() {
        write_settings();
        const std::string path = program();
        child_ = ::fork();
        if (child_ == 0) {
            const int nothing = ::open("/dev/null", O_RDWR);
            for (const int stream : {0, 1, 2}) ::dup2(nothing, stream);
            ::execl(path.c_str(), path.c_str(), settings_.c_str(), nullptr);
            ::_exit(127);
        }
        wait_until_it_listens();
    }
    pgbouncer(const pgbouncer&) = delete;
    pgbouncer& operator=(const pgbouncer&) = delete;
    ~pgbouncer() {
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] conninfo info() const {
        conninfo through{dsn()};
        // it lets everybody in, without TLS; the password and the TLS are between it and the server
        return through.host("127.0.0.1").hostaddr("").port(port_.number()).password("").set("sslmode", "disable");
    }

 private:
    /// Its path, empty when it is not installed. Debian's is in a folder that is in the PATH of root alone.
    static std::string program() {
        const char* const path = std::getenv("PATH");
        std::istringstream folders{(path != nullptr ? std::string{path} : "") + ":/usr/sbin:/usr/local/sbin"};
        for (std::string folder; std::getline(folders, folder, ':');)
            if (const std::string found = folder + "/pgbouncer"; ::access(found.c_str(), X_OK) == 0) return found;
        return {};
    }
    /// As "1.18.0".
    static std::string version() {
        const std::unique_ptr<FILE, int (*)(FILE*)> out{::popen((program() + " --version").c_str(), "r"), &::pclose};
        char word[32] = "";
        BOOST_REQUIRE(out != nullptr);
        BOOST_REQUIRE(std::fscanf(out.get(), "PgBouncer %31s", word) == 1);
        return word;
    }
    static std::pair<int, int> number_of(const std::string& text) {
        return {std::stoi(text), std::stoi(text.substr(text.find('.') + 1))};
    }
    /// A value of a line of [databases].
    static std::string quoted(std::string_view value) {
        std::string all = "'";
        for (const char c : value) all += c == '\'' ? std::string{"''"} : std::string{c};
        return all + "'";
    }

    void write_settings() {
        const conninfo server{dsn()};
        std::string name = (std::filesystem::temp_directory_path() / "coropg-pgbouncer-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        std::filesystem::permissions(folder_, std::filesystem::perms::all);
        settings_ = folder_ / "pgbouncer.ini";
        std::ofstream out{settings_};
        out << "[databases]\n* =";
        for (const char* const key : {"host", "port", "user", "password"}) {
            const bool by_address = key == std::string_view{"host"} && !server.get("hostaddr").empty();
            const std::string_view value = server.get(by_address ? "hostaddr" : key);
            if (!value.empty()) out << " " << key << "=" << quoted(value);
        }
        out << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_.number()
            << "\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
            << "max_client_conn = 200\nlogfile = " << (folder_ / "log").string() << "\n";
        if (!server.get("sslmode").empty()) out << "server_tls_sslmode = " << server.get("sslmode") << "\n";
        if (::geteuid() == 0) out << "user = postgres\n";
    }

    void wait_until_it_listens() const {
        asio::io_context io;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        for (;;) {
            asio::ip::tcp::socket socket{io};
            boost::system::error_code problem;
            socket.connect({asio::ip::address_v4::loopback(), port_.number()}, problem);
            if (!problem) return;
            BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "pgbouncer does not start");
            std::this_thread::yield();
        }
    }

    claimed_port port_;
    std::filesystem::path folder_;
    std::filesystem::path settings_;
    ::pid_t child_ = -1;
};

}  // namespace coropg::test
