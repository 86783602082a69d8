// Composing SQL at run time out of parts that cannot break it: names, values and literal text. A `fragment` converts to
// the parameter of every function that takes SQL. Values normally belong into placeholders; `sql::literal` is for the
// places where the server takes none (DDL, SET, NOTIFY).
// Quoting is libpq's, done without a connection: the session's client_encoding has to be UTF8, as coropg sets it.
#pragma once

#include <coropg/sql_text.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coropg {

namespace detail {

/// Letters, digits, underscores and dots: a name that needs no quotes.
constexpr bool is_plain_name(std::string_view name) {
    for (const char c : name) {
        const bool is_allowed =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
        if (!is_allowed) return false;
    }
    return !name.empty();
}

}  // namespace detail

/// A function's name for `call`: letters, digits, underscores and dots, checked by the compiler.
class function_name {
 public:
    template <std::size_t Size>
    consteval function_name(const char (&text)[Size], detail::call_line where = __builtin_source_location())
        : text_{text, Size - 1}, where_{std::source_location::current(where)} {
        if (!detail::is_plain_name(text_)) this_is_no_plain_function_name();
    }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    [[nodiscard]] std::source_location where() const noexcept { return where_; }

 private:
    static void this_is_no_plain_function_name() {}  // not constexpr: reaching it is the compiler's error message

    std::string_view text_;
    std::source_location where_;
};

}  // namespace coropg

namespace coropg::sql {

/// A piece of SQL whose quotes and comments are closed.
class fragment {
 public:
    /// Empty, to be filled by `+=`.
    explicit fragment(std::source_location where = std::source_location::current()) : where_{where} {}
    /// SQL that the program vouches for.
    explicit fragment(const unchecked_sql& text) : text_{text.text()}, where_{text.where()} {}

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    /// The line that made this, or the leftmost of the fragments it was added up from.
    [[nodiscard]] std::source_location where() const noexcept { return where_; }

    /// Appends; a blank goes between bytes that would fuse into another token: two quotes, digits, dollars or minus
    /// signs, a slash and an asterisk.
    fragment& operator+=(const fragment& right);
    friend fragment operator+(fragment left, const fragment& right) { return std::move(left += right); }

 private:
    std::string text_;
    std::source_location where_;
};

/// A string literal of SQL with closed quotes and comments: the parameter type of `sql::text` and `sql::join`.
class text_literal {
 public:
    template <std::size_t Size>
    consteval text_literal(const char (&text)[Size], coropg::detail::call_line where = __builtin_source_location())
        : text_{coropg::detail::check_fragment(coropg::detail::check_literal(text))},
          where_{std::source_location::current(where)} {}

    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    text_literal(const Text&) = delete;  // not a string literal: use sql::identifier, sql::literal or a placeholder

    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }
    [[nodiscard]] constexpr std::source_location where() const noexcept { return where_; }

 private:
    std::string_view text_;
    std::source_location where_;
};

/// A name, or the first part of one, and the line that wrote it.
class name_part {
 public:
    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    name_part(const Text& text, std::source_location where = std::source_location::current())
        : text_{text}, where_{where} {}

    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    [[nodiscard]] std::source_location where() const noexcept { return where_; }

 private:
    std::string_view text_;
    std::source_location where_;
};

template <class T>
concept number = (std::integral<T> || std::same_as<T, float> || std::same_as<T, double>)&&sizeof(T) <= 8 &&
                 !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                 !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

namespace detail {

fragment quote_name(std::initializer_list<std::string_view> parts, std::source_location where);
fragment write_number(long long value, std::source_location where);
fragment write_number(unsigned long long value, std::source_location where);
fragment write_number(float value, std::source_location where);
fragment write_number(double value, std::source_location where);

}  // namespace detail

/// SQL from a string literal; it may hold any placeholders.
fragment text(text_literal literal);

/// A quoted name: `identifier("t")` is "t", `identifier("s", "t")` is "s"."t".
/// Errors: usage_error when a part is empty, longer than 63 bytes (the server would cut it silently), no valid UTF-8 or
/// holds a NUL byte.
template <std::convertible_to<std::string_view>... More>
fragment identifier(name_part first, const More&... more) {
    return detail::quote_name({first.text(), std::string_view{more}...}, first.where());
}

/// A quoted string.
/// Errors: usage_error when it is no valid UTF-8 or holds a NUL byte.
fragment literal(std::string_view value, std::source_location where = std::source_location::current());

/// NULL.
fragment literal(std::nullptr_t, std::source_location where = std::source_location::current());
fragment literal(std::nullopt_t, std::source_location where = std::source_location::current());

/// TRUE or FALSE.
template <std::same_as<bool> Bool>
fragment literal(Bool value, std::source_location where = std::source_location::current()) {
    return fragment{unchecked_sql{value ? "TRUE" : "FALSE", where}};
}

/// A number, safe beside any operator: integers in parentheses when negative, `double` as float8, `float` as float4.
/// SET takes neither parentheses nor casts; give it such a number as a string.
template <number T>
fragment literal(T value, std::source_location where = std::source_location::current()) {
    if constexpr (std::floating_point<T>) {
        return detail::write_number(value, where);
    } else if constexpr (std::is_signed_v<T>) {
        return detail::write_number(static_cast<long long>(value), where);
    } else {
        return detail::write_number(static_cast<unsigned long long>(value), where);
    }
}

/// The value, or NULL.
template <class T>
fragment literal(const std::optional<T>& value, std::source_location where = std::source_location::current()) {
    return value ? literal(*value, where) : literal(nullptr, where);
}

/// The fragments with `separator` between each two; empty when there are none.
template <class Fragments>
fragment join(Fragments&& fragments, const fragment& separator,
              std::source_location where = std::source_location::current()) {
    fragment joined{where};
    bool first = true;
    for (const fragment& each : fragments) {
        if (!first) joined += separator;
        joined += each;
        first = false;
    }
    return joined;
}

template <class Fragments>
fragment join(Fragments&& fragments, text_literal separator) {
    return join(fragments, text(separator), separator.where());
}

}  // namespace coropg::sql
