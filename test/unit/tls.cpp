// Records of TLS: what of them waits within OpenSSL is read, though the socket is silent.
#include "../support/tls_server.hpp"

#include "../support/faces.hpp"
#include "../support/skip.hpp"

#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono_literals;

namespace {

/// A folder for a certificate and its key.
struct key_folder {
    key_folder() : path{(std::filesystem::temp_directory_path() / "coropg-key-XXXXXX").string()} {
        BOOST_REQUIRE(::mkdtemp(path.data()) != nullptr);
        identity{}.write(path + "/certificate", path + "/key", "s3cret");
        ::chmod((path + "/key").c_str(), 0600);
    }
    key_folder(const key_folder&) = delete;
    key_folder& operator=(const key_folder&) = delete;
    ~key_folder() { std::filesystem::remove_all(path); }

    std::string path;
};

/// What a child process that runs `run` writes to a terminal of its own. It is not answered.
template <class Run>
std::string on_a_terminal(Run run) {
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child < 0) return skip("there is no terminal to be had"), std::string{};
    if (child == 0) ::_exit(run() ? 0 : 1);
    std::string written;
    std::array<char, 512> some;
    for (ssize_t got = 0; (got = ::read(terminal, some.data(), some.size())) > 0;) {
        written.append(some.data(), static_cast<std::size_t>(got));
        if (contains(written, "PEM")) ::kill(child, SIGKILL);
    }
    ::close(terminal);
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    return written;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls_keys)

BOOST_AUTO_TEST_CASE_TEMPLATE(nobody_is_asked_for_the_password_of_a_key, Face, both_faces) {
    const key_folder folder;
    const auto is_refused = [&folder] {
        const tls_server server{{}};
        conninfo info = server.info();
        info.set("sslcert", folder.path + "/certificate").set("sslkey", folder.path + "/key");
        try {
            Face face;
            face.connect(info);
        } catch (const connection_error&) {
            return true;
        }
        return false;
    };
    BOOST_TEST(!contains(on_a_terminal(is_refused), "PEM"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE_TEMPLATE(the_rest_of_a_record_is_not_waited_for, Face, both_faces) {
    using namespace coropg::testing;
    constexpr std::size_t largest_record = 16 * 1024;
    for (const std::size_t first : {1000U, 4000U, 7000U, 8000U, 8191U, 12000U, 16000U}) {
        const std::string begin = parse_complete() + bind_complete() + row_description({{"text"}});
        const std::string end = command_complete("SELECT 1") + ready_for_query();
        const std::size_t frame = begin.size() + data_row({{""}}).size() + end.size();
        const std::string value(first + largest_record - frame, 'a');
        const std::string all = begin + data_row({{value}}) + end;
        BOOST_REQUIRE(all.size() == first + largest_record);
        const tls_server server{{all.substr(0, first), all.substr(first)}};
        Face face;
        auto conn = face.connect(server.info());
        BOOST_TEST((AWAIT(conn.with({.timeout = 5s}).template fetch_one<std::string>("SELECT text")) == value));
    }
}

BOOST_AUTO_TEST_SUITE_END()
