// The record of the wire: bytes, messages, round trips and statements. The proxy and the fake server write the record,
// tests read it.
#pragma once

#include <coropg/testing/wire.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg::testing {

/// A stretch of what went over the wire, of all connections together. Inside TLS only bytes and round trips are
/// counted.
struct traffic {
    std::size_t connections = 0;   ///< without those that only brought a CancelRequest
    std::size_t cancels = 0;       ///< CancelRequests
    std::size_t faults = 0;        ///< that have happened
    std::size_t client_bytes = 0;  ///< from clients
    std::size_t server_bytes = 0;  ///< from the server
    /// The number of times that a client spoke first or after the server: a whole pipeline is one.
    std::size_t round_trips = 0;
    /// The types of the clients' messages that ended, in order: "PBDES" is Parse, Bind, Describe, Execute, Sync. For
    /// what has no type see `message_type`.
    std::string client;
    std::string server;                 ///< the same of the server: "12TDCZ"
    std::vector<std::string> parsed;    ///< the SQL of each Parse
    std::vector<std::string> executed;  ///< the SQL of each Query and each Execute

    [[nodiscard]] std::size_t bytes(side from) const { return from == side::client ? client_bytes : server_bytes; }
    [[nodiscard]] const std::string& types(side from) const { return from == side::client ? client : server; }
    /// The number of messages of one type that a side has sent.
    [[nodiscard]] std::size_t count(side from, char type) const {
        return static_cast<std::size_t>(std::count(types(from).begin(), types(from).end(), type));
    }
};

/// A point in a record, to measure from.
struct traffic_mark {
    std::size_t connections = 0;
    std::size_t cancels = 0;
    std::size_t faults = 0;
    std::size_t client_bytes = 0;
    std::size_t server_bytes = 0;
    std::size_t round_trips = 0;
    std::size_t client = 0;
    std::size_t server = 0;
    std::size_t parsed = 0;
    std::size_t executed = 0;
};

namespace detail {

/// Threads: any. What a client has received is in the record before it has received it.
class wire_record {
 public:
    [[nodiscard]] traffic_mark mark() const {
        const std::lock_guard lock{mutex_};
        const traffic& t = all_;
        return {t.connections, t.cancels,       t.faults,        t.client_bytes,  t.server_bytes,
                t.round_trips, t.client.size(), t.server.size(), t.parsed.size(), t.executed.size()};
    }

    [[nodiscard]] traffic since(const traffic_mark& m) const {
        const std::lock_guard lock{mutex_};
        return difference(m);
    }

    void reset() {
        const std::lock_guard lock{mutex_};
        all_ = {};
    }

    /// Waits until `condition` holds for all traffic since `m`; false when it did not within `limit`.
    template <class Condition>
    bool wait(const traffic_mark& m, Condition condition, std::chrono::milliseconds limit) const {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, limit, [&] { return condition(difference(m)); });
    }

    template <class Change>
    void change(Change how) {
        {
            const std::lock_guard lock{mutex_};
            how(all_);
        }
        changed_.notify_all();
    }

 private:
    template <class List>
    static List tail(const List& list, std::size_t from) {
        return List(list.begin() + static_cast<std::ptrdiff_t>(std::min(from, list.size())), list.end());
    }

    [[nodiscard]] traffic difference(const traffic_mark& m) const {
        return {
            all_.connections - m.connections,   all_.cancels - m.cancels,           all_.faults - m.faults,
            all_.client_bytes - m.client_bytes, all_.server_bytes - m.server_bytes, all_.round_trips - m.round_trips,
            tail(all_.client, m.client),        tail(all_.server, m.server),        tail(all_.parsed, m.parsed),
            tail(all_.executed, m.executed)};
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    traffic all_;
};

/// Takes a string off the front: it ends with a zero byte.
inline std::string text(std::string_view& body) {
    const std::size_t end = std::min(body.find('\0'), body.size());
    std::string taken{body.substr(0, end)};
    body.remove_prefix(std::min(body.size(), end + 1));
    return taken;
}

/// Writes the record of one connection, and knows which SQL its statements and portals stand for.
class wire_observer {
 public:
    explicit wire_observer(wire_record& record) : record_{record} {}

    /// Whether the next byte of `from` begins a message, and of which type.
    [[nodiscard]] char begins(side from, std::string_view next) const { return framer_.begins(from, next); }

    /// Takes bytes of `data`, to the end of a message or of its head at most. Returns how many.
    std::size_t take(side from, std::string_view data) {
        const std::size_t count = framer_.take(from, data);
        record_.change([&](traffic& all) {
            (from == side::client ? all.client_bytes : all.server_bytes) += count;
            if (from == side::client && heard_last_ == side::server) ++all.round_trips;
            heard_last_ = from;
            if (framer_.ended(from)) end(all, from, framer_.type(from), framer_.body(from));
        });
        if (framer_.ended(from)) framer_.next(from);
        return count;
    }
    /// Takes all of `data`.
    void take_all(side from, std::string_view data) {
        while (!data.empty()) data.remove_prefix(take(from, data));
    }

 private:
    void end(traffic& all, side from, char type, std::string_view body) {
        (from == side::client ? all.client : all.server) += type;
        if (from == side::server) return;
        switch (type) {
            case 'Q': all.executed.push_back(text(body)); break;
            case 'P': {  // string statement, string SQL, ...
                const std::string name = text(body);
                all.parsed.push_back(statements_[name] = text(body));
                break;
            }
            case 'B': {  // string portal, string statement, ...
                const std::string portal = text(body);
                portals_[portal] = statements_[text(body)];
                break;
            }
            case 'E': all.executed.push_back(portals_[text(body)]); break;  // string portal, ...
            default: break;
        }
    }

    wire_record& record_;
    framer framer_;
    side heard_last_ = side::server;
    std::map<std::string, std::string, std::less<>> statements_;
    std::map<std::string, std::string, std::less<>> portals_;
};

}  // namespace detail

/// The questions to a record. Threads: any.
class recorded {
 public:
    /// All traffic so far.
    [[nodiscard]] testing::traffic traffic() const { return record_.since({}); }
    /// A point to measure from, until the next reset().
    [[nodiscard]] traffic_mark mark() const { return record_.mark(); }
    [[nodiscard]] testing::traffic since(const traffic_mark& mark) const { return record_.since(mark); }
    /// Forgets the record, which otherwise grows by some bytes for each message and by the SQL of each statement.
    void reset() { record_.reset(); }

    /// The traffic while `work` ran. Messages that nobody answers may come later: see wait().
    template <class Work>
    testing::traffic during(Work&& work) {
        const traffic_mark before = mark();
        std::forward<Work>(work)();
        return since(before);
    }

    /// Waits until `condition(traffic)` holds for all traffic; false when it did not within `limit`.
    template <class Condition>
    bool wait(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds{10}) const {
        return record_.wait({}, std::move(condition), limit);
    }

 protected:
    recorded() = default;
    ~recorded() = default;

    detail::wire_record record_;
};

}  // namespace coropg::testing
