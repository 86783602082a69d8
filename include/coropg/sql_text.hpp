// The text of a statement, checked while the program compiles. A string literal becomes a `basic_sql<N>` only when its
// placeholders are exactly $1..$N, its quotes and comments are closed and it holds one statement. SQL known only at
// run time comes through `unchecked_sql` or `sql::fragment`; a string of any kind does not convert.
// Every function that takes SQL takes one of these types. Nothing here knows libpq, Asio or a connection.
#pragma once

#include <coropg/detail/sql/checks.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace coropg {

namespace sql {
class fragment;
}

namespace detail {

/// 64-bit FNV-1a.
constexpr std::uint64_t hash_sql(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

/// The line of a call, as a default argument of consteval constructors. A std::source_location is a class: in a
/// coroutine such an argument would become a part of its frame, and GCC 13 and 14 then take the call for no constant
/// expression.
using call_line = decltype(__builtin_source_location());

}  // namespace detail

/// SQL that is known only at run time and that the program vouches for.
///
/// Nothing is checked but that the text holds no NUL byte. Never build it from input: values belong into placeholders,
/// names into `sql::identifier`.
/// Errors: usage_error when the text holds a NUL byte.
class unchecked_sql {
 public:
    explicit unchecked_sql(std::string text, std::source_location where = std::source_location::current());

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// The line that constructed this.
    [[nodiscard]] std::source_location where() const noexcept { return where_; }

 private:
    std::string text_;
    std::source_location where_;
};

template <std::size_t N>
class basic_sql;
class script_sql;

/// A view of SQL that may be sent, and what is known about it.
/// Lifetime: of a literal for ever; else that of the `unchecked_sql` or `sql::fragment` it was made from.
class sql_view {
 public:
    explicit sql_view(const unchecked_sql& text);
    explicit sql_view(const sql::fragment& text);

    /// Never contains a NUL byte; one follows the last byte.
    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }
    /// Whether the text lives as long as the program.
    [[nodiscard]] constexpr bool is_literal() const noexcept { return is_literal_; }
    /// Whether it is COPY ... FROM STDIN or COPY ... TO STDOUT; of a script: whether one of its statements is.
    [[nodiscard]] constexpr bool is_copy() const noexcept { return is_copy_; }
    /// Whether it is COMMIT, END, ROLLBACK but not to a savepoint, ABORT or PREPARE TRANSACTION; of a script: whether
    /// one of its statements is.
    [[nodiscard]] constexpr bool ends_transaction() const noexcept { return ends_transaction_; }
    /// The change that it may leave behind in the session when its transaction is over, as far as its text tells: not
    /// what a function does within. Of a script: the most that one of its statements may do.
    [[nodiscard]] constexpr session_change changes() const noexcept { return changes_; }
    [[nodiscard]] constexpr bool changes_session() const noexcept { return changes_ != session_change::none; }
    /// What the names of types may mean behind it, or the types be, as far as its text tells.
    [[nodiscard]] constexpr detail::name_change names() const noexcept { return names_; }
    /// The highest n of its placeholders $n; 0 if it has none.
    [[nodiscard]] constexpr std::size_t highest_placeholder() const noexcept { return highest_placeholder_; }
    /// 64-bit FNV-1a of the text.
    [[nodiscard]] constexpr std::uint64_t hash() const noexcept { return hash_; }
    /// The line of the call that holds the literal, or that made the `unchecked_sql` or the first `sql::fragment`.
    [[nodiscard]] constexpr std::source_location where() const noexcept { return where_; }

 private:
    template <std::size_t N>
    friend class basic_sql;
    friend class script_sql;
    friend class counted_sql;

    constexpr sql_view(std::string_view text, detail::sql_shape shape, std::source_location where, bool is_literal)
        : text_{text},
          hash_{detail::hash_sql(text)},
          where_{where},
          is_literal_{is_literal},
          is_copy_{shape.is_copy},
          ends_transaction_{shape.ends_transaction},
          changes_{shape.changes},
          names_{shape.names},
          highest_placeholder_{static_cast<std::uint16_t>(shape.highest_placeholder)} {}

    std::string_view text_;
    std::uint64_t hash_;
    std::source_location where_;
    bool is_literal_;
    bool is_copy_;
    bool ends_transaction_;
    session_change changes_;
    detail::name_change names_;
    std::uint16_t highest_placeholder_;
};

// The classes below hold a view and do not derive from it: clang 16 crashes, or stores out of bounds, where it
// writes down the result of a consteval constructor whose class has a base.

/// One statement with the placeholders $1..$N: the parameter type of every function that takes SQL and N arguments.
///
///     template <class... Args>
///     void execute(basic_sql<sizeof...(Args)> sql, const Args&... args);
template <std::size_t N>
class basic_sql {
 public:
    template <std::size_t Size>
    consteval basic_sql(const char (&text)[Size], detail::call_line where = __builtin_source_location())
        : view_{detail::check_literal(text), detail::check_statement<N>(detail::check_literal(text)),
                std::source_location::current(where), true} {}
    /// Its placeholders are left to the server.
    basic_sql(const unchecked_sql& text) : view_{text} {}
    /// Its placeholders are left to the server.
    basic_sql(const sql::fragment& text) : view_{text} {}

    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    basic_sql(const Text&) = delete;  // not a string literal: use placeholders, coropg::sql or coropg::unchecked_sql

    [[nodiscard]] constexpr const sql_view& view() const noexcept { return view_; }
    [[nodiscard]] constexpr operator const sql_view&() const noexcept { return view_; }

 private:
    sql_view view_;
};

/// One statement with any placeholders, which are counted as the program runs: the parameter type of the functions that
/// take coropg::arguments.
class counted_sql {
 public:
    template <std::size_t Size>
    consteval counted_sql(const char (&text)[Size], detail::call_line where = __builtin_source_location())
        : view_{detail::check_literal(text), detail::check_any_statement(detail::check_literal(text)),
                std::source_location::current(where), true} {}
    counted_sql(const unchecked_sql& text) : view_{text} {}
    counted_sql(const sql::fragment& text) : view_{text} {}

    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    counted_sql(const Text&) = delete;  // not a string literal: use coropg::sql or coropg::unchecked_sql

    [[nodiscard]] constexpr const sql_view& view() const noexcept { return view_; }
    [[nodiscard]] constexpr operator const sql_view&() const noexcept { return view_; }

 private:
    sql_view view_;
};

/// Any number of statements without placeholders.
/// A literal of more than about 40 KB meets clang's limit for constant expressions: raise -fconstexpr-steps, or pass
/// `unchecked_sql`.
class script_sql {
 public:
    template <std::size_t Size>
    consteval script_sql(const char (&text)[Size], detail::call_line where = __builtin_source_location())
        : view_{detail::check_literal(text), detail::check_script(detail::check_literal(text)),
                std::source_location::current(where), true} {}
    script_sql(const unchecked_sql& text) : view_{text} {}
    script_sql(const sql::fragment& text) : view_{text} {}

    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    script_sql(const Text&) = delete;  // not a string literal: use coropg::sql or coropg::unchecked_sql

    [[nodiscard]] constexpr const sql_view& view() const noexcept { return view_; }
    [[nodiscard]] constexpr operator const sql_view&() const noexcept { return view_; }

 private:
    sql_view view_;
};

}  // namespace coropg
