// money as a count of its smallest unit. In binary that count is the value itself, whatever the server's locale
// (lc_monetary) makes of it in text, so both directions are exact; but only who knows the locale knows how many units
// are a whole: 100 where money has two decimals, 1 in ja_JP. To be sent as text it would have to be written the
// locale's way. For amounts of any other kind take numeric.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <compare>
#include <cstdint>

namespace coropg {

namespace oids {
inline constexpr oid money = 790;
}  // namespace oids

/// An amount in the smallest unit of lc_monetary: cents, where it says dollars or euros.
struct money {
    std::int64_t units{};

    friend auto operator<=>(const money&, const money&) = default;
};

template <>
struct codec<money> {
    static constexpr pg_type type{"money", oids::money, 791};
    static bool reads(oid from) { return from == oids::money; }
    static money decode(const field& f);
    static void encode(money value, encoder& out) { out.number(value.units); }
};

}  // namespace coropg
