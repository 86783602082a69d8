// A server that disturbs what it says, by dice: messages are left out, repeated, swapped, cut, changed and mixed with
// those of other conversations. It serves one connection at a time, by blocking calls on a thread of its own, and so is
// faster than the fake server of the kit.
#pragma once

#include "dice.hpp"

#include <coropg/conninfo.hpp>
#include <coropg/testing/messages.hpp>
#include <coropg/testing/traffic.hpp>
#include <coropg/testing/wire.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace coropg::test {

/// One message after the other.
using messages = std::vector<std::string>;

/// What a server would say that knows its statements by how they begin.
class plain_server {
 public:
    [[nodiscard]] messages answer(char type, std::string_view body) {
        using namespace testing;
        switch (type) {
            case 'P': {  // string statement, string SQL, ...
                const std::string name = testing::detail::text(body);
                statements_[name] = testing::detail::text(body);
                return {parse_complete()};
            }
            case 'B': {  // string portal, string statement, ...
                const std::string portal = testing::detail::text(body);
                portals_[portal] = statements_[testing::detail::text(body)];
                return {bind_complete()};
            }
            case 'D': body.remove_prefix(1); return {description(portals_[testing::detail::text(body)])};
            case 'E': return execution(portals_[testing::detail::text(body)]);
            case 'C': return {close_complete()};
            case 'S': return {ready_for_query(status_)};
            case 'Q': return script(testing::detail::text(body));
            default: return {};
        }
    }

 private:
    messages script(const std::string& sql) {
        messages all = execution(sql);
        all.push_back(testing::ready_for_query(status_));
        return all;
    }

    static bool asks_for_types(std::string_view sql) { return sql.find("pg_catalog.pg_type") != sql.npos; }

    static std::string description(std::string_view sql) {
        using testing::row_description;
        if (asks_for_types(sql))
            return row_description({{"type", 26, true},
                                    {"nspname", 19, true},
                                    {"typname", 19, true},
                                    {"typtype", 18, true},
                                    {"typcategory", 18, true},
                                    {"typelem", 26, true},
                                    {"typbasetype", 26, true},
                                    {"array", 1009, true},
                                    {"array", 1009, true},
                                    {"array", 1028, true}});
        if (sql.starts_with("SELECT mood")) return row_description({{"mood", mood, true}});
        if (sql.starts_with("SELECT pg_catalog")) return row_description({{"id", 5069, true}});
        if (sql.starts_with("SELECT")) return row_description({{"value", 25, true}});
        return testing::no_data();
    }

    messages execution(const std::string& sql) {
        using namespace testing;
        using testing::detail::int32;
        if (asks_for_types(sql)) {
            const std::string names = int32(1) + int32(0) + int32(25) + int32(1) + int32(1) + int32(4) + "mood";
            const std::string none = int32(0) + int32(0) + int32(25);
            return {data_row({int32(mood), "public", "mood", "e", "E", int32(0), int32(0), names, none,
                              int32(0) + int32(0) + int32(26)}),
                    command_complete("SELECT 1")};
        }
        if (sql.starts_with("SELECT mood")) return {data_row({"ok"}), command_complete("SELECT 1")};
        if (sql.starts_with("SELECT pg_catalog"))
            return {data_row({int32(0) + int32(700)}), command_complete("SELECT 1")};
        if (sql.starts_with("SELECT")) return {data_row({sql}), command_complete("SELECT 1")};
        if (sql.starts_with("INSERT")) return {command_complete("INSERT 0 1")};
        if (sql.starts_with("FAIL")) return {error_response("23505", "no")};
        const std::string word = sql.substr(0, sql.find(' '));
        if (word == "BEGIN") status_ = 'T';
        if (word == "COMMIT" || sql == "ROLLBACK") status_ = 'I';
        return {command_complete(word)};
    }

    static constexpr std::uint32_t mood = 20'000;

    std::map<std::string, std::string> statements_;
    std::map<std::string, std::string> portals_;
    char status_ = 'I';
};

/// Messages that can stand anywhere, in good order or not.
inline const messages& foreign_messages() {
    using namespace testing;
    using testing::detail::int32;
    static const messages all{
        message('R', int32(3)),
        message('R', int32(5) + "salt"),
        message('R', int32(7)),
        message('R', int32(8) + "token"),
        message('R', int32(10) + std::string("SCRAM-SHA-256\0\0", 15)),
        message('R', int32(10) + std::string(1, '\0')),
        message('R', int32(11) + "r=x,s=AAAA,i=1"),
        message('R', int32(12) + "v=AAAA"),
        message('R', int32(99)),
        authentication_ok(),
        parameter_status("client_encoding", "LATIN1"),
        parameter_status("server_version", "nonsense"),
        parameter_status("", ""),
        message('S', "no end"),
        backend_key_data(0, 0xffffffff),
        message('K'),
        message('v', int32(1) + int32(0)),
        ready_for_query('I'),
        ready_for_query('T'),
        ready_for_query('E'),
        ready_for_query('?'),
        message('Z'),
        parse_complete(),
        bind_complete(),
        close_complete(),
        no_data(),
        portal_suspended(),
        empty_query_response(),
        command_complete("SELECT 1"),
        command_complete("COMMIT"),
        command_complete("ROLLBACK"),
        command_complete(""),
        command_complete("DISCARD ALL"),
        command_complete("INSERT 0 99999999999999999999999999"),
        message('C', "no end"),
        row_description({}),
        row_description({{"other", 23, true}}),
        row_description({{"mood", 20'001}, {"x", 20'002, true}}),
        message('T', std::string("\xff\xff", 2)),
        parameter_description({25, 25}),
        data_row({}),
        data_row({"foreign"}),
        data_row({std::nullopt}),
        data_row({"a", "b"}),
        message('D', std::string("\0\1\x7f\xff\xff\xff", 6)),
        message('D', std::string("\0\1\xff\xff\xff\x80", 6)),
        error_response("XX000", "foreign"),
        error_response(fields{}),
        error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "going down"}}),
        error_response({{'S', "ERROR"}, {'V', "ERROR"}, {'C', "26000"}, {'M', "no"}, {'R', "FetchPreparedStatement"}}),
        error_response({{'S', "ERROR"}, {'V', "ERROR"}, {'C', "0A000"}, {'M', "no"}, {'R', "RevalidateCachedQuery"}}),
        error_response("25P02", "aborted"),
        error_response("57014", "cancelled"),
        message('E', "no end"),
        notice_response({{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', "00000"}, {'M', "by the way"}}),
        notice_response({}),
        notification_response(7, "channel", "payload"),
        copy_in_response(1),
        copy_out_response(1),
        message('W', std::string("\0\0\0", 3)),
        copy_data("data"),
        copy_done(),
        message('V', int32(4) + "call"),
        message('\0'),
        message('\xff', "?"),
    };
    return all;
}

/// Disturbs `said` once. Whether only a whole message of it was left out or repeated: then what is left has its order.
inline bool disturb(messages& said, dice& roll) {
    if (said.empty()) said.emplace_back();
    const auto at = [&](std::size_t i) { return said.begin() + static_cast<std::ptrdiff_t>(i); };
    const std::size_t i = roll(said.size());
    const auto foreign = [&] { return foreign_messages()[roll(foreign_messages().size())]; };
    std::string& one = said[i];
    switch (roll(12)) {
        case 0: said.erase(at(i)); return true;
        case 1: {
            const std::string same = one;
            said.insert(at(i), roll(20) == 0 ? 2 + roll(200) : 1, same);
            return true;
        }
        case 2: std::swap(one, said[roll(said.size())]); return false;
        case 3: one.resize(roll(one.size() + 1)); return false;  // its length lies now
        case 4:
            for (std::size_t left = 1 + roll(4); left > 0 && !one.empty(); --left) {
                char& c = one[roll(one.size())];
                c = static_cast<char>(c ^ (1 << roll(8)));
            }
            return false;
        case 5: {
            constexpr std::array<std::uint32_t, 10> lengths{0, 3, 4, 5, 8, 100, 30'001, 0x7fffffff, 0x80000000, ~0U};
            const std::size_t which = roll(lengths.size() + 2);
            const auto size = static_cast<std::uint32_t>(one.size());
            const std::uint32_t length =
                which < lengths.size() ? lengths[which] : size - static_cast<std::uint32_t>(which % 3);
            if (one.size() >= 5) one.replace(1, 4, testing::detail::int32(length));
            return false;
        }
        case 6:
        case 7: said.insert(at(i), foreign()); return false;
        case 8: one = foreign(); return false;
        case 9: said.resize(i); return false;
        case 10: {
            const messages same = said;
            said.insert(at(i), same.begin(), same.end());
            return false;
        }
        default:  // the body, and the length with it
            if (one.size() > 5) one = testing::message(one[0], std::string_view{one}.substr(5, roll(one.size() - 5)));
            return false;
    }
}

/// What happens to a conversation.
struct disturbance_plan {
    std::uint64_t seed = 0;
    std::size_t turn = 0;    ///< the first of the server's that is disturbed; the greeting is 0
    std::size_t count = 1;   ///< disturbances of that turn
    bool is_silent = false;  ///< the server does not end the connection when there is nothing left to say
};

/// Threads: `next` only while no client is connected; the server may not have noticed the end of the last one.
class disturbed_server {
 public:
    disturbed_server() {
        std::string name = (std::filesystem::temp_directory_path() / "coropg-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make a folder for a socket"};
        folder_ = name;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (folder_ / ".s.PGSQL.5432").string().copy(address.sun_path, sizeof address.sun_path - 1);
        listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_, 64) != 0)
            throw std::runtime_error{"cannot listen"};
        thread_ = std::thread{[this] { serve_all(); }};
    }
    disturbed_server(const disturbed_server&) = delete;
    disturbed_server& operator=(const disturbed_server&) = delete;
    ~disturbed_server() {
        is_over_ = true;
        thread_.join();
        ::close(listener_);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] conninfo info() const {
        return conninfo{}.host(folder_.string()).port(5432).user("fake").dbname("fake").set("password", "secret");
    }

    void next(const disturbance_plan& plan) {
        const std::lock_guard lock{mutex_};
        plan_ = plan;
        is_exact_ = true;
    }
    /// Whether all that was disturbed is whole messages that were left out or repeated.
    [[nodiscard]] bool is_exact() const { return is_exact_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
    using milliseconds = std::chrono::milliseconds;

    void serve_all() {
        while (!is_over_) {
            if (!is_readable(listener_, milliseconds{50})) continue;
            client_ = ::accept(listener_, nullptr, nullptr);
            if (client_ < 0) continue;
            input_.clear();
            if (meet()) converse();
            ::close(client_);
        }
    }

    static bool is_readable(int socket, milliseconds limit) {
        pollfd entry{socket, POLLIN, 0};
        return ::poll(&entry, 1, static_cast<int>(limit.count())) == 1;
    }

    bool fill(std::size_t count, milliseconds limit) {
        std::array<char, 4096> more{};
        while (input_.size() < count) {
            if (!is_readable(client_, limit)) return false;
            const ssize_t got = ::recv(client_, more.data(), more.size(), 0);
            if (got <= 0) return false;
            input_.append(more.data(), static_cast<std::size_t>(got));
        }
        return true;
    }

    /// Takes the StartupMessage; false for a CancelRequest.
    bool meet() {
        if (!fill(8, milliseconds{5000})) return false;
        const std::size_t size = testing::detail::read_int32(input_);
        const bool is_cancel = testing::detail::type_of_startup(input_) == testing::message_type::cancel;
        const bool is_whole = fill(size, milliseconds{5000});
        input_.erase(0, size);
        return is_whole && !is_cancel;
    }

    disturbance_plan current_plan() {
        const std::lock_guard lock{mutex_};
        return plan_;
    }

    void converse() {
        const disturbance_plan plan = current_plan();
        dice roll{plan.seed};
        plain_server server;
        std::size_t turn = 0;
        messages said;
        const std::string greeting = testing::greeting();
        for (std::size_t at = 0; at < greeting.size();) {
            const std::size_t size = 1 + testing::detail::read_int32(std::string_view{greeting}.substr(at + 1));
            said.push_back(greeting.substr(at, size));
            at += size;
        }
        for (;; ++turn) {
            if (turn == plan.turn) {
                is_exact_ = plan.count == 1;
                for (std::size_t left = plan.count; left > 0; --left)
                    if (!disturb(said, roll)) is_exact_ = false;
            }
            if (!say(said)) return;
            said.clear();
            if (!hear(server, said, turn < plan.turn)) break;
        }
        if (!plan.is_silent) ::shutdown(client_, SHUT_WR);
        await_end();
    }

    bool say(const messages& said) {
        std::string bytes;
        for (const std::string& one : said) bytes += one;
        sent_ += said.size();
        std::string_view left = bytes;
        while (!left.empty()) {
            const ssize_t count = ::send(client_, left.data(), left.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            left.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    /// Reads up to what asks for an answer; false when nothing comes any more.
    bool hear(plain_server& server, messages& said, bool is_patient) {
        const milliseconds limit{is_patient ? 5000 : 3};
        for (;;) {
            if (!fill(5, limit)) return false;
            const char type = input_[0];
            const std::size_t size = std::size_t{1} + testing::detail::read_int32(std::string_view{input_}.substr(1));
            if (type == 'X' || !fill(size, limit)) return false;
            for (std::string& one : server.answer(type, std::string_view{input_}.substr(5, size - 5)))
                said.push_back(std::move(one));
            input_.erase(0, size);
            if (type == 'S' || type == 'H' || type == 'Q') return true;
        }
    }

    /// Until the client goes; one that asks for a cancel is told that the connection ends.
    void await_end() {
        std::array<char, 4096> ignored{};
        std::array<pollfd, 2> both{{{client_, POLLIN, 0}, {listener_, POLLIN, 0}}};
        while (!is_over_ && ::poll(both.data(), both.size(), 5000) > 0) {
            if (both[0].revents != 0 && ::recv(client_, ignored.data(), ignored.size(), 0) <= 0) return;
            if (both[1].revents == 0) continue;
            const int other = ::accept(listener_, nullptr, nullptr);
            ::close(other);
            ::shutdown(client_, SHUT_WR);
        }
    }

    std::filesystem::path folder_;
    int listener_ = -1;
    std::mutex mutex_;
    disturbance_plan plan_;
    std::atomic<bool> is_exact_ = true;
    std::atomic<bool> is_over_ = false;
    std::atomic<std::uint64_t> sent_ = 0;

    // the server's thread only
    int client_ = -1;
    std::string input_;

    std::thread thread_;
};

}  // namespace coropg::test
