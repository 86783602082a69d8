#include <coropg/detail/values/mapping.hpp>

#include "in_quotes.hpp"

#include <algorithm>

namespace coropg::detail {

namespace {

/// Whether a column is named after the path: "customer_id" or "customer.id".
bool is_named(const leaf& l, std::string_view column) {
    bool is_first = true;
    for (const std::string_view part : l.path) {
        if (part.empty()) break;
        if (!is_first) {
            if (!column.starts_with('_') && !column.starts_with('.')) return false;
            column.remove_prefix(1);
        }
        if (!column.starts_with(part)) return false;
        column.remove_prefix(part.size());
        is_first = false;
    }
    return column.empty();
}

int find_column(const PGresult* r, const leaf& l) {
    for (int i = 0; i < PQnfields(r); ++i)
        if (is_named(l, PQfname(r, i))) return i;
    return -1;
}

std::string spelled(const leaf& l) {
    std::string name;
    for (const std::string_view part : l.path)
        if (!part.empty()) name.append(name.empty() ? "" : "_").append(part);
    return in_quotes(name);
}

[[noreturn]] void fail_columns(const PGresult* r, std::span<const leaf> leaves, bool lax, std::string_view type) {
    std::string problem;
    for (const leaf& l : leaves)
        if (!l.may_lack && find_column(r, l) < 0) problem += "; no column for member " + spelled(l);
    if (!problem.empty())
        problem += " (what may do without one is named in coropg::columns<...>::optional of its struct)";
    for (int i = 0; i < PQnfields(r) && !lax; ++i) {
        const std::string_view name = PQfname(r, i);
        const auto found = std::ranges::find_if(leaves, [&](const leaf& l) { return is_named(l, name); });
        if (found == leaves.end())
            problem += "; no member for column " + in_quotes(name);
        else if (find_column(r, *found) != i)
            problem += "; column " + in_quotes(name) + " occurs twice";
    }
    throw decode_error{"the columns do not match the members of " + std::string{type} + problem};
}

column column_at(const result& from, int index) {
    const PGresult* const r = from.native_handle();
    return {.index = index,
            .type = like(from.types(), PQftype(r, index)),
            .format = static_cast<format>(PQfformat(r, index))};
}

}  // namespace

void find_columns(const result& from, std::span<const leaf> leaves, std::span<column> columns, bool lax,
                  std::string_view type) {
    const PGresult* const r = from.native_handle();
    const int width = PQnfields(r);
    int found = 0;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        const int same_place = static_cast<int>(i);
        const bool in_place = same_place < width && is_named(leaves[i], PQfname(r, same_place));
        const int index = in_place ? same_place : find_column(r, leaves[i]);
        if (index >= 0) {
            columns[i] = column_at(from, index);
            ++found;
        } else if (!leaves[i].may_lack) {
            fail_columns(r, leaves, lax, type);
        }
    }
    if (found != width && !lax) fail_columns(r, leaves, lax, type);
}

void take_columns(const result& from, std::span<column> columns, std::string_view type) {
    const int width = PQnfields(from.native_handle());
    if (static_cast<std::size_t>(width) != columns.size())
        throw decode_error{"the result has " + std::to_string(width) + " columns, but " + std::string{type} +
                           " takes " + std::to_string(columns.size())};
    for (int i = 0; i < width; ++i) columns[static_cast<std::size_t>(i)] = column_at(from, i);
}

}  // namespace coropg::detail
