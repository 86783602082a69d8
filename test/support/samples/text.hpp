// Text, bytea, uuid.
#pragma once

#include "sample.hpp"

#include <coropg/types/bytea.hpp>
#include <coropg/types/text.hpp>
#include <coropg/types/uuid.hpp>

#include <boost/uuid/uuid_io.hpp>

#include <array>

namespace coropg::test {

template <>
struct sample<std::string> {
    /// UTF-8 without NUL, rich in what arrays, composites and literals have to escape.
    static std::string make(source& from) {
        static constexpr std::string_view spice = "\"\\{}(),' \t\nNUL[]=:";
        std::string text;
        for (std::uint64_t left = from.below(24); left > 0; --left) {
            if (from.one_in(3))
                text += spice[from.size_below(spice.size())];
            else
                add(code_point(from), text);
        }
        return text;
    }
    static std::string print(const std::string& value) { return "'" + hex(value) + "'"; }
    static std::string text(const std::string& value) { return value; }

 private:
    static std::uint32_t code_point(source& from) {
        static constexpr std::array<std::uint32_t, 4> limits{0x80, 0x800, 0xD800, 0x110000};
        const auto point = static_cast<std::uint32_t>(1 + from.below(limits[from.size_below(limits.size())] - 1));
        return point >= 0xD800 && point < 0xE000 ? 0xFFFD : point;
    }
    static void add(std::uint32_t point, std::string& text) {
        const auto tail = [&](int shift) { text += static_cast<char>(0x80U | (point >> shift & 0x3FU)); };
        if (point < 0x80) {
            text += static_cast<char>(point);
        } else if (point < 0x800) {
            text += static_cast<char>(0xC0U | point >> 6U);
            tail(0);
        } else if (point < 0x10000) {
            text += static_cast<char>(0xE0U | point >> 12U);
            tail(6), tail(0);
        } else {
            text += static_cast<char>(0xF0U | point >> 18U);
            tail(12), tail(6), tail(0);
        }
    }
};

template <>
struct sample<std::vector<std::byte>> {
    static std::vector<std::byte> make(source& from) {
        std::vector<std::byte> bytes(from.size_below(40));
        for (std::byte& b : bytes) b = static_cast<std::byte>(from.bits(8));
        return bytes;
    }
    static std::string print(const std::vector<std::byte>& value) {
        return "\\x" + hex({reinterpret_cast<const char*>(value.data()), value.size()});
    }
    static std::string text(const std::vector<std::byte>& value) { return print(value); }
};

template <>
struct sample<boost::uuids::uuid> {
    static boost::uuids::uuid make(source& from) {
        boost::uuids::uuid value;
        for (auto& byte : value) byte = static_cast<std::uint8_t>(from.bits(8));
        return value;
    }
    static std::string print(const boost::uuids::uuid& value) { return to_string(value); }
    static std::string text(const boost::uuids::uuid& value) { return to_string(value); }
};

}  // namespace coropg::test
