#include <coropg/sql.hpp>

#include <coropg/error.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace coropg {

namespace {

// NAMEDATALEN - 1 of every server that was not built with another value.
constexpr std::size_t max_name_bytes = 63;

// The length of the well-formed UTF-8 sequence at the start of `text`, which is not empty; 0 when it is malformed
// (overlong forms, surrogates and what lies above U+10FFFF included).
// Source: The Unicode Standard, table 3-7 "Well-Formed UTF-8 Byte Sequences".
std::size_t utf8_length(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < length) return 0;
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return 0;
    }
    return length;
}

// A half character before a quote would swallow it on the server and let the rest out as SQL (CVE-2025-1094).
void require_utf8(std::string_view text, const char* what, std::source_location where) {
    const auto refuse = [&](const char* why) {
        std::string message{what};
        throw usage_error{message += why, {"", where}};
    };
    while (!text.empty()) {
        if (text.front() == '\0') refuse(" contains a NUL byte");
        const std::size_t length = utf8_length(text);
        if (length == 0) refuse(" is not valid UTF-8");
        text.remove_prefix(length);
    }
}

void append_doubling(std::string& out, std::string_view text, std::string_view doubled) {
    for (const char c : text) {
        if (doubled.find(c) != std::string_view::npos) out += c;
        out += c;
    }
}

void append_name(std::string& out, std::string_view name, std::source_location where) {
    if (name.empty()) throw usage_error{"sql::identifier: a name is empty", {"", where}};
    if (name.size() > max_name_bytes) {
        std::string message{"sql::identifier: a name of "};
        message += std::to_string(name.size());
        message += " bytes is longer than ";
        message += std::to_string(max_name_bytes);
        throw usage_error{message, {"", where}};
    }
    require_utf8(name, "sql::identifier: a name", where);
    out += '"';
    append_doubling(out, name, "\"");
    out += '"';
}

// The shortest digits that read back as the same value. Typed and quoted: a bare 1 would be an integer, a bare -1 would
// make a comment of the minus before it, and infinities have no other form.
template <class T>
std::string float_text(T value, std::string_view type) {
    std::string out{"'"};
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "Infinity" : "-Infinity";
    } else {
        std::array<char, 32> digits{};
        out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
    }
    out += "'::";
    out += type;
    return out;
}

// Whether the last byte of one piece and the first of the next would make another token of the two.
bool would_fuse(char end, char begin) {
    if (detail::is_sql_digit(end) && detail::is_sql_digit(begin)) return true;
    if (end == '/' && begin == '*') return true;
    return end == begin && std::string_view{"'\"-$"}.find(end) != std::string_view::npos;
}

sql::fragment vouch(std::string text, std::source_location where) {
    return sql::fragment{unchecked_sql{std::move(text), where}};
}

}  // namespace

unchecked_sql::unchecked_sql(std::string text, std::source_location where) : text_{std::move(text)}, where_{where} {
    if (text_.find('\0') != std::string::npos) throw usage_error{"the SQL contains a NUL byte", {"", where_}};
}

sql_view::sql_view(const unchecked_sql& text)
    : sql_view{text.text(), detail::scan_sql(text.text()), text.where(), false} {}

sql_view::sql_view(const sql::fragment& text)
    : sql_view{text.text(), detail::scan_sql(text.text()), text.where(), false} {}

namespace {

/// Told of the values in a text, copies what is between them.
struct value_hider {
    std::string_view sql;
    std::string* shown;
    std::size_t* seen;

    void operator()(std::size_t) const {}
    void value(std::string_view text) const {
        const auto begin = static_cast<std::size_t>(text.data() - sql.data());
        shown->append(sql.substr(*seen, begin - *seen)).append("'...'");
        *seen = begin + text.size();
    }
};

}  // namespace

std::string detail::without_values(std::string_view sql) {
    std::string shown;
    std::size_t seen = 0;
    const sql_shape shape = scan_sql(sql, value_hider{sql, &shown, &seen});
    if (shape.defect != sql_defect::none) return shown + "...";  // the rest may be a value
    return shown.append(sql.substr(seen));
}

namespace sql {

fragment& fragment::operator+=(const fragment& right) {
    if (!text_.empty() && !right.text_.empty() && would_fuse(text_.back(), right.text_.front())) text_ += ' ';
    text_ += right.text_;
    return *this;
}

fragment text(text_literal literal) { return vouch(std::string{literal.text()}, literal.where()); }

// As PQescapeLiteral does: E'...' is read alike whatever standard_conforming_strings says, and the blank before it
// keeps it apart from a word.
fragment literal(std::string_view value, std::source_location where) {
    require_utf8(value, "sql::literal: a string", where);
    const bool escaped = value.find('\\') != std::string_view::npos;
    std::string out = escaped ? " E'" : "'";
    append_doubling(out, value, "'\\");
    out += '\'';
    return vouch(std::move(out), where);
}

fragment literal(std::nullptr_t, std::source_location where) { return vouch("NULL", where); }

fragment literal(std::nullopt_t, std::source_location where) { return vouch("NULL", where); }

fragment detail::quote_name(std::initializer_list<std::string_view> parts, std::source_location where) {
    std::string out;
    for (const std::string_view part : parts) {
        if (!out.empty()) out += '.';
        append_name(out, part, where);
    }
    return vouch(std::move(out), where);
}

fragment detail::write_number(long long value, std::source_location where) {
    // The server reads a minus sign as an operator, so the digits of the smallest would not fit its int8.
    const bool smallest = value == std::numeric_limits<long long>::min();
    std::string out;
    if (value < 0) out += smallest ? "'" : "(";
    out += std::to_string(value);
    if (value < 0) out += smallest ? "'::int8" : ")";
    return vouch(std::move(out), where);
}

fragment detail::write_number(unsigned long long value, std::source_location where) {
    return vouch(std::to_string(value), where);
}

fragment detail::write_number(float value, std::source_location where) {
    return vouch(float_text(value, "float4"), where);
}

fragment detail::write_number(double value, std::source_location where) {
    return vouch(float_text(value, "float8"), where);
}

}  // namespace sql
}  // namespace coropg
