#include <coropg/detail/values/mapping.hpp>

#include <coropg/detail/values/pg_types.hpp>
#include <coropg/types/oids.hpp>

#include "advice.hpp"
#include "in_quotes.hpp"

#include <algorithm>

namespace coropg::detail {

namespace {

/// How well a column's name says the path: 0 for "customer.id", which is all of it, one more for each '_' in the place of a
/// dot, as in "customer_id"; -1 for another name.
int distance(const leaf& l, std::string_view column) {
    int underscores = 0;
    bool is_first = true;
    for (const std::string_view part : l.path) {
        if (part.empty()) break;
        if (!is_first) {
            if (!column.starts_with('_') && !column.starts_with('.')) return -1;
            underscores += column.front() == '_' ? 1 : 0;
            column.remove_prefix(1);
        }
        if (!column.starts_with(part)) return -1;
        column.remove_prefix(part.size());
        is_first = false;
    }
    return column.empty() ? underscores : -1;
}

std::string spelled(const leaf& l, char separator = '_') {
    std::string name;
    for (const std::string_view part : l.path)
        if (!part.empty()) name.append(name.empty() ? 0 : 1, separator).append(part);
    return in_quotes(name);
}

/// Which column feeds which leaf, each one at most.
class assignment {
 public:
    assignment(const PGresult* r, std::span<const leaf> leaves)
        : result_{r},
          leaves_{leaves},
          column_of_(leaves.size(), -1),
          leaf_of_(static_cast<std::size_t>(PQnfields(r)), -1) {
        const bool is_nested = std::ranges::any_of(leaves, [](const leaf& l) { return !l.path[1].empty(); });
        for (int each = 0; each < (is_nested ? static_cast<int>(max_depth) : 1); ++each)
            for (std::size_t i = 0; i < leaf_of_.size(); ++i)
                if (leaf_of_[i] < 0) assign(i, each);
    }

    [[nodiscard]] int column_of(std::size_t leaf) const { return column_of_[leaf]; }
    /// Why it does not hold, else "".
    [[nodiscard]] std::string problem(bool lax) const {
        std::string text = ambiguous_;
        for (std::size_t i = 0; i < leaves_.size(); ++i)
            if (!leaves_[i].may_lack && column_of_[i] < 0 && ambiguous_.empty())
                text += "; no column for member " + spelled(leaves_[i]);
        if (!text.empty() && ambiguous_.empty())
            text += " (what may do without one is named in coropg::columns<...>::optional of its struct)";
        for (std::size_t i = 0; i < leaf_of_.size() && !lax && ambiguous_.empty(); ++i) {
            if (leaf_of_[i] >= 0) continue;
            const bool is_second = std::ranges::any_of(leaves_, [&](const leaf& l) { return of(l, i) >= 0; });
            text += (is_second ? "; column " : "; no member for column ") + in_quotes(name(i)) +
                    (is_second ? " occurs twice" : "");
            if (!is_second) text += json_advice(static_cast<int>(i));
        }
        return text;
    }

 private:
    /// A struct takes columns, not the members of a document.
    [[nodiscard]] std::string json_advice(int column) const {
        const oid type = PQftype(result_, column);
        const bool is_json = type == oids::json || type == oids::jsonb;
        return is_json ? " (" + builtin_type_name(type) + ": " + std::string{advice_for_json()} + ")" : std::string{};
    }
    [[nodiscard]] std::string_view name(std::size_t column) const { return PQfname(result_, static_cast<int>(column)); }
    [[nodiscard]] int of(const leaf& l, std::size_t column) const { return distance(l, name(column)); }

    /// Gives the column to the leaf of that distance, unless it is another one's by a better name.
    void assign(std::size_t column, int wanted) {
        int found = -1;
        for (std::size_t i = 0; i < leaves_.size(); ++i) {
            const int d = of(leaves_[i], column);
            if (d < 0 || d > wanted) continue;
            if (d < wanted) return;  // that leaf has a column of this name
            if (column_of_[i] >= 0) continue;
            if (found >= 0) {
                ambiguous_ += "; column " + in_quotes(name(column)) + " may be that of two members: call it " +
                              spelled(leaves_[static_cast<std::size_t>(found)], '.') + " or " +
                              spelled(leaves_[i], '.');
                return;
            }
            found = static_cast<int>(i);
        }
        if (found < 0) return;
        leaf_of_[column] = found;
        column_of_[static_cast<std::size_t>(found)] = static_cast<int>(column);
    }

    const PGresult* result_;
    std::span<const leaf> leaves_;
    std::vector<int> column_of_;
    std::vector<int> leaf_of_;
    std::string ambiguous_;
};

/// Whether each column stands where its leaf does, and can be no other one's.
bool are_in_place(const PGresult* r, std::span<const leaf> leaves) {
    if (static_cast<std::size_t>(PQnfields(r)) != leaves.size()) return false;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        const std::string_view name = PQfname(r, static_cast<int>(i));
        const int d = distance(leaves[i], name);
        if (d < 0) return false;
        if (d > 0 && std::ranges::count_if(leaves, [name](const leaf& l) { return distance(l, name) >= 0; }) > 1)
            return false;
    }
    return true;
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
    if (are_in_place(r, leaves)) {
        for (std::size_t i = 0; i < leaves.size(); ++i) columns[i] = column_at(from, static_cast<int>(i));
        return;
    }
    const assignment found{r, leaves};
    if (const std::string problem = found.problem(lax); !problem.empty())
        throw decode_error{"the columns do not match the members of " + std::string{type} + problem};
    for (std::size_t i = 0; i < leaves.size(); ++i)
        if (const int index = found.column_of(i); index >= 0) columns[i] = column_at(from, index);
}

bool has_columns(const result& from, std::span<const leaf> leaves, bool lax) {
    return assignment{from.native_handle(), leaves}.problem(lax).empty();
}

void take_columns(const result& from, std::span<column> columns, std::string_view type) {
    const int width = PQnfields(from.native_handle());
    if (static_cast<std::size_t>(width) != columns.size())
        throw decode_error{"the result has " + std::to_string(width) + " columns, but " + std::string{type} +
                           " takes " + std::to_string(columns.size())};
    for (int i = 0; i < width; ++i) columns[static_cast<std::size_t>(i)] = column_at(from, i);
}

}  // namespace coropg::detail
