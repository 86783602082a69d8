// One connection through the proxy: a socket to the client, one to the server, and a lane for each direction.
//
//   client socket -> inlet -> lane{client} -> outlet -> server socket
//   client socket <- outlet <- lane{server} <- inlet <- server socket
//
// An inlet reads and queues; an outlet waits until its lane's time has come, cuts at the place of the fault, records
// and writes. All of it runs on the proxy's thread.
#pragma once

#include <coropg/testing/faults.hpp>
#include <coropg/testing/traffic.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/completion_condition.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace coropg::testing::detail {

namespace asio = boost::asio;
using stream_socket = asio::generic::stream_protocol::socket;
using clock = std::chrono::steady_clock;

inline auto into(boost::system::error_code& problem) { return asio::redirect_error(asio::use_awaitable, problem); }

/// One direction of a proxied connection: what was read and is not yet written.
struct lane {
    lane(side direction, stream_socket& source, stream_socket& sink, const pacing& how, std::uint64_t seed)
        : from{direction},
          in{source},
          out{sink},
          how_paced{how},
          changed{source.get_executor()},
          room{source.get_executor()},
          random{seed} {}

    struct chunk {
        clock::time_point due;
        std::string bytes;
    };

    static constexpr std::size_t most_queued_bytes = std::size_t{1} << 20U;

    side from;
    stream_socket& in;
    stream_socket& out;
    pacing how_paced;
    std::deque<chunk> queue{};
    std::size_t queued_bytes = 0;
    std::size_t passed_bytes = 0;
    bool ended = false;          ///< the source will send no more
    bool wasted = false;         ///< what comes is thrown away
    asio::steady_timer changed;  ///< cancelled when there is something new for the outlet
    asio::steady_timer room;     ///< cancelled when the queue has become shorter
    std::mt19937_64 random;
};

/// A connection of a client, and that to the server which belongs to it. Thread: the proxy's.
class proxied : public std::enable_shared_from_this<proxied> {
 public:
    proxied(stream_socket client, wire_record& record, const pacing& to_server, const pacing& to_client,
            std::uint64_t seed)
        : client_{std::move(client)},
          server_{client_.get_executor()},
          observer_{record},
          record_{record},
          lanes_{{{side::client, client_, server_, to_server, seed * 2},
                  {side::server, server_, client_, to_client, seed * 2 + 1}}} {
        set_no_delay(client_);
    }

    /// The first bytes of the client, enough to know what it wants; "" if it says nothing.
    asio::awaitable<std::string> first_words() {
        std::string words(4096, '\0');
        boost::system::error_code problem;
        const std::size_t count =
            co_await asio::async_read(client_, asio::buffer(words), asio::transfer_at_least(8), into(problem));
        words.resize(problem ? 0 : count);
        co_return words;
    }

    asio::awaitable<bool> reach(asio::generic::stream_protocol::endpoint upstream) {
        boost::system::error_code problem;
        co_await server_.async_connect(upstream, into(problem));
        set_no_delay(server_);
        co_return !problem;
    }

    /// Forwards from now on, beginning with `words`. `on_cancel` is called before a CancelRequest is forwarded.
    void start(std::string words, std::function<void(proxied&)> on_cancel) {
        on_cancel_ = std::move(on_cancel);
        push(lanes_[0], std::move(words));
        for (lane& l : lanes_) {
            asio::co_spawn(client_.get_executor(), inlet(shared_from_this(), l), asio::detached);
            asio::co_spawn(client_.get_executor(), outlet(shared_from_this(), l), asio::detached);
        }
    }

    /// Sets the fault to come; nullopt takes it away.
    void arm(std::optional<fuse> fault) {
        fuse_ = fault;
        wake();
    }
    /// Sets a fault for sessions on a connection that begins with a request for encryption: it is held back until the
    /// next message, or the server's consent to encrypt, has told that this is no cancel.
    void arm_if_session(std::optional<fuse> fault) {
        is_held_ = fault && fault->plan().on == connections::sessions;
        arm(fault);
    }
    /// The same for a connection under way, whose place is counted from here. What is due happens now, even if an
    /// outlet is held up.
    void arm_from_here(fuse fault) {
        lane& l = lanes_[fault.plan().from == side::client ? 0 : 1];
        fault.start(l.passed_bytes);
        is_held_ = false;
        arm(fault);
        if (!over_ && is_due(l)) asio::co_spawn(client_.get_executor(), strike(shared_from_this(), l), asio::detached);
    }
    [[nodiscard]] const std::optional<fuse>& armed() const { return fuse_; }

    void close() {
        over_ = true;
        boost::system::error_code ignored;
        client_.close(ignored);
        server_.close(ignored);
        wake();
        kept_.reset();
    }

    /// Whether it is a session that goes on.
    [[nodiscard]] bool is_alive() const { return !over_ && !is_cancel && !lanes_[0].ended && !lanes_[1].ended; }

    bool is_cancel = false;

 private:
    using self = std::shared_ptr<proxied>;

    static void set_no_delay(stream_socket& socket) {
        boost::system::error_code ignored;  // a unix socket has no such option
        socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
    }

    static void push(lane& l, std::string bytes) {
        l.queued_bytes += bytes.size();
        l.queue.push_back({clock::now() + l.how_paced.delay, std::move(bytes)});
        l.changed.cancel();
    }

    /// Reads to the end, also what is thrown away: that is how a connection that is over learns that its ends are gone.
    static asio::awaitable<void> inlet(self me, lane& l) {
        std::string buffer(std::size_t{1} << 16U, '\0');
        boost::system::error_code problem;
        while (!problem) {
            const std::size_t count = co_await l.in.async_read_some(asio::buffer(buffer), into(problem));
            if (count != 0 && !me->over_ && !l.wasted) push(l, buffer.substr(0, count));
            while (l.queued_bytes > lane::most_queued_bytes && !me->over_)
                co_await wait(l.room, clock::time_point::max());
        }
        l.ended = true;
        l.changed.cancel();
        me->close_if_over();
    }

    static asio::awaitable<void> outlet(self me, lane& l) {
        while (!me->over_) {
            if (me->is_due(l)) {
                co_await strike(me, l);
                continue;
            }
            if (l.queue.empty()) {
                if (l.ended) break;
                co_await wait(l.changed, clock::time_point::max());
                continue;
            }
            const clock::time_point due = l.queue.front().due + l.how_paced.coalesce;
            if (l.how_paced.delay + l.how_paced.coalesce > clock::duration::zero() && clock::now() < due) {
                co_await wait(l.changed, due);
                continue;
            }
            co_await me->forward(l);
        }
        if (!me->over_) shut(l.out);
        l.wasted = true;
    }

    /// Waits until `timer` is cancelled, at most until `limit`.
    static asio::awaitable<void> wait(asio::steady_timer& timer, clock::time_point limit) {
        boost::system::error_code ignored;
        timer.expires_at(limit);
        co_await timer.async_wait(into(ignored));
    }

    void wake() {
        for (lane& l : lanes_) {
            l.changed.cancel();
            l.room.cancel();
        }
    }

    static std::string pop(lane& l) {
        std::string bytes = std::move(l.queue.front().bytes);
        l.queue.pop_front();
        if (l.how_paced.coalesce > std::chrono::milliseconds::zero())
            for (; !l.queue.empty(); l.queue.pop_front()) bytes += l.queue.front().bytes;
        l.queued_bytes -= bytes.size();
        l.room.cancel();
        return bytes;
    }

    /// Forwards what is due, up to the place of the fault.
    asio::awaitable<void> forward(lane& l) {
        std::string bytes = pop(l);
        const std::size_t allowed = admit(l, bytes);
        if (allowed < bytes.size()) {  // here the fault strikes, next
            bytes.resize(allowed);
            drop(l);
        }
        for (std::string_view rest = bytes; !rest.empty() && !over_ && !l.wasted;) {
            const std::string_view piece = rest.substr(0, piece_size(l));
            boost::system::error_code problem;
            co_await asio::async_write(l.out, asio::buffer(piece), into(problem));
            if (problem) l.wasted = true;
            rest.remove_prefix(piece.size());
            if (l.how_paced.pause > std::chrono::milliseconds::zero()) {
                const clock::time_point until = clock::now() + l.how_paced.pause;
                while (!over_ && clock::now() < until) co_await wait(l.changed, until);
            }
        }
    }

    static void drop(lane& l) {
        l.queue.clear();
        l.queued_bytes = 0;
    }

    static std::size_t piece_size(lane& l) {
        const std::size_t most = l.how_paced.piece_bytes;
        if (most == 0) return std::string_view::npos;
        if (!l.how_paced.random_pieces) return most;
        return std::uniform_int_distribution<std::size_t>{1, most}(l.random);
    }

    /// Records the bytes that may pass, and returns how many.
    std::size_t admit(lane& l, std::string_view bytes) {
        std::size_t passing = 0;
        while (passing < bytes.size()) {
            const std::string_view rest = bytes.substr(passing);
            if (const char type = observer_.begins(l.from, rest); type != 0) {
                if (type == message_type::cancel) on_cancel_(*this);
                if (type != message_type::encryption && type != message_type::unencrypted) release();
                if (fuse_) fuse_->begins(l.from, type, l.passed_bytes);
            }
            const bool is_free = !fuse_ || is_held_;
            const std::size_t allowed = is_free ? rest.size() : fuse_->allowed(l.from, l.passed_bytes, rest.size());
            if (allowed == 0) break;
            const std::size_t count = observer_.take(l.from, rest.substr(0, allowed));
            passing += count;
            l.passed_bytes += count;
        }
        return passing;
    }

    [[nodiscard]] bool is_due(const lane& l) const {
        return fuse_ && !is_held_ && fuse_->is_due(l.from, l.passed_bytes);
    }

    void release() {
        if (std::exchange(is_held_, false)) wake();
    }

    /// The fault happens.
    static asio::awaitable<void> strike(self me, lane& l) {
        if (!me->fuse_) co_return;
        const fault what = me->fuse_->plan().what;
        me->fuse_.reset();
        me->record_.change([](traffic& all) { ++all.faults; });
        switch (what) {
            case fault::fin: me->finish(); break;
            case fault::rst: me->reset(); break;
            case fault::silence: me->over_ = true; break;
            case fault::stall: me->stall(); break;
            case fault::truncate:
                l.wasted = true;
                drop(l);
                break;
            case fault::garbage: {
                const std::string noise = random_bytes(l.random);
                boost::system::error_code ignored;
                co_await asio::async_write(l.out, asio::buffer(noise), into(ignored));
                me->finish();
                break;
            }
        }
        me->wake();
        me->close_if_over();
    }

    /// Sends FINs and reads on: closing a socket with unread data would send a RST, and take what was forwarded away.
    void finish() {
        over_ = true;
        shut(client_);
        shut(server_);
    }

    static void shut(stream_socket& socket) {
        boost::system::error_code ignored;
        socket.shutdown(asio::socket_base::shutdown_send, ignored);
    }

    void reset() {
        boost::system::error_code ignored;
        client_.set_option(asio::socket_base::linger{true, 0}, ignored);
        server_.set_option(asio::socket_base::linger{true, 0}, ignored);
        close();
    }

    void stall() {
        over_ = true;
        kept_ = shared_from_this();
        boost::system::error_code ignored;
        client_.cancel(ignored);
        server_.cancel(ignored);
    }

    /// When all is over and the client has gone, the server need not be waited for.
    void close_if_over() {
        if (over_ && !kept_ && lanes_[0].ended) close();
    }

    stream_socket client_;
    stream_socket server_;
    wire_observer observer_;
    wire_record& record_;
    std::array<lane, 2> lanes_;
    std::optional<fuse> fuse_;
    bool is_held_ = false;  ///< it is not known yet whether the fault is meant for this connection
    bool over_ = false;     ///< nothing is forwarded any more
    self kept_;             ///< while nothing runs that would keep the sockets open
    std::function<void(proxied&)> on_cancel_;
};

}  // namespace coropg::testing::detail
