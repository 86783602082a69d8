// The text of a statement, checked while the program compiles. A string literal becomes a `basic_sql<N>` only when its
// placeholders are exactly $1..$N, its quotes and comments are closed and it holds one statement. SQL known only at
// run time comes through `unchecked_sql` or `sql::fragment`; a string of any kind does not convert.
// Every function that takes SQL takes one of these types. Nothing here knows libpq, Asio or a connection.
#pragma once

#include <array>
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

/// What a statement may leave behind in the session of the server when its transaction is over; each includes those
/// before it.
enum class session_change : unsigned char {
    none,
    undoable,             ///< settings, roles, cursors, locks, temporary tables and the like
    prepared_statements,  ///< what was prepared by hand is gone or there, and whatever else the text does not tell
    lasting,              ///< a library, a link to another server: gone with the connection only
};

namespace detail {

// The lexical grammar of SQL as PostgreSQL reads it (manual, section 4.1 "Lexical Structure"; source: scan.l), with
// standard_conforming_strings on, as far as it decides what is a placeholder, a `;` or a word:
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

/// What makes a text unfit to be SQL, whatever the arguments.
enum class sql_defect : unsigned char {
    none,
    open_string,
    open_identifier,
    open_dollar_quote,
    open_comment,
    placeholder_zero,
    placeholder_too_large,
};

/// What the scanner found in a text; after a defect the other members cover the part before it.
struct sql_shape {
    sql_defect defect = sql_defect::none;
    std::size_t highest_placeholder = 0;
    std::size_t statements = 0;                     ///< those that are more than blanks and comments
    bool is_copy = false;                           ///< one of the statements is COPY ... FROM STDIN or TO STDOUT
    bool ends_transaction = false;                  ///< one of the statements is COMMIT, ROLLBACK or the like
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

/// Whether `word` is the keyword `upper`, in any case of ASCII letters. An array, for the compiler counts the letters of a
/// string literal one by one to make a view of it, at each call.
template <std::size_t Size>
constexpr bool is_sql_word(std::string_view word, const char (&upper)[Size]) {
    if (word.size() != Size - 1) return false;
    for (std::size_t i = 0; i < Size - 1; ++i) {
        const char c = word[i];
        if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != upper[i]) return false;
    }
    return true;
}

template <std::size_t Size>
constexpr bool starts_with_word(std::string_view name, const char (&upper)[Size]) {
    return is_sql_word(name.substr(0, Size - 1), upper);
}

/// Whether `word` begins a command that leaves nothing behind but what it stores.
constexpr bool is_plain_command(std::string_view word) {
    const auto is = [word](const auto& command) { return is_sql_word(word, command); };
    switch (word[0] >= 'a' ? word[0] - 'a' + 'A' : word[0]) {
        case 'A': return is("ALTER") || is("ANALYZE") || is("ANALYSE");
        case 'C': return is("CREATE") || is("COPY") || is("COMMENT") || is("CLUSTER") || is("CHECKPOINT");
        case 'D': return is("DELETE") || is("DROP");
        case 'E': return is("EXPLAIN");
        case 'G': return is("GRANT");
        case 'I': return is("INSERT") || is("IMPORT");
        case 'M': return is("MERGE");
        case 'N': return is("NOTIFY");
        case 'R': return is("REFRESH") || is("REINDEX") || is("REVOKE") || is("REASSIGN");
        case 'S': return is("SELECT") || is("SHOW") || is("SECURITY");
        case 'T': return is("TABLE") || is("TRUNCATE");
        case 'U': return is("UPDATE");
        case 'V': return is("VALUES") || is("VACUUM");
        case 'W': return is("WITH");
        default: return false;
    }
}

/// The same of what is known to leave behind nothing that a reset does not undo.
constexpr bool is_undoable_command(std::string_view word) {
    const auto is_one_of = [word](const auto&... commands) { return (is_sql_word(word, commands) || ...); };
    return is_one_of("SET", "RESET", "LISTEN", "UNLISTEN", "LOCK", "CALL", "DECLARE", "FETCH", "MOVE", "CLOSE") ||
           is_one_of("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE");
}

/// What a statement that begins with `word` does to the session by itself.
constexpr session_change change_by_command(std::string_view word) {
    if (is_plain_command(word)) return session_change::none;
    if (is_undoable_command(word)) return session_change::undoable;
    return is_sql_word(word, "LOAD") ? session_change::lasting : session_change::prepared_statements;
}

/// What one of PostgreSQL's own functions and schemas, which begin with pg_, does to the session.
constexpr session_change change_by_pg_name(std::string_view name) {
    if (starts_with_word(name, "PG_TEMP")) return session_change::undoable;
    if (starts_with_word(name, "PG_ADVISORY_XACT") || starts_with_word(name, "PG_TRY_ADVISORY_XACT"))
        return session_change::none;
    if (starts_with_word(name, "PG_ADVISORY") || starts_with_word(name, "PG_TRY_ADVISORY"))
        return session_change::undoable;
    const auto is_one_of = [name](const auto&... functions) { return (is_sql_word(name, functions) || ...); };
    const bool is_lasting = is_one_of("PG_BACKUP_START", "PG_START_BACKUP", "PG_REPLICATION_ORIGIN_SESSION_SETUP") ||
                            is_one_of("PG_CREATE_LOGICAL_REPLICATION_SLOT", "PG_CREATE_PHYSICAL_REPLICATION_SLOT") ||
                            is_one_of("PG_COPY_LOGICAL_REPLICATION_SLOT", "PG_COPY_PHYSICAL_REPLICATION_SLOT");
    return is_lasting ? session_change::lasting : session_change::none;
}

/// What a statement does to the session in which `name` stands, whatever it is there. This is asked of every word: most
/// are told from the others by one or two bytes.
constexpr session_change change_by_name(std::string_view name) {
    if (name.size() < 4) return session_change::none;
    switch (name[0]) {
        case 'T':
        case 't':
            if (is_sql_word(name, "TEMP") || is_sql_word(name, "TEMPORARY")) return session_change::undoable;
            break;
        case 'S':
        case 's':
            if (is_sql_word(name, "SET_CONFIG") || is_sql_word(name, "SETVAL")) return session_change::undoable;
            if (is_sql_word(name, "SETSEED")) return session_change::lasting;
            break;
        case 'N':
        case 'n':
            if (is_sql_word(name, "NEXTVAL")) return session_change::undoable;
            break;
        case 'D':
        case 'd':
            if (starts_with_word(name, "DBLINK_CONNECT")) return session_change::lasting;
            break;
        case 'P':
        case 'p':
            if (name[2] == '_') return change_by_pg_name(name);
            break;
        default: break;
    }
    return session_change::none;
}

/// Counts statements, finds COPY with the client, the ends of transactions and what changes the session, from the words
/// and symbols outside quotes and comments, and from quoted identifiers.
///
/// A `;` ends a statement unless it stands in parentheses (CREATE RULE ... DO (a; b)) or in the body of a function,
/// BEGIN ATOMIC ... END. Bodies nest by CASE ... END; both words can also be the name of a column after AS or a dot.
class sql_outline {
 public:
    constexpr void word(std::string_view text) {
        const bool is_first = enter();
        const session_change change = awaits_command_ ? change_by_command(text) : change_by_name(text);
        awaits_command_ = false;
        if (change != session_change::none) note_change(change);
        if (is_first) {
            in_create_ = is_sql_word(text, "CREATE");
            in_copy_ = is_sql_word(text, "COPY");
            in_ending_ = is_sql_word(text, "COMMIT") || is_sql_word(text, "END") || is_sql_word(text, "ROLLBACK") ||
                         is_sql_word(text, "ABORT");
            in_prepare_ = is_sql_word(text, "PREPARE");
        } else if (in_copy_) {
            follow_copy(text);
        } else if (in_ending_) {
            if (is_sql_word(text, "TO")) in_ending_ = false;  // a savepoint
        } else if (in_prepare_) {
            in_ending_ = is_sql_word(text, "TRANSACTION");
            in_prepare_ = false;
        } else if (in_create_) {
            follow_body(text);
        }
        previous_ = text;
    }

    constexpr void symbol(char c) {
        previous_ = {};
        if (c == ';' && parentheses_ == 0 && body_ == 0) {
            ends_transaction_ = ends_transaction();
            in_statement_ = in_ending_ = false;
            return;
        }
        enter();
        if (c == '(') ++parentheses_;
        if (c == ')' && parentheses_ > 0) --parentheses_;
        if (c == '.') previous_ = ".";
        if (awaits_command_ && c != '(') expect_no_command();
    }

    /// A string, number or placeholder.
    constexpr void other() {
        enter();
        if (awaits_command_) expect_no_command();
        previous_ = {};
    }

    /// The text between its quotes.
    constexpr void identifier(std::string_view text) {
        note_change(change_by_name(text));
        other();
    }

    /// What follows is not understood.
    constexpr void lose_track() { note_change(session_change::prepared_statements); }

    [[nodiscard]] constexpr std::size_t statements() const { return statements_; }
    [[nodiscard]] constexpr bool is_copy() const { return is_copy_; }
    [[nodiscard]] constexpr bool ends_transaction() const { return ends_transaction_ || in_ending_; }
    [[nodiscard]] constexpr session_change changes() const { return changes_; }

 private:
    /// Whether this is the first token of a statement.
    constexpr bool enter() {
        if (in_statement_) return false;
        in_statement_ = awaits_command_ = true;
        in_create_ = in_copy_ = in_prepare_ = false;
        ++statements_;
        return true;
    }

    constexpr void note_change(session_change change) {
        if (change > changes_) changes_ = change;
    }

    constexpr void expect_no_command() {
        awaits_command_ = false;
        lose_track();
    }

    constexpr void follow_copy(std::string_view text) {
        if (parentheses_ > 0 || !(is_sql_word(previous_, "FROM") || is_sql_word(previous_, "TO"))) return;
        is_copy_ = is_copy_ || is_sql_word(text, "STDIN") || is_sql_word(text, "STDOUT");
    }

    constexpr void follow_body(std::string_view text) {
        if (body_ == 0) {
            if (parentheses_ == 0 && is_sql_word(previous_, "BEGIN") && is_sql_word(text, "ATOMIC")) body_ = 1;
        } else if (previous_ != "." && !is_sql_word(previous_, "AS")) {
            if (is_sql_word(text, "CASE")) ++body_;
            if (is_sql_word(text, "END")) --body_;
        }
    }

    std::string_view previous_;
    std::size_t statements_ = 0;
    std::size_t parentheses_ = 0;
    std::size_t body_ = 0;
    session_change changes_ = session_change::none;
    bool in_statement_ = false;
    bool awaits_command_ = false;  // only parentheses so far
    bool in_create_ = false;
    bool in_copy_ = false;
    bool is_copy_ = false;
    bool in_prepare_ = false;
    bool in_ending_ = false;
    bool ends_transaction_ = false;
};

/// Reads SQL once, from left to right, and calls `on_placeholder(n)` for each placeholder $n.
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
        if (shape_.defect != sql_defect::none) outline_.lose_track();
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
            skip_digits();
            outline_.other();
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

    constexpr void string(bool backslash_escapes) {
        outline_.other();
        do {
            if (!skip_quoted('\'', backslash_escapes)) return fail(sql_defect::open_string);
        } while (skip_to_continuation());
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

/// 64-bit FNV-1a.
constexpr std::uint64_t hash_sql(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

// Declared and never defined. A check that fails calls one of these, which is no constant expression: the compiler
// stops there and its message shows the name.
void sql_is_not_a_string_literal();
void sql_contains_a_nul_byte();
void sql_has_an_unclosed_string_literal();
void sql_has_an_unclosed_quoted_identifier();
void sql_has_an_unclosed_dollar_quote();
void sql_has_an_unclosed_comment();
void sql_placeholders_begin_at_1();
void sql_placeholder_is_above_65535();
void sql_placeholders_do_not_match_the_arguments();
void sql_skips_a_placeholder();
void sql_has_several_statements_use_execute_script();
void sql_script_takes_no_placeholders();
void sql_text_ends_in_a_comment_without_a_newline();

template <std::size_t Size>
consteval std::string_view check_literal(const char (&text)[Size]) {
    if (text[Size - 1] != '\0') sql_is_not_a_string_literal();
    const std::string_view view{text, Size - 1};
    if (view.find('\0') != std::string_view::npos) sql_contains_a_nul_byte();
    return view;
}

consteval void check_defect(sql_defect defect) {
    switch (defect) {
        case sql_defect::none: return;
        case sql_defect::open_string: return sql_has_an_unclosed_string_literal();
        case sql_defect::open_identifier: return sql_has_an_unclosed_quoted_identifier();
        case sql_defect::open_dollar_quote: return sql_has_an_unclosed_dollar_quote();
        case sql_defect::open_comment: return sql_has_an_unclosed_comment();
        case sql_defect::placeholder_zero: return sql_placeholders_begin_at_1();
        case sql_defect::placeholder_too_large: return sql_placeholder_is_above_65535();
    }
}

/// One statement with the placeholders $1..$N.
template <std::size_t N>
consteval sql_shape check_statement(std::string_view text) {
    std::array<bool, N + 1> used{};
    const sql_shape shape = scan_sql(text, [&used](std::size_t n) {
        if (n <= N) used[n] = true;
    });
    check_defect(shape.defect);
    if (shape.statements > 1) sql_has_several_statements_use_execute_script();
    if (shape.highest_placeholder != N) sql_placeholders_do_not_match_the_arguments();
    for (std::size_t n = 1; n <= N; ++n) {
        if (!used[n]) sql_skips_a_placeholder();
    }
    return shape;
}

/// Any number of statements, no placeholder.
consteval sql_shape check_script(std::string_view text) {
    const sql_shape shape = scan_sql(text);
    check_defect(shape.defect);
    if (shape.highest_placeholder != 0) sql_script_takes_no_placeholders();
    return shape;
}

/// The line of a call, as a default argument of consteval constructors. A std::source_location is a class: in a
/// coroutine such an argument would become a part of its frame, and GCC 13 and 14 then take the call for no constant
/// expression.
using call_line = decltype(__builtin_source_location());

/// Text that stays closed whatever is put before and after it.
consteval std::string_view check_fragment(std::string_view text) {
    const sql_shape shape = scan_sql(text);
    check_defect(shape.defect);
    if (shape.ends_in_comment) sql_text_ends_in_a_comment_without_a_newline();
    return text;
}

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
    /// Whether it is COMMIT, END, ROLLBACK but not to a savepoint, ABORT or PREPARE TRANSACTION; of a script: whether one
    /// of its statements is.
    [[nodiscard]] constexpr bool ends_transaction() const noexcept { return ends_transaction_; }
    /// What it may leave behind in the session of the server when its transaction is over, as far as its text tells: not
    /// what a function does within. Of a script: the most that one of its statements may do.
    [[nodiscard]] constexpr session_change changes() const noexcept { return changes_; }
    [[nodiscard]] constexpr bool changes_session() const noexcept { return changes_ != session_change::none; }
    /// 64-bit FNV-1a of the text.
    [[nodiscard]] constexpr std::uint64_t hash() const noexcept { return hash_; }
    /// The line of the call that holds the literal, or that made the `unchecked_sql` or the first `sql::fragment`.
    [[nodiscard]] constexpr std::source_location where() const noexcept { return where_; }

 private:
    template <std::size_t N>
    friend class basic_sql;
    friend class script_sql;

    constexpr sql_view(std::string_view text, detail::sql_shape shape, std::source_location where, bool is_literal)
        : text_{text},
          hash_{detail::hash_sql(text)},
          where_{where},
          is_literal_{is_literal},
          is_copy_{shape.is_copy},
          ends_transaction_{shape.ends_transaction},
          changes_{shape.changes} {}

    std::string_view text_;
    std::uint64_t hash_;
    std::source_location where_;
    bool is_literal_;
    bool is_copy_;
    bool ends_transaction_;
    session_change changes_;
};

// The two classes below hold a view and do not derive from it: clang 16 crashes, or stores out of bounds, where it
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
