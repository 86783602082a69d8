// What the tests of all codecs share: fields made of bytes, encoded values as hex, and hostile input. Golden bytes in
// the tests are what PostgreSQL 15 sends, as printed by encode(<type>_send(value), 'hex').
#pragma once

#include <coropg/codec.hpp>

#include "../support/seed.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace types_test {

using coropg::field;
using coropg::format;
using coropg::oid;

inline std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
    }
    return bytes;
}

inline std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const char c : bytes) {
        hex += digits[static_cast<unsigned char>(c) >> 4U];
        hex += digits[static_cast<unsigned char>(c) & 15U];
    }
    return hex;
}

/// `bytes` must outlive the field.
inline field make_field(std::string_view bytes, oid type, format how) { return {bytes, type, how, {}}; }

/// T must not be a view.
template <class T>
T read(std::string_view bytes, oid type, format how) {
    const std::string own{bytes};
    return coropg::detail::decode<T>(make_field(own, type, how));
}

template <class T>
T read_binary(std::string_view hex, oid type) {
    return read<T>(from_hex(hex), type, format::binary);
}

template <class T>
T read_text(std::string_view text, oid type) {
    return read<T>(text, type, format::text);
}

/// What codec<T> writes, as it is.
template <class T>
std::string write(const T& value) {
    std::vector<char> bytes;
    coropg::encoder out{bytes};
    coropg::codec<T>::encode(value, out);
    return {bytes.begin(), bytes.end()};
}

template <class T>
std::string write_hex(const T& value) {
    return to_hex(write(value));
}

/// For BOOST_CHECK_EXCEPTION: the error says `part`.
inline auto says(std::string part) {
    return [part = std::move(part)](const std::exception& e) {
        const bool found = std::string_view{e.what()}.find(part) != std::string_view::npos;
        if (!found) BOOST_TEST_MESSAGE("it says instead: " << e.what());
        return found;
    };
}

/// The seed of this run.
inline unsigned seed() {
    static const auto value = static_cast<unsigned>(coropg::test::announced_seed());
    return value;
}

/// Reads one hostile value: it may be read or refused, and nothing else.
template <class T>
void read_hostile(const std::string& bytes, oid type, format how) {
    // An exact copy on the heap, so that a sanitizer sees a read beyond the end.
    const std::vector<char> exact{bytes.begin(), bytes.end()};
    try {
        static_cast<void>(coropg::detail::decode<T>(make_field({exact.data(), exact.size()}, type, how)));
    } catch (const coropg::decode_error&) {
        return;
    } catch (const std::exception& e) {
        BOOST_ERROR("seed " << seed() << ": " << e.what() << " for " << to_hex(bytes));
    }
}

/// Cuts `good` at every byte, changes its bytes, and replaces them all.
template <class T>
void attack(const std::string& good, oid type, format how, int rounds = 1000) {
    for (std::size_t size = 0; size < good.size(); ++size) read_hostile<T>(good.substr(0, size), type, how);
    std::mt19937 random{seed()};
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
    };
    static constexpr std::string_view spice = "0123456789-+:. {}[]\",=\\x\xff\x7f\x80\x01NULBCinfty";
    const auto byte = [&] { return below(2) == 0 ? static_cast<char>(below(256)) : spice[below(spice.size())]; };
    for (int round = 0; round < rounds; ++round) {
        std::string bytes = good;
        if (!bytes.empty()) {
            for (std::size_t changes = 1 + below(3); changes > 0; --changes) bytes[below(bytes.size())] = byte();
            read_hostile<T>(bytes, type, how);
            bytes.insert(below(bytes.size()), 1, byte());
            read_hostile<T>(bytes, type, how);
        }
        bytes.assign(below(64), '\0');
        for (char& c : bytes) c = byte();
        read_hostile<T>(bytes, type, how);
    }
}

template <class T>
void attack_both(std::string_view good_hex, std::string_view good_text, oid type, int rounds = 1000) {
    attack<T>(from_hex(good_hex), type, format::binary, rounds);
    attack<T>(std::string{good_text}, type, format::text, rounds);
}

}  // namespace types_test
