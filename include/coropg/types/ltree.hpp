// The types of the extension "ltree": labels in a tree, and the patterns that find them.
#pragma once

#include <coropg/codec.hpp>

#include <string>
#include <utility>

namespace coropg {

/// A path of labels, such as "Top.Science.Astronomy".
struct ltree {
    ltree() = default;
    explicit ltree(std::string path) : text{std::move(path)} {}
    bool operator==(const ltree&) const = default;
    std::string text;
};

/// A pattern of paths, such as "*.Astro*{1,2}".
struct lquery {
    lquery() = default;
    explicit lquery(std::string pattern) : text{std::move(pattern)} {}
    bool operator==(const lquery&) const = default;
    std::string text;
};

/// A search for words in paths, such as "Europe & !Russia".
struct ltxtquery {
    ltxtquery() = default;
    explicit ltxtquery(std::string words) : text{std::move(words)} {}
    bool operator==(const ltxtquery&) const = default;
    std::string text;
};

namespace detail {

/// The text of all three. `T` is the type that an error names.
template <class T>
struct ltree_codec {
    static bool reads(oid from) { return from >= first_user_oid; }
    /// In binary: byte version = 1, text. Source: ltree_send in ltree_io.c.
    static T decode(const field& f) {
        std::string_view text = f.bytes();
        if (f.is_binary()) {
            if (!text.starts_with('\1')) f.fail<T>("unknown version");
            text.remove_prefix(1);
        }
        return T{std::string{text}};
    }
    /// Errors: usage_error for text with a NUL byte; its grammar is checked by the server.
    static void encode(const T& value, encoder& out) {
        out.bytes("\1");
        out.text(value.text);
    }
};

}  // namespace detail

template <>
struct codec<ltree> : detail::ltree_codec<ltree> {
    static constexpr pg_type type{"ltree"};
};

template <>
struct codec<lquery> : detail::ltree_codec<lquery> {
    static constexpr pg_type type{"lquery"};
};

template <>
struct codec<ltxtquery> : detail::ltree_codec<ltxtquery> {
    static constexpr pg_type type{"ltxtquery"};
};

}  // namespace coropg
