// inet and cidr as Boost.Asio's addresses and networks, and as `coropg::inet`, which holds both. It is the one header
// of types that needs Asio: include it to use these types.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace coropg {

namespace oids {
inline constexpr oid cidr = 650, inet = 869;
}  // namespace oids

/// An address and the length of its network's prefix: 192.168.0.7/24.
struct inet {
    boost::asio::ip::address address{};
    std::uint8_t prefix_length{};

    inet() = default;
    /// A single host: /32, or /128.
    inet(boost::asio::ip::address host) : inet{host, host.is_v4() ? std::uint8_t{32} : std::uint8_t{128}} {}
    inet(boost::asio::ip::address of, std::uint8_t prefix) : address{std::move(of)}, prefix_length{prefix} {}

    /// "192.168.0.7/24"; the prefix of a single host is left out.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const inet&, const inet&) = default;
};

/// inet. Errors: usage_error for a prefix that is too long, and for an IPv6 address with a scope, which inet has not.
template <>
struct codec<inet> {
    static constexpr pg_type type{"inet", oids::inet, 1041};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::inet || from == oids::cidr; }
    static inet decode(const field& f);
    static void encode(const inet& value, encoder& out);
};

/// inet of a single host. Errors: decode_error for the address of a network, whose prefix would be lost; usage_error
/// for a scope.
template <>
struct codec<boost::asio::ip::address> {
    static constexpr pg_type type = codec<inet>::type;
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return codec<inet>::reads(from); }
    static boost::asio::ip::address decode(const field& f);
    static void encode(const boost::asio::ip::address& value, encoder& out) { codec<inet>::encode(value, out); }
};

/// The same; an IPv6 address is a decode_error.
template <>
struct codec<boost::asio::ip::address_v4> {
    static constexpr pg_type type = codec<inet>::type;
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return codec<inet>::reads(from); }
    static boost::asio::ip::address_v4 decode(const field& f);
    static void encode(const boost::asio::ip::address_v4& value, encoder& out) {
        codec<inet>::encode(boost::asio::ip::address{value}, out);
    }
};

/// The same; an IPv4 address is a decode_error.
template <>
struct codec<boost::asio::ip::address_v6> {
    static constexpr pg_type type = codec<inet>::type;
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return codec<inet>::reads(from); }
    static boost::asio::ip::address_v6 decode(const field& f);
    static void encode(const boost::asio::ip::address_v6& value, encoder& out) {
        codec<inet>::encode(boost::asio::ip::address{value}, out);
    }
};

/// cidr; reads inet, too. Errors: decode_error for the other family; usage_error for bits to the right of the prefix,
/// which cidr has not: `canonical()` clears them.
template <>
struct codec<boost::asio::ip::network_v4> {
    static constexpr pg_type type{"cidr", oids::cidr, 651};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return codec<inet>::reads(from); }
    static boost::asio::ip::network_v4 decode(const field& f);
    static void encode(const boost::asio::ip::network_v4& value, encoder& out);
};

/// The same; a scope is a usage_error, too.
template <>
struct codec<boost::asio::ip::network_v6> {
    static constexpr pg_type type = codec<boost::asio::ip::network_v4>::type;
    static bool reads(oid from) { return codec<inet>::reads(from); }
    static boost::asio::ip::network_v6 decode(const field& f);
    static void encode(const boost::asio::ip::network_v6& value, encoder& out);
};

}  // namespace coropg
