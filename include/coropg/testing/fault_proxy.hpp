// A TCP proxy in front of a real server, which breaks connections at a chosen byte or message, slows them down, cuts
// them into pieces, and keeps a record of what went over the wire. It runs on a thread and an event loop of its own, so
// that blocking and asynchronous programs are tested alike.
//
// TLS passes through: after the server's 'S' to an SSLRequest only bytes and round trips are counted, faults can be
// placed by byte alone, and a CancelRequest is not told apart.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/error.hpp>
#include <coropg/testing/faults.hpp>
#include <coropg/testing/loop_thread.hpp>
#include <coropg/testing/proxied.hpp>
#include <coropg/testing/traffic.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <charconv>

namespace coropg::testing {

/// Listens on 127.0.0.1 and forwards to one server. A client's connection is made to the server once the client has
/// spoken. Faults and paces are for connections to come, if not said otherwise.
/// The record of the traffic is that of `recorded`. Lifetime: its end closes all connections. Threads: any.
class fault_proxy : public recorded {
 public:
    /// In front of the server that `info` names: one host and port, or a unix socket. `seed` decides all that is
    /// random.
    /// Errors: usage_error, boost::system::system_error.
    explicit fault_proxy(const conninfo& info, testing::seed seed = testing::seed{1})
        : fault_proxy{info.get(info.get("hostaddr").empty() ? "host" : "hostaddr"), port_of(info), seed} {
        info_ = info;
    }

    /// In front of `host`: a name, an address, or the folder of a unix socket.
    fault_proxy(std::string_view host, std::uint16_t port, testing::seed seed = testing::seed{1})
        : seed_{seed},
          upstream_{endpoint_of(loop_.io(), host, port)},
          acceptor_{loop_.io(), {boost::asio::ip::address_v4::loopback(), 0}},
          port_{acceptor_.local_endpoint().port()} {
        boost::asio::co_spawn(loop_.io(), accept(), boost::asio::detached);
        loop_.start();
    }

    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;

    ~fault_proxy() {
        loop_.run([this] {
            closing_ = true;
            boost::system::error_code ignored;
            acceptor_.close(ignored);
            for (const auto& each : open()) each->close();
        });
        loop_.join();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] testing::seed seed() const noexcept { return seed_; }

    /// The connection string through the proxy: its own, or `info`, with host and port replaced.
    [[nodiscard]] conninfo info() const { return info(info_); }
    [[nodiscard]] conninfo info(conninfo info) const { return info.host("127.0.0.1").hostaddr("").port(port_); }

    // --- faults ---

    /// Plans a fault for a connection to come: the next that no plan made earlier applies to. Each happens once.
    void arm(const fault_plan& plan) {
        loop_.run([&] { plans_.push_back(plan); });
    }

    /// Plans a fault for the newest connection that is open, with its place counted from here: `.at_byte = 0` is now.
    /// Errors: usage_error when none is open.
    void arm_open(const fault_plan& plan) {
        const bool found = loop_.run([&] {
            const auto all = open();
            const auto newest =
                std::find_if(all.rbegin(), all.rend(), [](const link& each) { return each->is_alive(); });
            if (newest == all.rend()) return false;
            (*newest)->arm_from_here(detail::fuse{plan});
            return true;
        });
        if (!found) throw usage_error{"no connection is open through the proxy"};
    }

    /// Gives up the plans whose fault has not happened.
    void disarm() {
        loop_.run([&] {
            plans_.clear();
            for (const auto& each : open()) each->arm(std::nullopt);
        });
    }

    /// Breaks all connections that are open, now.
    void cut(fault what = fault::fin) {
        loop_.run([&] {
            for (const auto& each : open()) each->arm_from_here(detail::fuse{{.what = what}});
        });
    }

    /// Sets the pace of one direction, for connections to come.
    void pace(side from, const pacing& how) {
        loop_.run([&] { (from == side::client ? to_server_ : to_client_) = how; });
    }

    /// The number of open connections, those that are silent or stalled included.
    [[nodiscard]] std::size_t open_connections() {
        return loop_.run([&] { return open().size(); });
    }

 private:
    using endpoint = boost::asio::generic::stream_protocol::endpoint;
    using link = std::shared_ptr<detail::proxied>;

    static std::uint16_t port_of(const conninfo& info) {
        const std::string_view text = info.get("port");
        std::uint16_t port = 5432;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
        if (!text.empty() && (problem != std::errc{} || end != text.data() + text.size()))
            throw usage_error{"the proxy needs one host and one port"};
        return port;
    }

    static endpoint endpoint_of(boost::asio::io_context& io, std::string_view host, std::uint16_t port) {
        const std::string service = std::to_string(port);
        if (host.starts_with('/'))
            return boost::asio::local::stream_protocol::endpoint{std::string{host} + "/.s.PGSQL." + service};
        boost::asio::ip::tcp::resolver resolver{io};
        return resolver.resolve(host.empty() ? "localhost" : host, service).begin()->endpoint();
    }

    /// The connections that are open, oldest first.
    std::vector<link> open() {
        std::erase_if(links_, [](const auto& each) { return each.expired(); });
        std::vector<link> all;
        for (const auto& each : links_)
            if (link alive = each.lock()) all.push_back(std::move(alive));
        return all;
    }

    boost::asio::awaitable<void> accept() {
        while (!closing_) {
            boost::system::error_code problem;
            boost::asio::ip::tcp::socket client = co_await acceptor_.async_accept(detail::into(problem));
            if (problem) continue;
            std::erase_if(links_, [](const auto& each) { return each.expired(); });
            const std::uint64_t number = static_cast<std::uint64_t>(seed_) * 1'000'003U + accepted_++;
            auto made = std::make_shared<detail::proxied>(std::move(client), record_, to_server_, to_client_, number);
            links_.push_back(made);
            boost::asio::co_spawn(loop_.io(), serve(std::move(made)), boost::asio::detached);
        }
    }

    boost::asio::awaitable<void> serve(link connection) {
        std::string words = co_await connection->first_words();
        if (words.empty()) co_return;
        const bool reached = co_await connection->reach(upstream_);
        if (!reached) co_return;
        const char type = detail::type_of_startup(words);
        connection->is_cancel = type == message_type::cancel;
        record_.change([&](testing::traffic& all) { ++(connection->is_cancel ? all.cancels : all.connections); });
        if (type == message_type::encryption)
            connection->arm_if_session(next_fault(false));
        else
            connection->arm(next_fault(connection->is_cancel));
        connection->start(std::move(words), [this](detail::proxied& c) { reconsider(c); });
    }

    /// The fault of a connection that came now.
    std::optional<detail::fuse> next_fault(bool is_cancel) {
        for (auto plan = plans_.begin(); plan != plans_.end(); ++plan) {
            if (plan->on != connections::all && (plan->on == connections::cancels) != is_cancel) continue;
            if (plan->skip != 0) {
                --plan->skip;
                continue;
            }
            detail::fuse found{*plan};
            plans_.erase(plan);
            return found;
        }
        return std::nullopt;
    }

    /// A connection that asked for encryption first turns out to bring a CancelRequest: the fault was not meant for it.
    void reconsider(detail::proxied& connection) {
        if (std::exchange(connection.is_cancel, true)) return;
        record_.change([](testing::traffic& all) { --all.connections, ++all.cancels; });
        const auto armed = connection.armed();
        if (armed && armed->plan().on == connections::all) return;
        if (armed) plans_.push_front(armed->plan());
        connection.arm(next_fault(true));
    }

    conninfo info_;
    testing::seed seed_;
    detail::loop_thread loop_;
    endpoint upstream_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;

    // the proxy's thread only
    std::deque<fault_plan> plans_;
    std::vector<std::weak_ptr<detail::proxied>> links_;
    pacing to_server_;
    pacing to_client_;
    std::uint64_t accepted_ = 0;
    bool closing_ = false;
};

}  // namespace coropg::testing
