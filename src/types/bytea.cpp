#include <coropg/types/bytea.hpp>

#include "hex.hpp"

namespace coropg {

namespace {

using owned = std::vector<std::byte>;
using view = std::span<const std::byte>;

view bytes_of(const field& f) { return std::as_bytes(std::span{f.bytes().data(), f.bytes().size()}); }

}  // namespace

owned codec<owned>::decode(const field& f) {
    if (f.is_binary()) return owned{bytes_of(f).begin(), bytes_of(f).end()};

    std::string_view text = f.bytes();
    if (!text.starts_with("\\x")) f.fail<owned>("not in hex; bytea_output has to be hex");
    text.remove_prefix(2);
    if (text.size() % 2 != 0) f.fail<owned>("an odd number of hex digits");
    owned value;
    value.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = detail::hex_digit(text[i]);
        const int low = detail::hex_digit(text[i + 1]);
        if (high < 0 || low < 0) f.fail<owned>("not a hex digit");
        value.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return value;
}

void codec<owned>::encode(const owned& value, encoder& out) { codec<view>::encode(value, out); }

view codec<view>::decode(const field& f) {
    if (!f.is_binary()) f.fail<view>("text cannot be viewed as bytes; read a std::vector<std::byte>");
    return bytes_of(f);
}

void codec<view>::encode(view value, encoder& out) {
    out.bytes({reinterpret_cast<const char*>(value.data()), value.size()});
}

}  // namespace coropg
