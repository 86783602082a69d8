#include <coropg/types/macaddr.hpp>

#include "hex.hpp"

#include <cstring>

namespace coropg {

namespace {

// "08:00:2b:01:02:03"
template <class T>
T read(const field& f) {
    T value;
    std::string_view bytes = f.bytes();
    if (f.is_binary()) {
        if (bytes.size() != value.bytes.size()) f.fail<T>("unexpected length " + std::to_string(bytes.size()));
        std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
        return value;
    }
    if (bytes.size() != value.bytes.size() * 3 - 1) f.fail<T>("not a MAC address");
    for (std::uint8_t& byte : value.bytes) {
        const int high = detail::hex_digit(bytes[0]);
        const int low = detail::hex_digit(bytes[1]);
        if (high < 0 || low < 0 || (bytes.size() > 2 && bytes[2] != ':')) f.fail<T>("not a MAC address");
        byte = static_cast<std::uint8_t>(high * 16 + low);
        bytes.remove_prefix(bytes.size() > 2 ? 3 : 2);
    }
    return value;
}

template <class T>
void write(const T& value, encoder& out) {
    out.bytes({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
}

}  // namespace

macaddr codec<macaddr>::decode(const field& f) { return read<macaddr>(f); }
void codec<macaddr>::encode(const macaddr& value, encoder& out) { write(value, out); }

macaddr8 codec<macaddr8>::decode(const field& f) { return read<macaddr8>(f); }
void codec<macaddr8>::encode(const macaddr8& value, encoder& out) { write(value, out); }

}  // namespace coropg
