// Text: std::string, std::string_view, C strings and char. They read the types whose values are text, json and jsonb
// among them; std::string also reads numeric, as decimal digits. As parameters they go out in text with no declared
// type, so that the server infers it: "2026-01-01" fits a date, "[1, 2]" a jsonb, "12.50" a numeric.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/numeric.hpp>
#include <coropg/types/oids.hpp>

#include <string>
#include <string_view>

namespace coropg {

namespace oids {
inline constexpr oid jsonpath = 4072;
}  // namespace oids

namespace detail {

constexpr bool is_text(oid type) noexcept {
    switch (type) {
        case oids::text:
        case oids::varchar:
        case oids::bpchar:
        case oids::name:
        case oids::unknown:
        case oids::char_:
        case oids::xml:
        case oids::json:
        case oids::jsonb:
        case oids::jsonpath: return true;
        default: return false;
    }
}

/// The characters of a value that `is_text`, without what only its binary form carries; `T` is named by errors.
template <class T>
std::string_view characters(const field& f) {
    std::string_view bytes = f.bytes();
    if (!f.is_binary()) return bytes;
    if (f.type() == oids::jsonb || f.type() == oids::jsonpath) {
        if (!bytes.starts_with('\1'))
            f.fail<T>(f.type() == oids::jsonb ? "unknown version of jsonb" : "unknown version of jsonpath");
        bytes.remove_prefix(1);
    }
    // The type "char" has an empty value; its binary form is a zero byte.
    if (f.type() == oids::char_ && bytes == std::string_view{"\0", 1}) return {};
    return bytes;
}

/// The type of a text parameter, for all codecs of text. In an array the type must be named: it is text[].
struct untyped_text {
    static constexpr pg_type type{"text", oids::text, 1009};
    static constexpr bool reads_text = true;
    static constexpr format wire = format::text;
    static constexpr bool is_inferred = true;
};

}  // namespace detail

template <>
struct codec<std::string> : detail::untyped_text {
    static constexpr bool reads_any_text = true;
    static bool reads(oid from) { return detail::is_text(from) || from == oids::numeric; }
    static std::string decode(const field& f) {
        if (f.type() == oids::numeric && f.is_binary()) return detail::numeric_to_text(f.copy());
        return std::string{detail::characters<std::string>(f)};
    }
    static bool reads_plain(oid from) { return from == oids::text || from == oids::varchar; }
    static std::string decode_plain(std::string_view bytes) { return std::string{bytes}; }
    static void encode(const std::string& value, encoder& out) { out.text(value); }
};

/// Reads without a copy: the view lives as long as the result. A numeric in binary is no text; read a std::string.
template <>
struct codec<std::string_view> : detail::untyped_text {
    static constexpr bool is_view = true;
    static constexpr bool reads_any_text = true;
    static bool reads(oid from) { return codec<std::string>::reads(from); }
    static std::string_view decode(const field& f) {
        if (f.type() == oids::numeric && f.is_binary()) f.fail<std::string_view>("read it as std::string");
        return detail::characters<std::string_view>(f);
    }
    static void encode(std::string_view value, encoder& out) { out.text(value); }
};

/// Errors: usage_error for a null pointer; NULL is `std::nullopt` or `nullptr` itself.
template <>
struct codec<const char*> : detail::untyped_text {
    static void encode(const char* value, encoder& out) {
        if (value == nullptr) throw usage_error{"a parameter is a null const char*; for NULL pass std::nullopt"};
        out.text(value);
    }
};

template <>
struct codec<char*> : codec<const char*> {};

/// A literal, or a buffer filled up with NUL bytes. Errors: usage_error when a NUL byte stands within the text.
template <std::size_t N>
struct codec<char[N]> : detail::untyped_text {
    static void encode(const char (&value)[N], encoder& out) {
        const std::string_view all{value, N};
        out.text(all.substr(0, all.find_last_not_of('\0') + 1));
    }
};

/// Reads "char", and text of exactly one byte; the empty "char" is '\0'.
template <>
struct codec<char> : detail::untyped_text {
    static bool reads(oid from) {
        return from == oids::char_ || from == oids::bpchar || from == oids::text || from == oids::varchar;
    }
    static char decode(const field& f);
    static void encode(char value, encoder& out) { out.text({&value, 1}); }
};

}  // namespace coropg
