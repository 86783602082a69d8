#include <coropg/types/uuid.hpp>

#include "hex.hpp"

#include <algorithm>

namespace coropg {

using boost::uuids::uuid;

namespace {

constexpr std::size_t uuid_bytes = 16;
constexpr std::string_view pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

}  // namespace

uuid codec<uuid>::decode(const field& f) {
    uuid value{};
    const std::string_view bytes = f.bytes();
    if (f.is_binary()) {
        if (bytes.size() != uuid_bytes) f.fail<uuid>("unexpected length " + std::to_string(bytes.size()));
        std::ranges::transform(bytes, value.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
        return value;
    }
    if (bytes.size() != pattern.size()) f.fail<uuid>("not a uuid");
    std::size_t digits = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const int digit = detail::hex_digit(bytes[i]);
        if (pattern[i] == '-' ? bytes[i] != '-' : digit < 0) f.fail<uuid>("not a uuid");
        if (pattern[i] == '-') continue;
        std::uint8_t& into = value.begin()[digits / 2];
        into = static_cast<std::uint8_t>(into * 16 + digit);
        ++digits;
    }
    return value;
}

void codec<uuid>::encode(const uuid& value, encoder& out) {
    out.bytes({reinterpret_cast<const char*>(value.begin()), uuid_bytes});
}

}  // namespace coropg
