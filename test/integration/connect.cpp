#include "../support/cancelling.hpp"
#include "../support/password.hpp"
#include "../support/skip.hpp"
#include "../support/stuck_logins.hpp"

#include <coropg/log.hpp>
#include <coropg/testing/fake_server.hpp>
#include <coropg/testing/fault_proxy.hpp>
#include <coropg/testing/messages.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <set>
#include <thread>

using namespace coropg;
using namespace coropg::test;

namespace {

/// The server of this run by TCP, with its address as `host`.
conninfo by_host() {
    conninfo info = tcp_dsn();
    if (const std::string address{info.get("hostaddr")}; !address.empty()) info.host(address).hostaddr("");
    return info;
}

/// A file of services, which PGSERVICEFILE names while it lives.
class service_file {
 public:
    explicit service_file(const conninfo& info) {
        std::ofstream out{path_};
        out << "[here]\n";
        for (const auto& [keyword, value] : info.settings())
            if (!value.empty()) out << keyword << "=" << value << "\n";
        ::setenv("PGSERVICEFILE", path_.c_str(), 1);
    }
    service_file(const service_file&) = delete;
    service_file& operator=(const service_file&) = delete;
    ~service_file() {
        ::unsetenv("PGSERVICEFILE");
        std::filesystem::remove(path_);
    }

 private:
    std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("services." + std::to_string(::getpid()));
};

/// What is logged, and on which thread. For as long as it lives.
class logged_by_thread {
 public:
    logged_by_thread() {
        auto logger = std::make_shared<spdlog::logger>("coropg", heard_);
        logger->set_level(spdlog::level::info);
        set_logger(logger);
    }
    logged_by_thread(const logged_by_thread&) = delete;
    logged_by_thread& operator=(const logged_by_thread&) = delete;
    ~logged_by_thread() { set_logger(nullptr); }

    /// The threads by which a line with these words was logged, in its order.
    [[nodiscard]] std::vector<std::thread::id> threads_of(std::string_view words) const {
        std::vector<std::thread::id> found;
        for (const auto& [thread, line] : heard_->lines)
            if (contains(line, words)) found.push_back(thread);
        return found;
    }

 private:
    struct sink : spdlog::sinks::base_sink<std::mutex> {
        void sink_it_(const spdlog::details::log_msg& said) override {
            lines.emplace_back(std::this_thread::get_id(), std::string{said.payload.data(), said.payload.size()});
        }
        void flush_() override {}

        std::vector<std::pair<std::thread::id, std::string>> lines;
    };

    std::shared_ptr<sink> heard_ = std::make_shared<sink>();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(connect_)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_says_what_it_is_connected_to, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(conn.is_open());
    BOOST_TEST(conn.server_version() >= 130000);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT pg_backend_pid()")) == conn.backend_pid());
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SHOW client_encoding")) == "UTF8");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tcp_with_a_password_works, Face, both_faces) {
    Face face;
    auto conn = face.connect(tcp_dsn());
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(settings_by_setters_work, Face, both_faces) {
    Face face;
    conninfo info = dsn();
    info.application_name("setters");
    auto conn = face.connect(info);
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SHOW application_name")) == "setters");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_unknown_keyword_names_the_nearest_one, Face, both_faces) {
    Face face;
    const auto e = error_of<usage_error>([&] { face.connect("hots=localhost"); });
    BOOST_TEST(contains(e.what(), "\"hots\""));
    BOOST_TEST(contains(e.what(), "did you mean \"host\""));
    const auto in_uri = error_of<usage_error>([&] { face.connect("postgresql://localhost/db?aplication_name=x"); });
    BOOST_TEST(contains(in_uri.what(), "did you mean \"application_name\""));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_unreachable_host_is_named_with_its_reason, Face, both_faces) {
    Face face;
    const auto e = error_of<connection_error>([&] { face.connect("host=127.0.0.1,127.0.0.2 port=1 dbname=x user=x"); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 2U);
    BOOST_TEST(e.attempts()[0].host == "127.0.0.1");
    BOOST_TEST(e.attempts()[1].address == "127.0.0.2");
    BOOST_TEST(contains(e.attempts()[1].reason, "Connection refused"));
    BOOST_TEST(contains(e.what(), "127.0.0.2"));
    BOOST_TEST(e.is_transient());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hosts_are_tried_in_random_order_if_so_configured, Face, both_faces) {
    Face face;
    conninfo info{"host=127.0.0.1,127.0.0.2,127.0.0.3,127.0.0.4 port=1 dbname=x user=x"};
    std::set<std::string> first;
    for (int i = 0; i < 64; ++i) {
        info.load_balance_hosts("random");
        const auto e = error_of<connection_error>([&] { face.connect(info); });
        BOOST_TEST_REQUIRE(e.attempts().size() == 4U);
        first.insert(e.attempts()[0].host);
    }
    BOOST_TEST(first.size() == 4U);  // by chance less in one of 25 million runs
    info.load_balance_hosts("disable");
    BOOST_TEST(error_of<connection_error>([&] { face.connect(info); }).attempts()[0].host == "127.0.0.1");
    info.load_balance_hosts("sometimes");
    error_of<usage_error>([&] { face.connect(info); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_host_that_does_not_resolve_is_named, Face, both_faces) {
    Face face;
    const auto e = error_of<connection_error>([&] { face.connect("host=no-such-host.invalid user=x"); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(contains(e.what(), "no-such-host.invalid"));
    BOOST_TEST(contains(e.what(), "cannot resolve"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_name_is_resolved_and_its_addresses_are_tried, Face, both_faces) {
    Face face;
    testing::fault_proxy proxy{tcp_dsn()};  // listens on 127.0.0.1 alone; localhost may be ::1 as well
    auto conn = face.connect(proxy.info().host("localhost"));
    BOOST_TEST(AWAIT(conn.template fetch_one<bool>("SELECT inet_server_addr() IS NOT NULL")));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_next_host_is_tried_when_one_refuses, Face, both_faces) {
    Face face;
    conninfo info = by_host();
    const std::string host = "127.0.0.1," + std::string{info.get("host")};
    const std::string port = "1," + std::string{info.get("port")};
    info.host(host).set("port", port);
    auto conn = face.connect(info);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 2")) == 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_missing_database_is_named_and_no_other_host_is_asked, Face, both_faces) {
    Face face;
    conninfo info = by_host();
    const std::string twice = std::string{info.get("host")} + "," + std::string{info.get("host")};
    info.host(twice).dbname("no_such_database");
    const auto e = error_of<connection_error>([&] { face.connect(info); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(e.attempts()[0].sqlstate == "3D000");
    BOOST_TEST(contains(e.what(), "no_such_database"));
}

// A pool and `retry` try again what is transient, up to their limit.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_refusal_that_lasts_is_not_transient, Face, both_faces) {
    Face face;
    auto admin = face.connect();
    AWAIT(admin.execute("DROP DATABASE IF EXISTS refusing"));
    AWAIT(admin.execute("CREATE DATABASE refusing"));
    AWAIT(
        admin.execute_script("DROP ROLE IF EXISTS refused; CREATE ROLE refused LOGIN PASSWORD 'a long secret'; "
                             "REVOKE CONNECT ON DATABASE refusing FROM PUBLIC"));
    using setter = std::pair<const char*, const char*>;
    const std::vector<std::vector<setter>> refusals{
        {{"password", ""}},
        {{"sslmode", "sometimes"}},
        {{"target_session_attrs", "sometimes"}},
        {{"channel_binding", "require"}},
        {{"sslmode", "require"}},
        {{"service", "nowhere"}},
        {{"options", "-c no_such_setting=1"}},
        {{"options", "-c work_mem=much"}},
        {{"dbname", "no_such_database"}},
        {{"user", "nobody_there"}},
        {{"user", "refused"}, {"password", "a long secret"}, {"dbname", "refusing"}},
    };
    const bool has_tls = AWAIT(admin.template fetch_one<std::string>("SHOW ssl")) == "on";
    for (const auto& settings : refusals) {
        conninfo info = by_host();
        for (const auto& [keyword, value] : settings) info.set(keyword, value);
        if (has_tls && settings.front() == setter{"sslmode", "require"}) continue;
        const auto e = error_of<connection_error>([&] { face.connect(info); });
        BOOST_TEST(!e.is_transient(), settings.front().first << "=" << settings.front().second << ": " << e.what());
        BOOST_TEST(!contains(e.what(), "secret"));
    }
    AWAIT(admin.execute("ALTER DATABASE refusing ALLOW_CONNECTIONS false"));
    const auto e = error_of<connection_error>([&] { face.connect(by_host().dbname("refusing")); });
    BOOST_TEST(!e.is_transient(), e.what());
    AWAIT(admin.execute("DROP DATABASE refusing"));
    AWAIT(admin.execute("DROP ROLE refused"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_server_that_talks_without_end_is_given_up_in_time, Face, both_faces) {
    namespace ip = asio::ip;
    asio::io_context io;
    ip::tcp::acceptor listener{io, {ip::address_v4::loopback(), 0}};
    std::jthread talking{[&listener] {
        ip::tcp::socket client = listener.accept();
        const std::string words =
            testing::notice_response({{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', "00000"}, {'M', "and another thing"}});
        boost::system::error_code problem;
        asio::write(client, asio::buffer(testing::authentication_ok()), problem);
        while (!problem) asio::write(client, asio::buffer(words), problem);
    }};
    conninfo info;
    info.host("127.0.0.1").port(listener.local_endpoint().port()).user("x").dbname("x").set("sslmode", "disable");
    info.connect_timeout(std::chrono::seconds{1});
    Face face;
    const auto start = std::chrono::steady_clock::now();
    error_of<connect_timeout>([&] { face.connect(info); });
    BOOST_TEST((std::chrono::steady_clock::now() - start < within(std::chrono::seconds{3})));
}

BOOST_AUTO_TEST_CASE(an_event_loop_that_stalls_does_not_fail_a_connect) {
    using namespace std::chrono_literals;
    async_face face;
    cancellable connecting{face.io, only_run(coropg::connect(conninfo{tcp_dsn()}.connect_timeout(1s)))};
    face.io.poll();
    std::this_thread::sleep_for(1200ms);  // it does something else
    connecting.wait();
}

// As the server's first word may come when the time is up long since, so may our own.
BOOST_AUTO_TEST_CASE(an_event_loop_that_stalls_as_a_connect_begins_does_not_fail_it) {
    using namespace std::chrono_literals;
    for (const std::string& server : {dsn(), tcp_dsn()})
        for (const int pieces : {1, 13}) {
            async_face face;
            for (int i = 0; i < pieces; ++i)
                asio::post(face.io, [pieces] { std::this_thread::sleep_for(1300ms / pieces); });
            cancellable{face.io, only_run(coropg::connect(conninfo{server}.connect_timeout(1s)))}.wait();

            cancellable connecting{face.io, only_run(coropg::connect(conninfo{server}.connect_timeout(1s)))};
            for (int i = 0; i < pieces; ++i)
                asio::post(face.io, [pieces] { std::this_thread::sleep_for(1300ms / pieces); });
            connecting.wait();
        }
}

/// Asks for a proof of the password that takes some ten seconds to compute.
class expensive_server {
 public:
    ~expensive_server() { serving_.join(); }

    [[nodiscard]] conninfo info() const {
        conninfo info;
        info.host("127.0.0.1").port(listener_.local_endpoint().port()).user("x").dbname("x").password("secret");
        return info.set("sslmode", "disable").connect_timeout(std::chrono::seconds{1});
    }

 private:
    using tcp = asio::ip::tcp;

    static std::string read(tcp::socket& from, std::size_t size) {
        std::string bytes(size, '\0');
        asio::read(from, asio::buffer(bytes));
        return bytes;
    }
    static std::string read_message(tcp::socket& from) {
        std::size_t length = 0;
        for (const char c : read(from, 4)) length = length << 8U | static_cast<unsigned char>(c);
        return read(from, length - 4);
    }
    void serve() {
        try {
            tcp::socket client = listener_.accept();
            read_message(client);
            const auto ask = [&client](char type, const std::string& body) {
                asio::write(client, asio::buffer(testing::message('R', std::string{"\0\0\0", 3} + type + body)));
            };
            ask('\x0a', std::string{"SCRAM-SHA-256\0", 15});
            read(client, 1);
            const std::string first = read_message(client);
            ask('\x0b', first.substr(first.find("r=")) + "s,s=c2FsdHNhbHQ=,i=20000000");
            read(client, 1);
        } catch (const boost::system::system_error&) {  // the client went
        }
    }

    asio::io_context io_;
    tcp::acceptor listener_{io_, {asio::ip::address_v4::loopback(), 0}};
    std::thread serving_{[this] { serve(); }};
};

BOOST_AUTO_TEST_CASE_TEMPLATE(a_proof_of_the_password_that_takes_long_is_given_up_in_time, Face, both_faces) {
    const expensive_server server;
    Face face;
    const auto start = std::chrono::steady_clock::now();
    const auto e = error_of<connect_timeout>([&] { face.connect(server.info()); });
    BOOST_TEST((std::chrono::steady_clock::now() - start < within(std::chrono::seconds{3})));
    BOOST_TEST(contains(e.what(), "proof"), e.what());
}

BOOST_AUTO_TEST_CASE(an_event_loop_goes_on_while_a_proof_is_computed) {
    using namespace std::chrono_literals;
    const expensive_server server;
    async_face face;
    cancellable connecting{face.io, only_run(coropg::connect(server.info()))};
    auto longest = 0ns;
    for (auto last = std::chrono::steady_clock::now(); !connecting.has_ended();) {
        face.io.run_one_for(10ms);
        const auto now = std::chrono::steady_clock::now();
        longest = std::max<std::chrono::nanoseconds>(longest, now - std::exchange(last, now));
    }
    BOOST_TEST((longest < within(500ms)));
    connecting.error<connect_timeout>();
}

/// Why each of these logins, which begin at a time, was given up.
std::vector<std::string> reasons_of_logins(async_face& face, const conninfo& info, std::size_t count) {
    std::vector<asio::awaitable<coropg::connection>> logins;
    for (std::size_t i = 0; i < count; ++i) logins.push_back(coropg::connect(info));
    std::vector<std::string> reasons;
    for (const auto& each : face.run(gather_settled(std::move(logins)))) try {
            (void)each.value();
        } catch (const connect_timeout& e) {
            reasons.emplace_back(e.what());
        }
    return reasons;
}
std::vector<std::string> reasons_of_logins(sync_face&, const conninfo& info, std::size_t count) {
    std::vector<std::future<std::string>> logins;
    for (std::size_t i = 0; i < count; ++i)
        logins.push_back(std::async(std::launch::async, [&info]() -> std::string {
            stuck_logins::let_this_thread_pass();
            try {
                sync::connect(info);
                return {};
            } catch (const connect_timeout& e) {
                return e.what();
            }
        }));
    std::vector<std::string> reasons;
    for (auto& each : logins) reasons.push_back(each.get());
    std::erase(reasons, "");
    return reasons;
}

BOOST_AUTO_TEST_CASE_TEMPLATE(logins_that_were_given_up_do_not_keep_others_from_logging_in, Face, both_faces) {
    stuck_logins server;
    Face face;
    const auto reasons = reasons_of_logins(face, server.info(20).connect_timeout(std::chrono::seconds{1}), 20);
    BOOST_TEST(reasons.size() == 20U);
    if (server.stuck() == 0) return skip("this libpq does not lock what it does for GSSAPI");
    BOOST_TEST(server.stuck() >= 16U);
    const auto is_of_proof = [](const std::string& reason) { return contains(reason, "proof takes longer"); };
    BOOST_TEST(std::ranges::any_of(reasons, is_of_proof), reasons.front());  // who got no thread may hear so first
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) {
        auto conn = face.connect(conninfo{tcp_dsn()}.connect_timeout(std::chrono::seconds{3}));
        BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    }
    BOOST_TEST((std::chrono::steady_clock::now() - start < within(std::chrono::seconds{2})));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_login_goes_on_as_soon_as_those_before_it_are_given_up, Face, both_faces) {
    using namespace std::chrono_literals;
    stuck_logins server;
    const conninfo info = server.info(16).connect_timeout(3s);
    auto others = std::async(std::launch::async, [&info] {
        sync_face face;
        return reasons_of_logins(face, info, 16);
    });
    const auto limit = std::chrono::steady_clock::now() + 1s;
    while (server.stuck() < 16 && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    if (server.stuck() == 0) return skip("this libpq does not lock what it does for GSSAPI");
    BOOST_TEST(server.stuck() == 16U);
    Face face;
    const auto e = error_of<connect_timeout>([&] { face.connect(conninfo{tcp_dsn()}.connect_timeout(1s)); });
    BOOST_TEST(contains(e.what(), "kept busy by servers"), e.what());
    auto conn = face.connect(conninfo{tcp_dsn()}.connect_timeout(10s));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    BOOST_TEST(others.get().size() == 16U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_server_says_during_a_login_is_logged_by_the_thread_that_connects, Face,
                              both_faces) {
    const std::string whole = testing::greeting();
    const std::string before = testing::authentication_ok();
    const std::string notice =
        testing::notice_response({{'S', "WARNING"}, {'V', "WARNING"}, {'C', "01000"}, {'M', "mind the step"}});
    testing::fake_server server;
    server.next({testing::step::send(before + notice + whole.substr(before.size()) + notice), testing::step::serve()});
    const logged_by_thread log;
    Face face;
    auto conn = face.connect(server.info());
    const auto threads = log.threads_of("WARNING 01000: mind the step");
    BOOST_TEST(threads.size() >= 1U);
    for (const std::thread::id each : threads) BOOST_TEST((each == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(another_encoding_than_utf8_is_refused, Face, both_faces) {
    Face face;
    conninfo info = dsn();
    info.set("client_encoding", "LATIN1");
    error_of<usage_error>([&] { face.connect(info); });
    info.set("client_encoding", "UTF8");
    for (const bool is_script : {false, true}) {
        auto conn = face.connect(info);
        if (is_script)
            AWAIT(conn.execute_script("SET client_encoding = SJIS"));
        else
            AWAIT(conn.execute("SET client_encoding = SJIS"));
        const auto e = ERROR_OF(connection_error, conn.execute("SELECT 1"));
        BOOST_TEST((e.outcome() == outcome::not_sent));
        BOOST_TEST(contains(e.what(), "client_encoding"), e.what());
        BOOST_TEST(!conn.is_open());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_service_says_where_to, Face, both_faces) {
    const conninfo here = by_host();
    const service_file file{here};
    Face face;
    auto conn = face.connect("service=here");
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT inet_server_port()")) ==
               std::stoi(std::string{here.get("port")}));
    // What stands beside it outranks it; what it does not set, comes from elsewhere.
    conninfo other{"service=here"};
    other.port(1);
    const auto e = error_of<connection_error>([&] { face.connect(other); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(e.attempts()[0].host == here.get("host"));
    BOOST_TEST(e.attempts()[0].port == "1");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_service_that_cannot_be_read_is_told, Face, both_faces) {
    conninfo here;
    here.application_name("one\nnonsense=1");
    const service_file file{here};
    Face face;
    const auto e = error_of<connection_error>([&] { face.connect("service=here"); });
    BOOST_TEST(contains(e.what(), "service file"), e.what());
    BOOST_TEST(!e.is_transient());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(without_a_limit_connecting_takes_its_time, Face, both_faces) {
    Face face;
    conninfo info = dsn();
    auto conn = face.connect(info.connect_timeout(std::chrono::milliseconds{0}));
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 1")) == 1);
    for (const char* const as_libpq_takes_it : {" 5 ", "+3", " +3"})
        face.connect(info.set("connect_timeout", as_libpq_takes_it));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_address_without_a_name_is_called_by_it, Face, both_faces) {
    Face face;
    const auto e = error_of<connection_error>([&] { face.connect("hostaddr=127.0.0.1 port=1 user=x"); });
    BOOST_TEST(contains(e.what(), "127.0.0.1 port 1"), e.what());
    BOOST_TEST(!contains(e.what(), "local socket"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_program_has_closed_is_not_transient, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    AWAIT(conn.close());
    const auto e = ERROR_OF(connection_closed, conn.execute("SELECT 1"));
    BOOST_TEST(!e.is_transient());
    BOOST_TEST((e.outcome() == outcome::not_sent));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_host_that_never_answers_ends_by_connect_timeout, Face, both_faces) {
    Face face;
    asio::io_context io;
    // Accepts by its backlog and never says a word.
    asio::ip::tcp::acceptor deaf{io, {asio::ip::address_v4::loopback(), 0}};
    conninfo info{"host=127.0.0.1 user=x dbname=x connect_timeout=1"};
    info.port(deaf.local_endpoint().port());
    const auto e = error_of<coropg::connect_timeout>([&] { face.connect(info); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST((e.attempts()[0].elapsed >= std::chrono::milliseconds{900}));
    BOOST_TEST((e.attempts()[0].elapsed < within(std::chrono::milliseconds{3000})));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(settings_that_cannot_work_are_a_usage_error, Face, both_faces) {
    Face face;
    const auto lists = error_of<usage_error>([&] { face.connect("host=a,b,c port=1,2 user=x"); });
    BOOST_TEST(contains(lists.what(), "port"));
    // A password with a colon that was not escaped ends up where the port is expected.
    const auto port = error_of<usage_error>([&] { face.connect("postgresql://host:p:s3cret/db"); });
    BOOST_TEST(contains(port.what(), "port"));
    BOOST_TEST(!contains(port.what(), "s3cret"));
    error_of<usage_error>([&] { face.connect("host=a connect_timeout=soon user=x"); });
    for (const char* const odd : {"' 5 s'", "+", "++3", "+-3", "'+ 3'"})
        error_of<usage_error>([&] { face.connect(std::string{"host=a user=x connect_timeout="} + odd); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(target_session_attrs_is_honoured, Face, both_faces) {
    Face face;
    conninfo info = dsn();
    info.set("target_session_attrs", "standby");
    BOOST_TEST(contains(error_of<connection_error>([&] { face.connect(info); }).what(), "not in hot standby"));
    info.set("target_session_attrs", "prefer-standby");
    auto conn = face.connect(info);
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT 3")) == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(close_ends_the_connection_behind_what_is_queued, Face, both_faces) {
    Face face;
    auto watcher = face.connect();
    auto conn = face.connect();
    const int pid = conn.backend_pid();
    AWAIT(conn.close());
    BOOST_TEST(!conn.is_open());
    AWAIT(conn.close());  // once more does nothing
    const auto e = ERROR_OF(connection_error, conn.execute("SELECT 1"));
    BOOST_TEST(contains(e.what(), "closed by close()"));
    BOOST_TEST(contains(e.what(), "not sent"));
    while (AWAIT(watcher.template fetch_one<std::int64_t>("SELECT count(*) FROM pg_stat_activity WHERE pid = $1",
                                                          pid)) > 0) {
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_connection_can_be_moved_and_replaced, Face, both_faces) {
    Face face;
    auto first = face.connect();
    auto second = std::move(first);
    BOOST_TEST(AWAIT(second.template fetch_one<int>("SELECT 4")) == 4);
    second = face.connect();
    BOOST_TEST(AWAIT(second.template fetch_one<int>("SELECT 5")) == 5);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connect_with_a_password)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_wrong_password_is_told_without_the_password, Face, both_faces) {
    if (!asks_for_a_password()) return skip(asks_for_none);
    Face face;
    conninfo info = tcp_dsn();
    info.password("s3cret-canary");
    const auto e = error_of<connection_error>([&] { face.connect(info); });
    BOOST_TEST_REQUIRE(e.attempts().size() == 1U);
    BOOST_TEST(e.attempts()[0].sqlstate == "28P01");
    BOOST_TEST(contains(e.what(), "password authentication failed"));
    BOOST_TEST(!contains(e.what(), "s3cret-canary"));
    BOOST_TEST(!contains(info.describe(), "s3cret-canary"));
    BOOST_TEST(!e.is_transient());
}

BOOST_AUTO_TEST_SUITE_END()
