// Checks of a literal while the program compiles, with the messages of the compiler.
#pragma once

#include <coropg/detail/sql/scanner.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace coropg::detail {

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

/// One statement with any placeholders.
consteval sql_shape check_any_statement(std::string_view text) {
    const sql_shape shape = scan_sql(text);
    check_defect(shape.defect);
    if (shape.statements > 1) sql_has_several_statements_use_execute_script();
    return shape;
}

/// Any number of statements, no placeholder.
consteval sql_shape check_script(std::string_view text) {
    const sql_shape shape = scan_sql(text);
    check_defect(shape.defect);
    if (shape.highest_placeholder != 0) sql_script_takes_no_placeholders();
    return shape;
}

/// Text that stays closed whatever is put before and after it.
consteval std::string_view check_fragment(std::string_view text) {
    const sql_shape shape = scan_sql(text);
    check_defect(shape.defect);
    if (shape.ends_in_comment) sql_text_ends_in_a_comment_without_a_newline();
    return text;
}

}  // namespace coropg::detail
