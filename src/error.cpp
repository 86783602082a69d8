#include <coropg/error.hpp>

#include "attempts.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace coropg {

namespace {

constexpr std::size_t sql_head_bytes = 120;
/// What stands in a message outside of quotes.
constexpr std::string_view of_sentences = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ ,.:;-/()";

std::string head_of(std::string_view sql) {
    std::string head;
    bool blank = false;
    for (const char c : sql) {
        const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (space) {
            blank = !head.empty();
            continue;
        }
        // Stop between characters, never inside a UTF-8 sequence.
        if (head.size() + (blank ? 1U : 0U) >= sql_head_bytes && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
            return head + "...";
        if (blank) head += ' ';
        blank = false;
        head += c;
    }
    return head;
}

/// What the server sends can reach a terminal: its control characters are shown, not obeyed.
std::string printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string shown;
    shown.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
        if (is_control)
            shown.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
        else
            shown += c;
    }
    return shown;
}

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string list(const std::vector<connect_attempt>& attempts) {
    std::string text = "cannot connect";
    if (attempts.empty()) return text + ": no address to try";
    for (const connect_attempt& a : attempts) {
        text += attempts.size() == 1 ? ": " : "\n  ";
        text += detail::place_of(a);
        if (!a.address.empty() && !a.host.empty() && a.address != a.host) text += " (" + a.address + ")";
        text += " port " + a.port + ": " + a.reason;
        text += " [" + std::to_string(a.elapsed.count()) + " ms]";
    }
    return text;
}

bool is_word_of(std::string_view word, std::string_view text) {
    const auto is_part = [text](std::size_t i) {
        return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_');
    };
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        if (!is_part(at - 1) && !is_part(at + word.size())) return true;
    return false;
}

/// Whether all that `message` quotes are words of the statement, as far as that is shown.
bool quotes_words_of(std::string_view shown, std::string_view message) {
    if (message.find_first_not_of(of_sentences) != message.find('"')) return false;
    std::size_t begin = message.find('"');
    while (begin != std::string_view::npos) {
        const std::size_t end = message.find('"', begin + 1);
        if (end == std::string_view::npos) return false;
        const std::string_view word = message.substr(begin + 1, end - begin - 1);
        if (word.empty() || !is_word_of(word, shown)) return false;
        begin = message.find('"', end + 1);
    }
    return true;
}

/// Whether the message is about what the statement was given at run time, as the name of a table in `$1::regclass`. What
/// stands in the statement itself has a position there.
bool is_about_value(const diagnostics& d, const detail::call_site& site) {
    constexpr std::array<std::string_view, 5> classes{"42", "3D", "3F", "34", "58"};
    if (d.sqlstate.starts_with("22")) return true;  // data exceptions show the offending value
    if (d.sqlstate == "42501" || d.position != 0 || (d.internal_position != 0 && d.sqlstate != "42601")) return false;
    const bool takes_values = site.sql.find('$') != std::string::npos;
    const bool was_given = takes_values || (!site.shown.empty() && !quotes_words_of(site.shown, d.message));
    return was_given && std::ranges::find(classes, d.sqlstate.substr(0, 2)) != classes.end();
}

/// The contents of the strings in `sql` that '...' stands for in `shown`.
std::vector<std::string_view> hidden_strings(std::string_view sql, std::string_view shown) {
    constexpr std::string_view mark = "'...'";
    std::vector<std::string_view> strings;
    std::size_t mark_at = shown.find(mark);
    std::size_t at = std::min(mark_at, sql.size());  // before the mark they are the same
    while (mark_at != std::string_view::npos && at < sql.size()) {
        const std::size_t next = mark_at + mark.size();
        mark_at = shown.find(mark, next);
        const std::string_view between = shown.substr(next, mark_at - next);
        const std::size_t end = between.empty() ? sql.size() : std::min(sql.find(between, at + 1), sql.size());
        const std::string_view hidden = sql.substr(at, end - at);
        const std::size_t quote = hidden.front() == '$' ? hidden.find('$', 1) + 1 : 1;
        const bool is_string = hidden.front() == '\'' || hidden.front() == '$';
        if (is_string && hidden.size() > 2 * quote) strings.push_back(hidden.substr(quote, hidden.size() - 2 * quote));
        at = end + between.size();
    }
    return strings;
}

/// Whether `message` quotes one of the strings of a statement that the program composed.
bool quotes_string(std::string_view message, const detail::call_site& site) {
    if (site.shown.empty()) return false;
    const auto is_same = [](char a, char b) {  // names are folded to small letters
        const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        return small(a) == small(b);
    };
    for (const std::string_view value : hidden_strings(site.sql, site.shown)) {
        const auto found = std::ranges::search(message, value, is_same);
        const bool is_quoted = !found.empty() && found.begin() != message.begin() &&
                               of_sentences.find(found.begin()[-1]) == std::string_view::npos;
        if (is_quoted) return true;
    }
    return false;
}

std::string headline(const diagnostics& d, const detail::call_site& site) {
    std::string text = d.severity + " " + (d.sqlstate.empty() ? "(no SQLSTATE)" : d.sqlstate);
    text += ": " + detail::shown_message(d, site);
    if (!d.constraint.empty()) text += " [constraint " + d.constraint + "]";
    if (d.position > 0) text += "; position " + std::to_string(d.position);
    if (!d.hint.empty()) text += "; hint: " + d.hint;
    return text;
}

}  // namespace

// A value is left out here and stays in message(). Which quotes are around it is the language's choice, and in an
// encoding without them the server writes >> or ?.
std::string detail::shown_message(const diagnostics& d, const call_site& site) {
    if (!is_about_value(d, site) && !quotes_string(d.message, site)) return d.message;
    if (d.source_function == "to_ascii_encname") return "...";
    // no quotes are around that of an operator or a function, as in `$1::regoper`
    const bool is_bare = d.source_function.starts_with("regoper") || d.source_function.starts_with("LookupFunc");
    const std::size_t value = is_bare ? d.message.find(' ') + 1 : d.message.find_first_not_of(of_sentences);
    std::string text = d.message.substr(0, value);
    if (value != std::string::npos) text += "...";
    return text;
}

std::string detail::describe(std::string_view text, const call_site* site) {
    std::string out{text};
    if (site == nullptr) return out;
    if (!site->sql.empty()) out += "; statement: " + head_of(site->shown.empty() ? site->sql : site->shown);
    if (site->element != 0) out += "; element " + std::to_string(site->element);
    if (site->where.line() != 0) {
        out += "; at ";
        out += file_name(site->where.file_name());
        out += ':';
        out += std::to_string(site->where.line());
    }
    return out;
}

void detail::tell_as_not_sent(const std::exception_ptr& problem) noexcept try {
    std::rethrow_exception(problem);
} catch (error& e) {
    e.outcome_ = outcome::not_sent;
} catch (...) {
}

error::error(std::string_view text, coropg::outcome became) : std::runtime_error{printable(text)}, outcome_{became} {}

error::error(std::string_view text, detail::call_site site, coropg::outcome became)
    : std::runtime_error{printable(detail::describe(text, &site))},
      site_{std::make_shared<const detail::call_site>(std::move(site))},
      outcome_{became} {}

std::string_view error::sql() const noexcept { return site_ ? std::string_view{site_->sql} : std::string_view{}; }

std::size_t error::element() const noexcept { return site_ ? site_->element : 0; }

std::source_location error::where() const noexcept { return site_ ? site_->where : std::source_location{}; }

connection_error::connection_error(std::vector<connect_attempt> attempts)
    : error{list(attempts)}, attempts_{std::make_shared<const std::vector<connect_attempt>>(std::move(attempts))} {}

const std::vector<connect_attempt>& connection_error::attempts() const noexcept {
    static const std::vector<connect_attempt> none;
    return attempts_ ? *attempts_ : none;
}

bool connection_error::is_transient() const noexcept { return std::ranges::none_of(attempts(), detail::is_lasting); }

pool_timeout::pool_timeout(std::string_view text, pool_snapshot seen, detail::call_site site)
    : error{text, std::move(site)}, snapshot_{std::make_shared<const pool_snapshot>(std::move(seen))} {}

server_error::server_error(diagnostics fields, detail::call_site site, coropg::outcome became)
    : error{headline(fields, site), std::move(site), became},
      fields_{std::make_shared<const diagnostics>(std::move(fields))} {}

bool server_error::is_transient() const noexcept {
    static constexpr std::array<std::string_view, 9> passing{"40001", "40P01", "53300", "57P01", "57P02",
                                                             "57P03", "08000", "08003", "08006"};
    // Of our own prepared statements: "cached plan must not change result type", "prepared statement does not exist"; or
    // of a type that was dropped, of which the next plan knows nothing.
    const bool went_out_of_date =
        (sqlstate() == "0A000" && fields_->source_function == "RevalidateCachedQuery") || sqlstate() == "26000" ||
        (sqlstate() == "XX000" && fields_->message.starts_with("cache lookup failed for type"));
    return went_out_of_date || std::ranges::find(passing, sqlstate()) != passing.end();
}

}  // namespace coropg
