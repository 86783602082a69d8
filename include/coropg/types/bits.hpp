// bit and varbit as std::bitset<N> and boost::dynamic_bitset. A bit string and a bitset look the same when printed: its
// first bit, which is the leftmost and most significant one, has the highest index. So `bits.to_ulong()` is what
// `bits::int` is in SQL, and get_bit(bits, i) is `bits[size - 1 - i]`. Who uses a dynamic_bitset includes its header.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>

#include <boost/dynamic_bitset_fwd.hpp>

#include <bitset>
#include <cstddef>

namespace coropg {

namespace oids {
inline constexpr oid bit = 1560, varbit = 1562;
}  // namespace oids

namespace detail {

/// The bits of a field, from the first one on.
class bit_reader {
 public:
    explicit bit_reader(const field& f);

    /// Why the bits cannot be read, or null.
    [[nodiscard]] const char* problem() const noexcept { return problem_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool operator[](std::size_t index) const {
        if (!is_binary_) return bits_[index] == '1';
        return (static_cast<unsigned char>(bits_[index / 8]) >> (7 - index % 8) & 1U) != 0;
    }

 private:
    std::string_view bits_;
    std::size_t size_ = 0;
    const char* problem_ = nullptr;
    bool is_binary_;
};

template <class Bits>
struct bits_codec {
    static constexpr bool reads_text = true;

    static bool reads(oid from) { return from == oids::bit || from == oids::varbit; }

    /// int32 count of bits, then the bits, eight a byte from its most significant one on. Source: varbit_send in
    /// varbit.c.
    static void encode(const Bits& value, encoder& out) {
        const std::size_t size = value.size();
        if (!std::in_range<std::int32_t>(size))
            throw usage_error{"a bit string has more bits than PostgreSQL can hold"};
        out.number(static_cast<std::int32_t>(size));
        for (std::size_t at = 0; at < size; at += 8) {
            unsigned byte = 0;
            for (std::size_t i = at; i < at + 8; ++i) byte = byte << 1U | (i < size && value[size - 1 - i] ? 1U : 0U);
            out.number(static_cast<std::uint8_t>(byte));
        }
    }

 protected:
    template <class Size>
    static Bits read(const field& f, Size&& sized) {
        const bit_reader in{f};
        if (in.problem() != nullptr) f.fail<Bits>(in.problem());
        Bits value = sized(in.size());
        for (std::size_t i = 0; i < in.size(); ++i) value[in.size() - 1 - i] = in[i];
        return value;
    }
};

}  // namespace detail

/// As a parameter a bit(N). Errors: decode_error when the bit string has not exactly N bits.
template <std::size_t N>
struct codec<std::bitset<N>> : detail::bits_codec<std::bitset<N>> {
    static constexpr pg_type type{"bit", oids::bit, 1561};
    static std::bitset<N> decode(const field& f) {
        return codec::read(f, [&](std::size_t size) {
            if (size != N) f.fail<std::bitset<N>>(std::to_string(size) + " bits instead of " + std::to_string(N));
            return std::bitset<N>{};
        });
    }
};

/// As a parameter a varbit.
template <class Block, class Allocator>
struct codec<boost::dynamic_bitset<Block, Allocator>> : detail::bits_codec<boost::dynamic_bitset<Block, Allocator>> {
    static constexpr pg_type type{"varbit", oids::varbit, 1563};
    static boost::dynamic_bitset<Block, Allocator> decode(const field& f) {
        return codec::read(f, [](std::size_t size) { return boost::dynamic_bitset<Block, Allocator>{size}; });
    }
};

}  // namespace coropg
