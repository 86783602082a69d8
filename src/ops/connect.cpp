#include <coropg/detail/ops/ops.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>

#include "../attempts.hpp"
#include "../hang_up.hpp"
#include "../targets.hpp"
#include "aside.hpp"
#include "host_lookup.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <random>
#include <system_error>
#include <tuple>

namespace coropg::detail::ops {

namespace {

constexpr std::chrono::seconds default_connect_timeout{30};
/// For a server that was asked late, or has answered when we were late.
constexpr std::chrono::milliseconds grace{500};
/// Later than that, it is our event loop that did not run.
constexpr std::chrono::milliseconds late_wake{50};

bool is_local(const target& t) {
    return t.hostaddr.empty() && (t.host.empty() || t.host.front() == '/' || t.host.front() == '@');
}

bool is_address(const std::string& host) {
    std::array<unsigned char, 16> raw{};
    return inet_pton(AF_INET, host.c_str(), raw.data()) == 1 || inet_pton(AF_INET6, host.c_str(), raw.data()) == 1;
}

std::optional<std::chrono::seconds> timeout_of(const effective_settings& settings) {
    const std::string_view given = settings.get("connect_timeout");
    if (given.empty()) return default_connect_timeout;
    // libpq takes blanks around it, and a sign
    constexpr std::string_view blanks = " \t\n\v\f\r";
    std::string_view text = given.substr(std::min(given.find_first_not_of(blanks), given.size()));
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    text = text.substr(0, text.find_last_not_of(blanks) + 1);
    int seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (problem != std::errc{} || end != text.data() + text.size())
        throw usage_error{"connect_timeout is not a number of seconds: " + std::string{given}};
    if (seconds <= 0) return std::nullopt;
    return std::chrono::seconds{seconds};
}

/// libpq with one address: it can neither block on names nor wander on to another host. When there are no descriptors
/// left libpq 17 fails without a message: then `attempt` has errno's.
pq::connection start(const conninfo& info, const target& t, std::string_view session_attrs, connect_attempt& attempt) {
    std::vector<std::pair<std::string, std::string>> settings;
    for (const conninfo::setting& s : info.settings())
        if (s.first != "host" && s.first != "hostaddr" && s.first != "port" && s.first != "target_session_attrs" &&
            s.first != "load_balance_hosts" && s.first != "client_encoding")
            settings.push_back(s);
    settings.emplace_back("host", t.host);
    settings.emplace_back("hostaddr", t.hostaddr);
    settings.emplace_back("port", t.port);
    settings.emplace_back("client_encoding", "UTF8");
    settings.emplace_back("fallback_application_name", "coropg");
    if (!session_attrs.empty()) settings.emplace_back("target_session_attrs", session_attrs);
    if (info.get("gssencmode").empty()) settings.emplace_back("gssencmode", "disable");

    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : settings) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    const pq::plain_english language;
    errno = 0;
    pq::connection conn{PQconnectStartParams(keywords.data(), values.data(), 0)};
    const int error = errno;
    if (!conn) throw std::bad_alloc{};
    if (PQstatus(conn.get()) == CONNECTION_BAD && error != 0) attempt.reason = std::generic_category().message(error);
    return conn;
}

PostgresPollingStatusType step(PGconn* conn) noexcept {
    const pq::plain_english language;
    return PQconnectPoll(conn);
}

std::chrono::milliseconds since(clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - start);
}

/// What an attempt works on. A thread may outlive it.
struct candidate {
    explicit candidate(pq::connection begun) : conn{std::move(begun)} {}

    pq::connection conn;
    connect_attempt heard{};             // by notices
    std::vector<diagnostics> notices{};  // to be logged by who waits, and not on another thread
};

/// A step of libpq's, which may compute for as long as the server likes: SCRAM's proof of a password.
struct proving : aside_call {
    explicit proving(std::shared_ptr<candidate> one) : of{std::move(one)} {}

    const std::shared_ptr<candidate> of;
    PostgresPollingStatusType status = PGRES_POLLING_FAILED;

 private:
    void work() noexcept override { status = step(of->conn.get()); }
};

bool is_ready(int socket, want to) { return to == want::read ? is_readable(socket) : is_writable(socket); }

/// Whether a call beside the event loop has ended in time. It may not have had its time while our loop did not run, nor
/// its thread: then it has some more.
op<bool> has_ended_in_time(const aside_call& call, clock::time_point deadline) {
    for (bool was_late = false; !call.has_ended();) {
        const answer woken = co_await wish{want::read, call.descriptor(), deadline};
        if (woken != answer::timed_out || call.has_ended()) continue;
        if (std::exchange(was_late, true) || clock::now() - deadline <= late_wake) co_return false;
        deadline = clock::now() + grace;
    }
    co_return true;
}

/// The step, beside the event loop; nothing if it does not end in time, which is told in `attempt`, and `one` left behind.
op<std::optional<PostgresPollingStatusType>> prove(std::shared_ptr<candidate>& one, clock::time_point deadline,
                                                   connect_attempt& attempt) {
    try {
        const auto call = std::make_shared<proving>(one);
        const aside_threads::stay here{aside_threads::of_connects(), call};
        if (co_await has_ended_in_time(*call, deadline)) co_return call->status;
        attempt.reason = call->is_starved()
                             ? "all threads that log in are kept busy by servers, for longer than connect_timeout"
                             : "the password's proof takes longer than connect_timeout, as the server asks for";
        one = nullptr;
    } catch (const std::system_error& e) {
        attempt.reason = std::string{"no thread to log in by: "} + e.what();
    }
    co_return std::nullopt;
}

void log_notices(candidate& of) {
    for (const diagnostics& notice : std::exchange(of.notices, {})) pq::log_notice(notice);
}

/// PQconnectPoll until it is done. The socket is asked for anew each time: libpq may have opened another one. What has to
/// be left behind is taken from `one`.
op<PostgresPollingStatusType> poll_until_done(std::shared_ptr<candidate>& one, clock::time_point deadline,
                                              connect_attempt& attempt) {
    PGconn* const conn = one->conn.get();
    want next = want::write;
    bool was_late = false;
    while (PQstatus(conn) != CONNECTION_BAD) {
        bool is_late = clock::now() >= deadline;  // also while a server sends without end
        if (!is_late) is_late = co_await wish{next, PQsocket(conn), deadline} == answer::timed_out;
        if (is_late && !std::exchange(was_late, true)) {  // the server may be in time, when our event loop is not
            const bool did_we_sleep = clock::now() - deadline > late_wake;
            is_late = !did_we_sleep && !is_ready(PQsocket(conn), next);
            deadline = clock::now() + grace;
        }
        if (is_late) {
            attempt.reason = "no answer within connect_timeout";
            co_return PGRES_POLLING_FAILED;
        }
        const bool may_compute = PQstatus(conn) == CONNECTION_AWAITING_RESPONSE;
        const auto done = may_compute ? co_await prove(one, deadline, attempt) : std::optional{step(conn)};
        if (one != nullptr) log_notices(*one);
        if (!done) co_return PGRES_POLLING_FAILED;
        const PostgresPollingStatusType status = *done;
        if (status == PGRES_POLLING_OK) co_return status;
        if (status == PGRES_POLLING_FAILED) break;
        next = status == PGRES_POLLING_READING ? want::read : want::write;
    }
    if (const std::string_view message = PQerrorMessage(conn); !message.empty())
        std::tie(attempt.sqlstate, attempt.reason) = pq::parse_verbose(message);
    co_return PGRES_POLLING_FAILED;
}

/// Why a server ends a connection that it has accepted: libpq takes it for a notice.
void take_notice(void* by, const PGresult* notice) noexcept {
    try {
        auto& told = *static_cast<candidate*>(by);
        const diagnostics& d = told.notices.emplace_back(pq::diagnostics_of(notice));
        if (d.severity != "FATAL") return;
        told.heard.sqlstate = d.sqlstate;
        told.heard.reason = d.severity + ": " + d.message;
    } catch (...) {  // out of memory: the reason is lost
    }
}

/// Whether the server has not ended what it has just accepted: for too many, or for being idle while we were late.
bool is_kept(candidate& one) {
    PGconn* const conn = one.conn.get();
    connect_attempt& attempt = one.heard;
    const bool has_ended = has_hung_up(PQsocket(conn));
    if (!has_ended && attempt.reason.empty()) return true;
    for (bool is_more = has_ended; is_more;) {
        is_more = pq::consume_input(conn) && PQstatus(conn) == CONNECTION_OK;
        PQisBusy(conn);  // takes in what was read, which may be the last
    }
    if (attempt.reason.empty()) attempt.reason = "the server closed the connection as soon as it was made";
    return false;
}

/// One attempt, told in `attempt`.
op<bool> establish(std::shared_ptr<candidate>& one, std::optional<std::chrono::seconds> limit,
                   connect_attempt& attempt) {
    const clock::time_point started = clock::now();
    PGconn* const conn = one->conn.get();
    PQsetNoticeReceiver(conn, take_notice, one.get());
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);  // for the SQLSTATE
    const clock::time_point deadline = limit ? started + *limit : no_deadline;
    const auto status = co_await poll_until_done(one, deadline, attempt);
    attempt.elapsed = since(started);
    bool connected = false;
    if (one != nullptr) {
        PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
        connected = status == PGRES_POLLING_OK && is_kept(*one);
        log_notices(*one);
        PQsetNoticeReceiver(conn, pq::log_notice, nullptr);
        if (attempt.reason.empty())
            std::tie(attempt.sqlstate, attempt.reason) = std::tie(one->heard.sqlstate, one->heard.reason);
    }
    if (should_log(log_level::info)) {
        std::string text = connected ? "connected to " : "cannot connect to ";
        text += place_of(attempt);
        text += " port " + attempt.port + " in " + std::to_string(attempt.elapsed.count()) + " ms";
        if (!connected) text += ": " + attempt.reason;
        log(log_level::info, text);
    }
    notify(&observer::on_connect, connect_event{attempt});
    co_return connected;
}

/// The addresses of a name, or why there are none.
struct found_addresses {
    std::vector<std::string> all;
    std::string problem;
    bool is_late = false;
};

op<found_addresses> look_up(const target& t, clock::time_point deadline) {
    try {
        const auto call = std::make_shared<host_lookup>(t.host, t.port);
        const aside_threads::stay here{aside_threads::of_lookups(), call};
        if (co_await has_ended_in_time(*call, deadline)) co_return found_addresses{call->addresses(), call->problem()};
        const char* const why =
            call->is_starved()
                ? "all threads that look names up are kept busy by other names, for longer than connect_timeout"
                : "no answer within connect_timeout";
        co_return found_addresses{{}, why, true};
    } catch (const std::system_error& e) {
        co_return found_addresses{{}, std::string{"no thread to look it up by: "} + e.what()};
    }
}

/// All addresses of one host; there are none without an attempt that says why.
op<std::vector<target>> addresses_of(const target& t, std::optional<std::chrono::seconds> limit,
                                     std::vector<connect_attempt>& attempts, bool& only_timeouts) {
    std::vector<target> found;
    if (is_local(t) || !t.hostaddr.empty()) {
        found.push_back(t);
    } else if (is_address(t.host)) {
        found.push_back({t.host, t.host, t.port});
    } else {
        const clock::time_point started = clock::now();
        found_addresses answer = co_await look_up(t, limit ? started + *limit : no_deadline);
        for (std::string& address : answer.all) found.push_back({t.host, std::move(address), t.port});
        if (found.empty()) {
            only_timeouts = only_timeouts && answer.is_late;
            attempts.push_back({t.host, {}, t.port, {}, "cannot resolve the name: " + answer.problem, since(started)});
        }
    }
    co_return found;
}

/// Whether to spread connections over the hosts. Source: PostgreSQL manual, "Parameter Key Words".
bool is_balanced(const effective_settings& settings) {
    const std::string_view how = settings.get("load_balance_hosts");
    if (!how.empty() && how != "random" && how != "disable")
        throw usage_error{"load_balance_hosts is neither \"random\" nor \"disable\""};
    return how == "random";
}

void shuffle(std::vector<target>& targets) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::ranges::shuffle(targets, random);
}

/// Values travel as UTF-8, and quoting relies on it.
void require_utf8(const conninfo& info) {
    const std::string_view encoding = info.get("client_encoding");
    if (!encoding.empty() && encoding != "UTF8" && encoding != "utf8" && encoding != "UTF-8" && encoding != "utf-8")
        throw usage_error{"client_encoding: coropg speaks UTF8 alone, whatever the encoding of the database"};
}

/// OpenSSL would, for the password of an encrypted key; libpq's own way has sslpassword alone.
void never_ask_the_terminal() {
    if (PQgetSSLKeyPassHook_OpenSSL() == nullptr) PQsetSSLKeyPassHook_OpenSSL(PQdefaultSSLKeyPassHook_OpenSSL);
}

/// libpq sees one host at a time, so "prefer" is two rounds: first standbys only, then any.
std::vector<std::string> rounds_of(std::string_view session_attrs) {
    if (session_attrs == "prefer-standby") return {"standby", "any"};
    return {std::string{session_attrs}};
}

}  // namespace

op<pq::connection> connect(conninfo info) {
    require_utf8(info);
    never_ask_the_terminal();
    const effective_settings settings{info};
    const std::optional<std::chrono::seconds> limit = timeout_of(settings);
    std::vector<target> hosts = targets_of(settings);
    const bool balanced = is_balanced(settings);
    if (balanced) shuffle(hosts);
    std::vector<connect_attempt> attempts;
    bool only_timeouts = true;

    for (const std::string& session_attrs : rounds_of(settings.get("target_session_attrs"))) {
        for (const target& host : hosts) {
            std::vector<target> addresses = co_await addresses_of(host, limit, attempts, only_timeouts);
            if (balanced) shuffle(addresses);
            for (const target& address : addresses) {
                attempts.push_back({address.host, address.hostaddr, address.port, {}, {}, {}});
                auto one = std::make_shared<candidate>(start(info, address, session_attrs, attempts.back()));
                if (co_await establish(one, limit, attempts.back())) co_return std::move(one->conn);
                const bool is_bad = one != nullptr && PQstatus(one->conn.get()) == CONNECTION_BAD;
                const bool was_answered = is_bad || !attempts.back().sqlstate.empty();
                only_timeouts = only_timeouts && !was_answered;
                // as libpq: the others would refuse it, too
                if (is_lasting(attempts.back())) throw connection_error{std::move(attempts)};
            }
        }
    }
    if (only_timeouts) throw connect_timeout{std::move(attempts)};
    throw connection_error{std::move(attempts)};
}

}  // namespace coropg::detail::ops
