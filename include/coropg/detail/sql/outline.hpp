// The effects of a statement, as far as its words tell: whether it is COPY with the client, ends its transaction, or
// changes the session of the server. The scanner feeds it words and symbols.
#pragma once

#include <cstddef>
#include <string_view>

namespace coropg {

/// What a statement may leave behind in the session of the server when its transaction is over; each includes those
/// before it.
enum class session_change : unsigned char {
    none,
    undoable,             ///< settings, roles, cursors, locks, temporary tables and the like
    prepared_statements,  ///< what was prepared by hand is gone or there, and whatever else the text does not tell
    lasting,              ///< a library, a link to another server: gone with the connection only
};

namespace detail {

/// What the names of types may mean behind a statement, or the types be.
enum class name_change : unsigned char {
    none,
    meaning,  ///< with another search_path, or a new type
    types,    ///< altered or dropped ones, too
};

/// Whether `word` is the keyword `upper`, in any case of ASCII letters. An array, for the compiler counts the letters
/// of a string literal one by one to make a view of it, at each call.
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

/// The change to the session by a statement that begins with `word`.
constexpr session_change change_by_command(std::string_view word) {
    if (is_plain_command(word)) return session_change::none;
    if (is_undoable_command(word)) return session_change::undoable;
    return is_sql_word(word, "LOAD") ? session_change::lasting : session_change::prepared_statements;
}

/// The change to the session by one of PostgreSQL's own functions and schemas, which begin with pg_.
constexpr session_change change_by_pg_name(std::string_view name) {
    if (starts_with_word(name, "PG_TEMP")) return session_change::undoable;
    if (starts_with_word(name, "PG_ADVISORY_XACT") || starts_with_word(name, "PG_TRY_ADVISORY_XACT"))
        return session_change::none;
    if (starts_with_word(name, "PG_ADVISORY") || starts_with_word(name, "PG_TRY_ADVISORY"))
        return session_change::undoable;
    if (is_sql_word(name, "PG_SETTINGS")) return session_change::undoable;  // UPDATE sets
    const auto is_one_of = [name](const auto&... functions) { return (is_sql_word(name, functions) || ...); };
    const bool is_lasting = is_one_of("PG_BACKUP_START", "PG_START_BACKUP", "PG_REPLICATION_ORIGIN_SESSION_SETUP") ||
                            is_one_of("PG_CREATE_LOGICAL_REPLICATION_SLOT", "PG_CREATE_PHYSICAL_REPLICATION_SLOT") ||
                            is_one_of("PG_COPY_LOGICAL_REPLICATION_SLOT", "PG_COPY_PHYSICAL_REPLICATION_SLOT");
    return is_lasting ? session_change::lasting : session_change::none;
}

/// The change to the session by a statement that contains `name`, in any role. This is asked of every word: most
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

/// Whether a command that begins with `word` commits on its way, or may.
constexpr bool is_committing_command(std::string_view word) {
    const auto is_one_of = [word](const auto&... commands) { return (is_sql_word(word, commands) || ...); };
    return is_one_of("CALL", "DO", "VACUUM", "REINDEX", "CLUSTER", "ANALYZE", "ANALYSE");
}

/// Whether CREATE, ALTER or DROP of `kind` is about types: of what has one, or holds some.
constexpr bool is_of_types(std::string_view kind) {
    const auto is_one_of = [kind](const auto&... kinds) { return (is_sql_word(kind, kinds) || ...); };
    return is_one_of("TYPE", "DOMAIN", "TABLE", "VIEW", "SCHEMA", "EXTENSION", "OWNED");
}

/// Whether SET or RESET of `name` sets the search_path, or a name in it.
constexpr bool is_of_path(std::string_view name) {
    const auto is_one_of = [name](const auto&... names) { return (is_sql_word(name, names) || ...); };
    return is_one_of("SEARCH_PATH", "SCHEMA", "ROLE", "AUTHORIZATION", "ALL");
}

/// Whether CREATE, ALTER or DROP of `kind` is no part of a transaction.
constexpr bool is_of_cluster(std::string_view kind) {
    const auto is_one_of = [kind](const auto&... kinds) { return (is_sql_word(kind, kinds) || ...); };
    return is_one_of("DATABASE", "TABLESPACE", "SUBSCRIPTION", "SYSTEM");
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
            in_definition_ = in_create_ || is_sql_word(text, "ALTER") || is_sql_word(text, "DROP");
            in_copy_ = is_sql_word(text, "COPY");
            in_ending_ = is_sql_word(text, "COMMIT") || is_sql_word(text, "END") || is_sql_word(text, "ROLLBACK") ||
                         is_sql_word(text, "ABORT");
            in_prepare_ = is_sql_word(text, "PREPARE");
            in_set_ = is_sql_word(text, "SET") || is_sql_word(text, "RESET");
            in_query_ = is_sql_word(text, "SELECT") || is_sql_word(text, "WITH");
            saves_ = saves_ || is_sql_word(text, "SAVEPOINT");
            if (is_sql_word(text, "DO") || is_sql_word(text, "DISCARD")) note_names(name_change::types);
            commits_midway_ = commits_midway_ || is_committing_command(text);
        } else if (in_copy_) {
            follow_copy(text);
        } else if (in_ending_) {
            if (is_sql_word(text, "TO")) in_ending_ = false;  // a savepoint
            if (is_sql_word(text, "CHAIN") && !is_sql_word(previous_, "NO")) chains_ = true;
        } else if (in_prepare_) {
            in_ending_ = is_sql_word(text, "TRANSACTION");
            commits_ = commits_ || in_ending_;  // outside of a block the server commits, and tags it ROLLBACK
            in_prepare_ = false;
        } else if (in_definition_) {
            follow_definition(text);
        } else if (in_set_) {
            if (is_of_path(text)) note_names(name_change::meaning);
        } else if (in_query_ && is_sql_word(text, "INTO")) {
            const bool is_of_rows = is_sql_word(previous_, "INSERT") || is_sql_word(previous_, "MERGE");
            if (!is_of_rows) note_names(name_change::meaning);  // a new table
        }
        if (change == session_change::undoable) note_setting(text);
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
        if (in_set_ && is_of_path(text)) note_names(name_change::meaning);
        note_setting(text);
        other();
    }

    /// The rest is not understood.
    constexpr void lose_track() {
        note_change(session_change::prepared_statements);
        note_names(name_change::types);
    }

    [[nodiscard]] constexpr std::size_t statements() const { return statements_; }
    [[nodiscard]] constexpr bool is_copy() const { return is_copy_; }
    [[nodiscard]] constexpr bool ends_transaction() const { return ends_transaction_ || in_ending_; }
    /// Whether one that ends also begins the next.
    [[nodiscard]] constexpr bool chains() const { return chains_; }
    /// Whether one is not undone when another that shares its Sync fails.
    [[nodiscard]] constexpr bool commits() const { return commits_ || commits_midway_; }
    /// Whether one may have stored something even if it fails itself.
    [[nodiscard]] constexpr bool commits_midway() const { return commits_midway_; }
    /// Whether one is SAVEPOINT: what was done before it in its transaction can be kept when another fails.
    [[nodiscard]] constexpr bool saves() const { return saves_; }
    [[nodiscard]] constexpr session_change changes() const { return changes_; }
    [[nodiscard]] constexpr name_change names() const { return names_; }

 private:
    /// Whether this is the first token of a statement.
    constexpr bool enter() {
        if (in_statement_) return false;
        in_statement_ = awaits_command_ = true;
        in_create_ = in_definition_ = in_copy_ = in_prepare_ = in_set_ = in_query_ = false;
        ++statements_;
        return true;
    }

    constexpr void note_change(session_change change) {
        if (change > changes_) changes_ = change;
    }

    constexpr void note_names(name_change change) {
        if (change > names_) names_ = change;
    }

    /// A function or view that sets settings sets the search_path, too.
    constexpr void note_setting(std::string_view name) {
        if (is_sql_word(name, "SET_CONFIG") || is_sql_word(name, "PG_SETTINGS")) note_names(name_change::meaning);
    }

    constexpr void expect_no_command() {
        awaits_command_ = false;
        lose_track();
    }

    constexpr void follow_copy(std::string_view text) {
        if (parentheses_ > 0 || !(is_sql_word(previous_, "FROM") || is_sql_word(previous_, "TO"))) return;
        is_copy_ = is_copy_ || is_sql_word(text, "STDIN") || is_sql_word(text, "STDOUT");
    }

    /// Of CREATE, ALTER and DROP.
    constexpr void follow_definition(std::string_view text) {
        if (is_sql_word(text, "CONCURRENTLY")) commits_midway_ = true;
        const auto is_first_of = [this](const auto&... commands) { return (is_sql_word(previous_, commands) || ...); };
        if (is_first_of("CREATE", "ALTER", "DROP")) commits_ = commits_ || is_of_cluster(text);
        if (is_of_types(text)) note_names(in_create_ ? name_change::meaning : name_change::types);
        if (in_create_) follow_body(text);
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
    name_change names_ = name_change::none;
    bool in_statement_ = false;
    bool awaits_command_ = false;  // only parentheses so far
    bool in_create_ = false;
    bool in_copy_ = false;
    bool is_copy_ = false;
    bool in_prepare_ = false;
    bool in_ending_ = false;
    bool ends_transaction_ = false;
    bool chains_ = false;
    bool in_definition_ = false;
    bool in_set_ = false;
    bool in_query_ = false;
    bool saves_ = false;
    bool commits_ = false;
    bool commits_midway_ = false;
};

}  // namespace detail
}  // namespace coropg
