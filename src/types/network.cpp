#include <coropg/types/network.hpp>

#include <charconv>
#include <cstring>

namespace coropg {

namespace ip = boost::asio::ip;

namespace {

constexpr std::uint8_t family_v4 = 2;
constexpr std::uint8_t family_v6 = 3;
constexpr std::size_t header_bytes = 4;

constexpr const char* malformed = "malformed address";

std::uint8_t bits_of(const ip::address& address) { return address.is_v4() ? 32 : 128; }

std::string_view raw(const auto& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

template <class Address>
Address from_raw(std::string_view bytes) {
    typename Address::bytes_type value{};
    std::memcpy(value.data(), bytes.data(), value.size());
    return Address{value};
}

// uint8 family (2 or 3), uint8 prefix length, uint8 is it a cidr, uint8 count of bytes, the bytes of the address.
// Source: network_send in network.c.
const char* read_binary(std::string_view bytes, inet& out) {
    if (bytes.size() < header_bytes) return malformed;
    const auto family = static_cast<std::uint8_t>(bytes[0]);
    out.prefix_length = static_cast<std::uint8_t>(bytes[1]);
    const std::size_t count = static_cast<std::uint8_t>(bytes[3]);
    bytes.remove_prefix(header_bytes);
    if (bytes.size() != count) return malformed;
    if (family == family_v4 && count == ip::address_v4::bytes_type{}.size()) {
        out.address = from_raw<ip::address_v4>(bytes);
    } else if (family == family_v6 && count == ip::address_v6::bytes_type{}.size()) {
        out.address = from_raw<ip::address_v6>(bytes);
    } else {
        return "unknown family of addresses";
    }
    return nullptr;
}

// address ["/" prefix length]
const char* read_text(std::string_view text, inet& out) {
    const std::size_t slash = text.find('/');
    boost::system::error_code problem;
    // A scope ("%eth0") is nothing that the server prints.
    if (text.find_first_of(std::string_view{"%\0", 2}) != std::string_view::npos) return malformed;
    out.address = ip::make_address(std::string{text.substr(0, slash)}, problem);
    if (problem) return malformed;
    out.prefix_length = bits_of(out.address);
    if (slash == std::string_view::npos) return nullptr;
    text.remove_prefix(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.prefix_length);
    return error != std::errc{} || end != text.data() + text.size() ? malformed : nullptr;
}

template <class T>
inet read(const field& f) {
    inet value;
    if (const char* const problem = f.is_binary() ? read_binary(f.bytes(), value) : read_text(f.bytes(), value)) {
        f.fail<T>(problem);
    }
    if (value.prefix_length > bits_of(value.address)) f.fail<T>("the prefix is longer than the address");
    return value;
}

template <class T>
ip::address read_host(const field& f) {
    const inet value = read<T>(f);
    if (value.prefix_length != bits_of(value.address)) f.fail<T>("it has a prefix; read a coropg::inet");
    return value.address;
}

template <class T>
ip::address_v4 only_v4(const field& f, const ip::address& address) {
    if (!address.is_v4()) f.fail<T>("an IPv6 address");
    return address.to_v4();
}

template <class T>
ip::address_v6 only_v6(const field& f, const ip::address& address) {
    if (!address.is_v6()) f.fail<T>("an IPv4 address");
    return address.to_v6();
}

void write(const inet& value, bool is_cidr, encoder& out) {
    const bool is_v4 = value.address.is_v4();
    if (value.prefix_length > bits_of(value.address)) throw usage_error{"a prefix is longer than its address"};
    if (!is_v4 && value.address.to_v6().scope_id() != 0) throw usage_error{"inet cannot hold the scope of an address"};
    out.number(is_v4 ? family_v4 : family_v6);
    out.number(value.prefix_length);
    out.number(static_cast<std::uint8_t>(is_cidr));
    out.number(static_cast<std::uint8_t>(bits_of(value.address) / 8));
    if (is_v4) {
        out.bytes(raw(value.address.to_v4().to_bytes()));
    } else {
        out.bytes(raw(value.address.to_v6().to_bytes()));
    }
}

template <class Network>
void write_network(const Network& value, encoder& out) {
    if (value.network() != value.address()) throw usage_error{"cidr cannot hold the address of a host in a network"};
    write({value.address(), static_cast<std::uint8_t>(value.prefix_length())}, true, out);
}

}  // namespace

std::string inet::to_string() const {
    std::string text = address.to_string();
    if (prefix_length != bits_of(address)) text += '/' + std::to_string(prefix_length);
    return text;
}

inet codec<inet>::decode(const field& f) { return read<inet>(f); }

void codec<inet>::encode(const inet& value, encoder& out) { write(value, false, out); }

ip::address codec<ip::address>::decode(const field& f) { return read_host<ip::address>(f); }

ip::address_v4 codec<ip::address_v4>::decode(const field& f) {
    return only_v4<ip::address_v4>(f, read_host<ip::address_v4>(f));
}

ip::address_v6 codec<ip::address_v6>::decode(const field& f) {
    return only_v6<ip::address_v6>(f, read_host<ip::address_v6>(f));
}

ip::network_v4 codec<ip::network_v4>::decode(const field& f) {
    const inet value = read<ip::network_v4>(f);
    return {only_v4<ip::network_v4>(f, value.address), value.prefix_length};
}

void codec<ip::network_v4>::encode(const ip::network_v4& value, encoder& out) { write_network(value, out); }

ip::network_v6 codec<ip::network_v6>::decode(const field& f) {
    const inet value = read<ip::network_v6>(f);
    return {only_v6<ip::network_v6>(f, value.address), value.prefix_length};
}

void codec<ip::network_v6>::encode(const ip::network_v6& value, encoder& out) { write_network(value, out); }

}  // namespace coropg
