// bytea as std::vector<std::byte>, or as std::span<const std::byte> that looks into the result. Text is not bytea and
// bytes are not text: std::string has nothing to do with this room, and neither has std::vector<unsigned char>.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace coropg {

template <>
struct codec<std::vector<std::byte>> {
    static constexpr pg_type type{"bytea", oids::bytea, 1001};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::bytea; }
    static std::vector<std::byte> decode(const field& f);
    static void encode(const std::vector<std::byte>& value, encoder& out);
};

/// Reads without a copy, and in binary only: the view lives as long as the result.
template <>
struct codec<std::span<const std::byte>> {
    static constexpr pg_type type = codec<std::vector<std::byte>>::type;
    static constexpr bool is_view = true;
    static bool reads(oid from) { return from == oids::bytea; }
    static std::span<const std::byte> decode(const field& f);
    static void encode(std::span<const std::byte> value, encoder& out);
};

}  // namespace coropg
