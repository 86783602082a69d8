// Reads SQL as PostgreSQL's scanner does, as far as that decides what is a placeholder, a `;` or a word.
//
// The grammar (manual, section 4.1 "Lexical Structure"; source: scan.l), with standard_conforming_strings on:
//
//   text         = { blank | comment | string | identifier | word | number | placeholder | symbol }
//   blank        = " " | "\t" | "\n" | "\r" | "\f" | "\v"
//   comment      = "--" { any byte but "\n" and "\r" }
//                | "/*" { any byte | nested "/*" comment } "*/"
//   string       = [ "B" | "X" | "N" | "U&" ] plain { continued plain }
//                | "E" escaped { continued escaped }
//                | tag { any byte } tag                             both tags the same
//   plain        = "'" { any byte but "'" | "''" } "'"              a backslash is an ordinary byte
//   escaped      = "'" { any byte but "'" and "\" | "''" | "\" any byte } "'"
//   continued    = blanks and "--" comments with at least one newline among them
//   tag          = "$" [ letter { letter | digit } ] "$"
//   identifier   = [ "U&" ] '"' { any byte but '"' | '""' } '"'
//   word         = letter { letter | digit | "$" }                  hence a$1 is a word and holds no placeholder
//   number       = digit { digit }
//   placeholder  = "$" number
//   letter       = "A".."Z" | "a".."z" | "_" | any byte from 0x80
//   symbol       = any other byte
//
// A prefix counts only directly before its quote and as a word of its own. Except for E it changes nothing about where
// the string ends, so the scanner reads B, X, N and U& as words or symbols before a plain string. Fractions and
// exponents read as symbols and words: what that could hide, directly behind a number, is not valid SQL.
#pragma once

#include <coropg/detail/sql/outline.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace coropg::detail {

/// A defect that makes a text unfit to be SQL, whatever the arguments.
enum class sql_defect : unsigned char {
    none,
    open_string,
    open_identifier,
    open_dollar_quote,
    open_comment,
    placeholder_zero,
    placeholder_too_large,
};

/// The findings of the scanner; after a defect the other members cover the part before it.
struct sql_shape {
    sql_defect defect = sql_defect::none;
    std::size_t highest_placeholder = 0;
    std::size_t statements = 0;     ///< those that are more than blanks and comments
    bool is_copy = false;           ///< one of the statements is COPY ... FROM STDIN or TO STDOUT
    bool ends_transaction = false;  ///< one of the statements is COMMIT, ROLLBACK or the like
    bool chains = false;            ///< such a one is followed by the next: AND CHAIN
    bool commits = false;           ///< one of the statements is not undone with those around it: CREATE DATABASE, CALL
    bool commits_midway = false;    ///< such a one may have stored something even if it fails: CALL, DO, VACUUM
    bool saves = false;             ///< one of the statements is SAVEPOINT
    name_change names = name_change::none;          ///< the most that any of the statements may do to types
    session_change changes = session_change::none;  ///< the most that any of the statements may do
    bool ends_in_comment = false;  ///< a "--" comment is still open at the end, so text glued on would vanish in it
};

/// The most parameters that one statement can have: the protocol counts them in 16 bits.
inline constexpr std::size_t max_placeholders = 65535;

constexpr bool is_sql_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

constexpr bool is_sql_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_sql_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Reads SQL once, from left to right, and calls `on_placeholder(n)` for each placeholder $n, and `on_placeholder.value`
/// for each string and number, if it has that.
template <class OnPlaceholder>
class sql_scanner {
 public:
    constexpr sql_scanner(std::string_view text, OnPlaceholder on_placeholder)
        : begin_{text.data()}, at_{begin_}, end_{begin_ + text.size()}, on_placeholder_{on_placeholder} {}

    constexpr sql_shape scan() {
        while (at_ != end_ && shape_.defect == sql_defect::none) token();
        shape_.statements = outline_.statements();
        shape_.is_copy = outline_.is_copy();
        shape_.ends_transaction = outline_.ends_transaction();
        shape_.chains = outline_.chains();
        shape_.commits = outline_.commits();
        shape_.commits_midway = outline_.commits_midway();
        if (shape_.defect != sql_defect::none) outline_.lose_track();
        shape_.saves = outline_.saves();
        shape_.names = outline_.names();
        shape_.changes = outline_.changes();
        return shape_;
    }

 private:
    constexpr void token() {
        const char c = *at_;
        if (is_sql_blank(c)) {
            ++at_;
        } else if (is_sql_letter(c)) {
            word();
        } else if (is_sql_digit(c)) {
            const char* const begin = at_;
            skip_digits();
            outline_.other();
            tell_value(begin);
        } else if (c == '$') {
            dollar();
        } else if (c == '\'') {
            string(false);
        } else if (c == '"') {
            identifier();
        } else if (c == '-' && next() == '-') {
            shape_.ends_in_comment = skip_line_comment();
        } else if (c == '/' && next() == '*') {
            block_comment();
        } else {
            outline_.symbol(c);
            ++at_;
        }
    }

    /// The byte after the current one; NUL at the end.
    [[nodiscard]] constexpr char next() const { return end_ - at_ > 1 ? at_[1] : '\0'; }

    constexpr void skip_digits() {
        while (at_ != end_ && is_sql_digit(*at_)) ++at_;
    }

    constexpr void word() {
        const char* const begin = at_;
        while (at_ != end_ && (is_sql_letter(*at_) || is_sql_digit(*at_) || *at_ == '$')) ++at_;
        const std::string_view text{begin, static_cast<std::size_t>(at_ - begin)};
        if (at_ != end_ && *at_ == '\'' && is_sql_word(text, "E")) return string(true);
        outline_.word(text);
    }

    constexpr void tell_value([[maybe_unused]] const char* begin) {
        if constexpr (requires { on_placeholder_.value(std::string_view{}); })
            on_placeholder_.value(std::string_view{begin, static_cast<std::size_t>(at_ - begin)});
    }

    constexpr void string(bool backslash_escapes) {
        outline_.other();
        const char* const begin = at_;
        do {
            if (!skip_quoted('\'', backslash_escapes)) return fail(sql_defect::open_string);
        } while (skip_to_continuation());
        tell_value(begin);
    }

    constexpr void identifier() {
        const char* const begin = at_ + 1;
        // Behind U& it can spell any name.
        if (at_ - begin_ > 1 && at_[-1] == '&' && (at_[-2] == 'U' || at_[-2] == 'u')) outline_.lose_track();
        if (!skip_quoted('"', false)) return fail(sql_defect::open_identifier);
        outline_.identifier({begin, static_cast<std::size_t>(at_ - begin) - 1});
    }

    /// Moves from an opening quote past the closing one; false when there is none.
    constexpr bool skip_quoted(char quote, bool backslash_escapes) {
        for (++at_; at_ != end_; ++at_) {
            if (*at_ == quote) {
                if (next() != quote) {
                    ++at_;
                    return true;
                }
                ++at_;
            } else if (*at_ == '\\' && backslash_escapes) {
                if (++at_ == end_) return false;
            }
        }
        return false;
    }

    /// After a string: moves to the quote that continues it on a later line; false, and no move, when none does.
    constexpr bool skip_to_continuation() {
        const char* const begin = at_;
        bool newline = false;
        while (at_ != end_ && *at_ != '\'') {
            if (is_sql_blank(*at_)) {
                newline = newline || *at_ == '\n' || *at_ == '\r';
                ++at_;
            } else if (*at_ == '-' && next() == '-') {
                skip_line_comment();
            } else {
                break;
            }
        }
        if (newline && at_ != end_ && *at_ == '\'') return true;
        at_ = begin;
        return false;
    }

    /// Stops before the newline; true when the text ends first.
    constexpr bool skip_line_comment() {
        while (at_ != end_ && *at_ != '\n' && *at_ != '\r') ++at_;
        return at_ == end_;
    }

    constexpr void block_comment() {
        std::size_t depth = 0;
        while (at_ != end_) {
            if (*at_ == '/' && next() == '*') {
                ++depth;
                at_ += 2;
            } else if (*at_ == '*' && next() == '/') {
                at_ += 2;
                if (--depth == 0) return;
            } else {
                ++at_;
            }
        }
        fail(sql_defect::open_comment);
    }

    /// At a `$`: a placeholder, a dollar quote, or a stray byte that the server will refuse.
    constexpr void dollar() {
        outline_.other();
        const char* const begin = at_++;
        if (at_ != end_ && is_sql_digit(*at_)) return placeholder();
        if (at_ != end_ && is_sql_letter(*at_)) {
            while (at_ != end_ && (is_sql_letter(*at_) || is_sql_digit(*at_))) ++at_;
        }
        if (at_ == end_ || *at_ != '$') {
            at_ = begin + 1;
            return;
        }
        ++at_;
        const std::string_view tag{begin, static_cast<std::size_t>(at_ - begin)};
        const std::string_view rest{at_, static_cast<std::size_t>(end_ - at_)};
        const std::size_t closing = rest.find(tag);
        if (closing == std::string_view::npos) return fail(sql_defect::open_dollar_quote);
        at_ += closing + tag.size();
        tell_value(begin);
    }

    constexpr void placeholder() {
        std::size_t n = 0;
        for (; at_ != end_ && is_sql_digit(*at_); ++at_) {
            n = n * 10 + static_cast<std::size_t>(*at_ - '0');
            if (n > max_placeholders) return fail(sql_defect::placeholder_too_large);
        }
        if (n == 0) return fail(sql_defect::placeholder_zero);
        if (n > shape_.highest_placeholder) shape_.highest_placeholder = n;
        on_placeholder_(n);
    }

    constexpr void fail(sql_defect defect) { shape_.defect = defect; }

    const char* begin_;
    const char* at_;
    const char* end_;
    OnPlaceholder on_placeholder_;
    sql_outline outline_;
    sql_shape shape_;
};

/// Scans `text` and calls `on_placeholder(n)` for each placeholder, in the order of the text.
template <class OnPlaceholder>
constexpr sql_shape scan_sql(std::string_view text, OnPlaceholder on_placeholder) {
    return sql_scanner<OnPlaceholder>{text, on_placeholder}.scan();
}

constexpr sql_shape scan_sql(std::string_view text) {
    return scan_sql(text, [](std::size_t) {});
}

/// `sql` with '...' in place of its strings and numbers, for messages.
std::string without_values(std::string_view sql);

}  // namespace coropg::detail
