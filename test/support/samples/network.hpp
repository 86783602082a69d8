// inet, cidr, macaddr and macaddr8.
#pragma once

#include "sample.hpp"

#include <coropg/types/macaddr.hpp>
#include <coropg/types/network.hpp>

namespace coropg::test {

template <class Bytes>
Bytes make_bytes(source& from) {
    Bytes bytes;
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(from.bits(8));
    return bytes;
}

template <class Bytes>
std::string hex_of(const Bytes& bytes) {
    return hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// "c0a80007/24": the bytes in hex, which are four or sixteen, and the prefix.
inline std::string printed_address(const boost::asio::ip::address& address, int prefix) {
    return (address.is_v4() ? hex_of(address.to_v4().to_bytes()) : hex_of(address.to_v6().to_bytes())) + "/" +
           std::to_string(prefix);
}

template <>
struct sample<boost::asio::ip::address> {
    static boost::asio::ip::address make(source& from) {
        using namespace boost::asio::ip;
        if (from.one_in(2)) return address_v4{make_bytes<address_v4::bytes_type>(from)};
        auto bytes = make_bytes<address_v6::bytes_type>(from);
        // Rows of zeros are printed as "::", and what follows ::ffff: as IPv4.
        if (from.one_in(2)) std::fill_n(bytes.begin() + 2, from.below(15), std::uint8_t{0});
        if (from.one_in(16)) std::fill_n(bytes.begin(), 10, std::uint8_t{0}), bytes[10] = bytes[11] = 0xFF;
        return address_v6{bytes};
    }
    static std::string print(const boost::asio::ip::address& value) {
        return printed_address(value, value.is_v4() ? 32 : 128);
    }
};

template <>
struct sample<inet> {
    static inet make(source& from) {
        const auto address = sample<boost::asio::ip::address>::make(from);
        return {address, static_cast<std::uint8_t>(from.below(address.is_v4() ? 33 : 129))};
    }
    static std::string print(const inet& value) { return printed_address(value.address, value.prefix_length); }
};

template <>
struct sample<boost::asio::ip::network_v4> {
    static boost::asio::ip::network_v4 make(source& from) {
        using namespace boost::asio::ip;
        const address_v4 address{make_bytes<address_v4::bytes_type>(from)};
        return network_v4{address, static_cast<unsigned short>(from.below(33))}.canonical();
    }
    static std::string print(const boost::asio::ip::network_v4& value) {
        return printed_address(value.address(), value.prefix_length());
    }
    static std::string text(const boost::asio::ip::network_v4& value) { return value.to_string(); }
};

template <>
struct sample<boost::asio::ip::network_v6> {
    static boost::asio::ip::network_v6 make(source& from) {
        using namespace boost::asio::ip;
        const address_v6 address{make_bytes<address_v6::bytes_type>(from)};
        return network_v6{address, static_cast<unsigned short>(from.below(129))}.canonical();
    }
    static std::string print(const boost::asio::ip::network_v6& value) {
        return printed_address(value.address(), value.prefix_length());
    }
};

template <class T>
    requires std::same_as<T, macaddr> || std::same_as<T, macaddr8>
struct sample<T> {
    static T make(source& from) { return {make_bytes<decltype(T::bytes)>(from)}; }
    static std::string print(const T& value) {
        std::string text;
        for (const std::uint8_t byte : value.bytes) text += formatted(text.empty() ? "%02x" : ":%02x", byte);
        return text;
    }
    static std::string text(const T& value) { return print(value); }
};

}  // namespace coropg::test
