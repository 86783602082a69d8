// The framing of PostgreSQL's wire protocol: where messages begin and end, and of which type they are. The proxy and
// the fake server stand on it; it knows neither sockets nor threads.
//
//   client:   (SSLRequest | GSSENCRequest)* ( StartupMessage message* | CancelRequest )
//             those without a type:  int32 length, itself included;  int32 code;  ...
//   server:   one byte for each SSLRequest or GSSENCRequest ('N': no; 'S', 'G': encryption follows), then message*
//   message:  byte type;  int32 length, itself included, the type not;  ...
//
// Source: PostgreSQL manual, "Message Flow" and "Message Formats".
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace coropg::testing {

/// An end of a connection, and the direction of what it sends.
enum class side : unsigned char { client, server };

[[nodiscard]] constexpr side other(side one) noexcept { return one == side::client ? side::server : side::client; }

/// The letters for what has no type on the wire; all other messages go by their own type.
namespace message_type {
inline constexpr char startup = '^';      ///< StartupMessage
inline constexpr char encryption = '?';   ///< SSLRequest or GSSENCRequest
inline constexpr char cancel = '!';       ///< CancelRequest
inline constexpr char encrypted = '+';    ///< the server's 'S' or 'G' to a request for encryption
inline constexpr char unencrypted = '-';  ///< the server's 'N' to it
}  // namespace message_type

namespace detail {

[[nodiscard]] inline std::uint32_t read_int32(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
}

/// The type of a packet that begins with `head`, its length and code.
[[nodiscard]] inline char type_of_startup(std::string_view head) {
    constexpr std::uint32_t cancel = 80877102;
    constexpr std::uint32_t ssl = 80877103;
    constexpr std::uint32_t gss = 80877104;
    const std::uint32_t code = head.size() < 8 ? 0 : read_int32(head.substr(4));
    if (code == cancel) return message_type::cancel;
    return code == ssl || code == gss ? message_type::encryption : message_type::startup;
}

/// Follows both directions of one connection. After the server has agreed to encrypt, and after a length that cannot
/// be, a direction is `opaque`: its bytes pass without being understood.
class framer {
 public:
    /// The most bytes kept of a message, to be looked into: enough for SQL and for names.
    static constexpr std::size_t kept_bytes = std::size_t{1} << 16U;

    /// Whether the next byte of `from` begins a message, and of which type.
    [[nodiscard]] char begins(side from, std::string_view next) const {
        const direction& d = at(from);
        if (d.size_bytes != 0 || d.what == phase::opaque || next.empty()) return 0;
        switch (d.what) {
            case phase::startup: return type_of_startup(next);
            case phase::answer: return type_of_answer(next[0]);
            default: return next[0];
        }
    }

    /// Takes bytes of `data`, to the end of a message or of its head at most. Returns how many.
    std::size_t take(side from, std::string_view data) {
        direction& d = at(from);
        if (d.what == phase::opaque) return data.size();
        if (d.size_bytes == 0) begin(d, data);
        const std::size_t count = std::min(data.size(), d.needed_bytes - d.size_bytes);
        d.kept.append(data.substr(0, std::min(count, kept_bytes - std::min(kept_bytes, d.kept.size()))));
        d.size_bytes += count;
        if (d.size_bytes == d.needed_bytes && !d.head_known) measure(d);
        return count;
    }

    /// Whether what was taken last ended a message: then type() and message() are its.
    [[nodiscard]] bool ended(side from) const {
        const direction& d = at(from);
        return d.what != phase::opaque && d.head_known && d.size_bytes == d.needed_bytes;
    }
    [[nodiscard]] char type(side from) const { return at(from).type; }
    /// Its bytes behind the head, up to `kept_bytes`.
    [[nodiscard]] std::string_view body(side from) const {
        const direction& d = at(from);
        return std::string_view{d.kept}.substr(std::min(d.kept.size(), d.head_bytes));
    }

    /// Goes on to the next message; to be called after each that ended.
    void next(side from) {
        const direction ended = std::exchange(at(from), direction{at(from).what});
        if (ended.what == phase::typed) return;
        switch (ended.type) {
            case message_type::startup: client_.what = phase::typed; break;
            case message_type::cancel: client_.what = server_.what = phase::opaque; break;
            case message_type::encryption: server_.what = phase::answer; break;
            case message_type::encrypted: client_.what = server_.what = phase::opaque; break;
            default: server_.what = phase::typed; break;
        }
    }

 private:
    enum class phase : unsigned char { startup, answer, typed, opaque };

    struct direction {
        phase what;
        char type = 0;
        bool head_known = false;
        std::size_t head_bytes = 0;
        std::size_t size_bytes = 0;    ///< so far
        std::size_t needed_bytes = 0;  ///< of the head, then of all
        std::string kept{};
    };

    [[nodiscard]] direction& at(side from) { return from == side::client ? client_ : server_; }
    [[nodiscard]] const direction& at(side from) const { return from == side::client ? client_ : server_; }

    /// A server that knows nothing of encryption answers by an ErrorResponse.
    static char type_of_answer(char byte) {
        if (byte == 'S' || byte == 'G') return message_type::encrypted;
        return byte == 'N' ? message_type::unencrypted : byte;
    }

    static void begin(direction& d, std::string_view data) {
        if (d.what == phase::answer && type_of_answer(data[0]) == data[0]) d.what = phase::typed;
        constexpr std::array<std::size_t, 3> heads{8, 1, 5};
        d.head_bytes = heads.at(static_cast<std::size_t>(d.what));
        d.needed_bytes = d.head_bytes;
    }

    /// The head is complete: how long is the message?
    static void measure(direction& d) {
        constexpr std::size_t longest = std::size_t{1} << 30U;
        d.head_known = true;
        switch (d.what) {
            case phase::startup:
                d.type = type_of_startup(d.kept);
                d.needed_bytes = read_int32(d.kept);
                break;
            case phase::answer: d.type = type_of_answer(d.kept[0]); break;
            default:
                d.type = d.kept[0];
                d.needed_bytes = std::size_t{1} + read_int32(std::string_view{d.kept}.substr(1));
                break;
        }
        if (d.needed_bytes < d.head_bytes || d.needed_bytes > longest) d.what = phase::opaque;
    }

    direction client_{phase::startup};
    direction server_{phase::typed};
};

}  // namespace detail
}  // namespace coropg::testing
