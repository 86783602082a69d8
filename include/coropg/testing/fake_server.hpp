// A server by script: it speaks the wire protocol without a database, in good order or not, so that a program meets
// what no real server does on demand. It runs on a thread and an event loop of its own. No TLS: a request for it is
// refused.
//
//   fake_server server;
//   server.answer("SELECT name FROM users", reply::rows({{"name"}}, {{"Alice"}, {"Bob"}}));
//   server.next({step::startup(), step::expect("PBDES"), step::send(parse_complete()), step::close()});
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/testing/loop_thread.hpp>
#include <coropg/testing/messages.hpp>
#include <coropg/testing/traffic.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace coropg::testing {

/// One step of a script.
class step {
 public:
    /// Sends the greeting: AuthenticationOk to ReadyForQuery.
    [[nodiscard]] static step startup() { return {action::startup, {}}; }
    /// Reads messages of these types, in this order; anything else is a problem, and ends the connection by a reset.
    [[nodiscard]] static step expect(std::string types) { return {action::expect, std::move(types)}; }
    /// Sends bytes: messages, or what pretends to be some.
    [[nodiscard]] static step send(std::string bytes) { return {action::send, std::move(bytes)}; }
    /// Answers whatever comes, as a server would, until the client goes.
    [[nodiscard]] static step serve() { return {action::serve, {}}; }
    /// Waits until a CancelRequest for this connection has come.
    [[nodiscard]] static step await_cancel() { return {action::await_cancel, {}}; }
    /// Closes in good order; so does the end of a script.
    [[nodiscard]] static step close() { return {action::close, {}}; }
    /// Closes by a RST.
    [[nodiscard]] static step reset() { return {action::reset, {}}; }
    /// Says nothing any more, until the client goes.
    [[nodiscard]] static step hang() { return {action::hang, {}}; }

    enum class action : unsigned char { startup, expect, send, serve, await_cancel, close, reset, hang };
    [[nodiscard]] action what() const { return what_; }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
    step(action what, std::string bytes) : what_{what}, bytes_{std::move(bytes)} {}

    action what_;
    std::string bytes_;
};

/// The steps of one connection, once the client has sent its StartupMessage.
using script = std::vector<step>;

/// The answer of step::serve() to a statement.
class reply {
 public:
    /// No rows.
    explicit reply(std::string_view tag = "SELECT 0") : reply{no_data(), command_complete(tag), false} {}
    /// Sends `execution` upon Execute, be it what it may; `description` upon Describe.
    reply(std::string description, std::string execution)
        : reply{std::move(description), std::move(execution), false} {}

    [[nodiscard]] static reply rows(const std::vector<column>& columns, const std::vector<values>& all) {
        std::string execution;
        for (const values& one : all) execution += data_row(one);
        return {row_description(columns), execution + command_complete("SELECT " + std::to_string(all.size()))};
    }
    /// An error upon Execute; what comes before the next Sync is skipped then.
    [[nodiscard]] static reply failure(std::string error) { return {no_data(), std::move(error), true}; }

    [[nodiscard]] const std::string& description() const { return description_; }
    [[nodiscard]] const std::string& execution() const { return execution_; }
    [[nodiscard]] bool fails() const { return fails_; }

 private:
    reply(std::string description, std::string execution, bool fails)
        : description_{std::move(description)}, execution_{std::move(execution)}, fails_{fails} {}

    std::string description_;
    std::string execution_;
    bool fails_;
};

/// The key in a CancelRequest: the BackendKeyData of the connection that it is about.
struct cancel_key {
    std::uint32_t pid;
    std::uint32_t secret;
};

namespace detail {

/// Shared by the connections of a fake server. Thread: the server's.
struct fake_state {
    std::deque<script> scripts;
    std::map<std::string, reply, std::less<>> replies;
    reply otherwise;
    std::vector<cancel_key> cancels;
    std::vector<std::string> problems;
};

/// One connection of the fake server. Thread: the server's.
class fake_session {
 public:
    fake_session(boost::asio::ip::tcp::socket socket, wire_record& record, fake_state& shared, std::uint32_t pid)
        : socket_{std::move(socket)},
          record_{record},
          observer_{record},
          shared_{shared},
          cancelled_{socket_.get_executor()},
          pid_{pid} {
        boost::system::error_code ignored;
        socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
        cancelled_.expires_at(std::chrono::steady_clock::time_point::max());
    }

    /// Plays the next script. Returns the connection that a CancelRequest was for, 0 if it was none.
    boost::asio::awaitable<std::uint32_t> play() {
        const char wish = co_await meet();
        if (wish == message_type::cancel) {
            record_.change([](traffic& all) { ++all.cancels; });
            const cancel_key key{read_int32(body_.substr(4)), read_int32(body_.substr(8))};
            shared_.cancels.push_back(key);
            co_return key.pid;
        }
        if (wish == 0) co_return 0;
        record_.change([](traffic& all) { ++all.connections; });
        script steps{step::startup(), step::serve()};
        if (!shared_.scripts.empty()) {
            steps = std::move(shared_.scripts.front());
            shared_.scripts.pop_front();
        }
        for (const step& s : steps) {
            const bool goes_on = co_await take(s);
            if (!goes_on) co_return 0;
        }
        co_await part();
        co_return 0;
    }

    [[nodiscard]] std::uint32_t pid() const { return pid_; }

    void note_cancel() { cancelled_.cancel(); }

    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
        cancelled_.cancel();
    }

 private:
    using error_code = boost::system::error_code;

    static auto into(error_code& problem) { return boost::asio::redirect_error(boost::asio::use_awaitable, problem); }

    /// Reads until `count` bytes are there; false at the end of the connection.
    boost::asio::awaitable<bool> fill(std::size_t count) {
        error_code problem;
        while (input_.size() < count && !problem) {
            std::string more(4096, '\0');
            more.resize(co_await socket_.async_read_some(boost::asio::buffer(more), into(problem)));
            input_ += more;
        }
        co_return input_.size() >= count;
    }

    /// Takes a message of `size` bytes, whose body begins at `head`, off the input.
    boost::asio::awaitable<bool> take_message(std::size_t head, std::size_t size) {
        const bool whole = co_await fill(size);
        if (!whole) co_return false;
        observer_.take_all(side::client, std::string_view{input_}.substr(0, size));
        body_ = input_.substr(head, size - head);
        input_.erase(0, size);
        co_return true;
    }

    /// Reads up to the StartupMessage or CancelRequest, and returns which; 0 at the end of the connection.
    boost::asio::awaitable<char> meet() {
        for (;;) {
            const bool begun = co_await fill(8);
            if (!begun) co_return 0;
            const char type = type_of_startup(input_);
            const bool whole = co_await take_message(4, std::max<std::size_t>(8, read_int32(input_)));
            if (!whole) co_return 0;
            if (type != message_type::encryption) co_return type;
            co_await send("N");
        }
    }

    /// Reads a message into body_, and returns its type; 0 at the end of the connection.
    boost::asio::awaitable<char> read() {
        const bool begun = co_await fill(5);
        if (!begun) co_return 0;
        const char type = input_[0];
        const bool whole = co_await take_message(5, std::size_t{1} + read_int32(std::string_view{input_}.substr(1)));
        co_return whole ? type : 0;
    }

    boost::asio::awaitable<void> send(std::string bytes) {
        error_code ignored;  // reading tells it, too
        observer_.take_all(side::server, bytes);
        co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes), into(ignored));
    }

    /// Takes a step; false when it was the last.
    boost::asio::awaitable<bool> take(const step& s) {
        switch (s.what()) {
            case step::action::startup: co_await send(greeting(pid_, secret)); co_return true;
            case step::action::send: co_await send(s.bytes()); co_return true;
            case step::action::expect: {
                const bool as_expected = co_await expect(s.bytes());
                if (!as_expected) reset();
                co_return as_expected;
            }
            case step::action::serve: co_await serve(); co_return true;
            case step::action::await_cancel: co_await await_cancel(); co_return true;
            case step::action::close: co_await part(); co_return false;
            case step::action::reset: reset(); co_return false;
            case step::action::hang: co_await drain(); co_return false;
        }
        co_return false;
    }

    boost::asio::awaitable<bool> expect(std::string types) {
        for (const char expected : types) {
            const char type = co_await read();
            if (type == expected) continue;
            const std::string got = type == 0 ? "the end of the connection" : std::string{'\'', type, '\''};
            shared_.problems.push_back("expected '" + std::string{expected} + "' of \"" + types + "\", but got " + got);
            co_return false;
        }
        co_return true;
    }

    boost::asio::awaitable<void> await_cancel() {
        const auto is_mine = [&](const cancel_key& key) { return key.pid == pid_; };
        while (socket_.is_open() && std::none_of(shared_.cancels.begin(), shared_.cancels.end(), is_mine)) {
            error_code ignored;
            co_await cancelled_.async_wait(into(ignored));
        }
    }

    /// Closes for good order: unread bytes would make it a reset.
    boost::asio::awaitable<void> part() {
        error_code ignored;
        socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
        co_await drain();
    }

    boost::asio::awaitable<void> drain() {
        error_code problem;
        std::string buffer(4096, '\0');
        while (!problem) co_await socket_.async_read_some(boost::asio::buffer(buffer), into(problem));
    }

    void reset() {
        error_code ignored;
        socket_.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        socket_.close(ignored);
    }

    /// Answers until Terminate. What it has to say is sent upon Sync, Flush and Query.
    ///   extended:  (Parse | Bind | Describe | Execute | Close)* Sync; after an error all but Sync is skipped
    ///   simple:    Query
    boost::asio::awaitable<void> serve() {
        std::string answers;
        bool skipping = false;
        for (;;) {
            const char type = co_await read();
            if (type == 0 || type == 'X') co_return;
            if (type == 'S') {
                answers += ready_for_query();
                skipping = false;
            } else if (!skipping) {
                answers += answer(type, skipping);
            }
            if (type != 'S' && type != 'H' && type != 'Q') continue;
            co_await send(std::exchange(answers, {}));
        }
    }

    std::string answer(char type, bool& skipping) {
        std::string_view body = body_;
        switch (type) {
            case 'P': {
                const std::string name = text(body);
                statements_[name] = text(body);
                parameters_[name] = parameter_types(body);
                return parse_complete();
            }
            case 'B': {
                const std::string portal = text(body);
                portals_[portal] = statements_[text(body)];
                return bind_complete();
            }
            case 'D': return describe(body);
            case 'E': {
                const reply& r = reply_to(portals_[text(body)]);
                skipping = r.fails();
                return r.execution();
            }
            case 'Q': {
                const reply& r = reply_to(text(body));
                const std::string description = r.description() == no_data() ? "" : r.description();
                return description + r.execution() + ready_for_query();
            }
            case 'C': return close_complete();
            default: return {};
        }
    }

    std::string describe(std::string_view body) {
        const bool is_statement = body.starts_with('S');
        body.remove_prefix(1);
        const std::string name = text(body);
        if (!is_statement) return reply_to(portals_[name]).description();
        return parameter_description(parameters_[name]) + reply_to(statements_[name]).description();
    }

    /// int16 count; int32 OID, for each
    static std::vector<std::uint32_t> parameter_types(std::string_view body) {
        std::vector<std::uint32_t> types;
        for (body.remove_prefix(2); body.size() >= 4; body.remove_prefix(4)) types.push_back(read_int32(body));
        return types;
    }

    const reply& reply_to(const std::string& sql) const {
        if (const auto found = shared_.replies.find(sql); found != shared_.replies.end()) return found->second;
        const auto ends = transaction_replies().find(std::string_view{sql}.substr(0, sql.find(' ')));
        return ends == transaction_replies().end() ? shared_.otherwise : ends->second;
    }

    /// To what begins and ends transactions: a driver may look at the tag.
    static const std::map<std::string, reply, std::less<>>& transaction_replies() {
        static const std::map<std::string, reply, std::less<>> all{
            {"BEGIN", reply{"BEGIN"}},         {"COMMIT", reply{"COMMIT"}},   {"ROLLBACK", reply{"ROLLBACK"}},
            {"SAVEPOINT", reply{"SAVEPOINT"}}, {"RELEASE", reply{"RELEASE"}},
        };
        return all;
    }

    static constexpr std::uint32_t secret = 4711;

    boost::asio::ip::tcp::socket socket_;
    wire_record& record_;
    wire_observer observer_;
    fake_state& shared_;
    boost::asio::steady_timer cancelled_;
    std::uint32_t pid_;
    std::string input_;
    std::string body_;
    std::map<std::string, std::string> statements_;
    std::map<std::string, std::string> portals_;
    std::map<std::string, std::vector<std::uint32_t>> parameters_;
};

}  // namespace detail

/// Listens on 127.0.0.1. A connection plays the next script; when none is left, it is greeted and served: each
/// statement has the answer that was set for its SQL, or no rows; transactions begin and end. What is to be learned of
/// the traffic, `recorded` says.
/// Lifetime: its end closes all connections. Threads: any.
class fake_server : public recorded {
 public:
    fake_server()
        : acceptor_{loop_.io(), {boost::asio::ip::address_v4::loopback(), 0}},
          port_{acceptor_.local_endpoint().port()} {
        boost::asio::co_spawn(loop_.io(), accept(), boost::asio::detached);
        loop_.start();
    }

    fake_server(const fake_server&) = delete;
    fake_server& operator=(const fake_server&) = delete;

    ~fake_server() {
        loop_.run([this] {
            closing_ = true;
            boost::system::error_code ignored;
            acceptor_.close(ignored);
            for (const auto& each : sessions_)
                if (const auto alive = each.lock()) alive->close();
        });
        loop_.join();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// The connection string.
    [[nodiscard]] conninfo info() const { return conninfo{}.host("127.0.0.1").port(port_).user("fake").dbname("fake"); }

    /// The script for a connection to come: the next that no script given earlier is for.
    void next(script steps) {
        loop_.run([&] { state_.scripts.push_back(std::move(steps)); });
    }

    /// Sets the answer of step::serve() to a statement, from now on.
    void answer(std::string sql, reply with) {
        loop_.run([&] { state_.replies.insert_or_assign(std::move(sql), std::move(with)); });
    }

    /// The CancelRequests that came.
    [[nodiscard]] std::vector<cancel_key> cancels() {
        return loop_.run([&] { return state_.cancels; });
    }

    /// Where clients did not do what scripts expected.
    [[nodiscard]] std::vector<std::string> problems() {
        return loop_.run([&] { return state_.problems; });
    }

 private:
    using session = std::shared_ptr<detail::fake_session>;

    boost::asio::awaitable<void> accept() {
        while (!closing_) {
            boost::system::error_code problem;
            boost::asio::ip::tcp::socket client =
                co_await acceptor_.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, problem));
            if (problem) continue;
            std::erase_if(sessions_, [](const auto& each) { return each.expired(); });
            auto made = std::make_shared<detail::fake_session>(std::move(client), record_, state_, ++accepted_);
            sessions_.push_back(made);
            boost::asio::co_spawn(loop_.io(), play(std::move(made)), boost::asio::detached);
        }
    }

    boost::asio::awaitable<void> play(session one) {
        const std::uint32_t cancelled = co_await one->play();
        if (cancelled == 0) co_return;
        for (const auto& each : sessions_)
            if (const auto alive = each.lock(); alive && alive->pid() == cancelled) alive->note_cancel();
    }

    detail::loop_thread loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;

    // the server's thread only
    detail::fake_state state_;
    std::vector<std::weak_ptr<detail::fake_session>> sessions_;
    std::uint32_t accepted_ = 0;
    bool closing_ = false;
};

}  // namespace coropg::testing
