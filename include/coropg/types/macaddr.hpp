// macaddr and macaddr8 as their bytes.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <array>
#include <compare>
#include <cstdint>

namespace coropg {

namespace oids {
inline constexpr oid macaddr8 = 774, macaddr = 829;
}  // namespace oids

/// An EUI-48, in the order in which it is printed.
struct macaddr {
    std::array<std::uint8_t, 6> bytes{};

    friend auto operator<=>(const macaddr&, const macaddr&) = default;
};

/// An EUI-64, in the order in which it is printed.
struct macaddr8 {
    std::array<std::uint8_t, 8> bytes{};

    friend auto operator<=>(const macaddr8&, const macaddr8&) = default;
};

template <>
struct codec<macaddr> {
    static constexpr pg_type type{"macaddr", oids::macaddr, 1040};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::macaddr; }
    static macaddr decode(const field& f);
    static void encode(const macaddr& value, encoder& out);
};

template <>
struct codec<macaddr8> {
    static constexpr pg_type type{"macaddr8", oids::macaddr8, 775};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::macaddr8; }
    static macaddr8 decode(const field& f);
    static void encode(const macaddr8& value, encoder& out);
};

}  // namespace coropg
