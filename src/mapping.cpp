#include <coropg/detail/finish.hpp>
#include <coropg/detail/mapping.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

int find_column(const PGresult* r, std::string_view name) {
    for (int i = 0; i < PQnfields(r); ++i)
        if (name == PQfname(r, i)) return i;
    return -1;
}

std::string quoted(std::string_view name) {
    std::string text{'"'};
    text += name;
    text += '"';
    return text;
}

}  // namespace

void find_columns(const PGresult* r, std::span<const std::string_view> members, std::span<int> columns,
                  std::string_view type) {
    const auto width = static_cast<std::size_t>(PQnfields(r));
    if (width != members.size()) fail_columns(r, members, type);
    for (std::size_t i = 0; i < members.size(); ++i) {
        const int same_place = static_cast<int>(i);
        columns[i] = members[i] == PQfname(r, same_place) ? same_place : find_column(r, members[i]);
        if (columns[i] < 0) fail_columns(r, members, type);
    }
}

void fail_columns(const PGresult* r, std::span<const std::string_view> members, std::string_view type) {
    std::string problem;
    for (const std::string_view member : members)
        if (find_column(r, member) < 0) problem += "; no column for member " + quoted(member);
    for (int i = 0; i < PQnfields(r); ++i) {
        const std::string_view name = PQfname(r, i);
        if (std::ranges::find(members, name) == members.end())
            problem += "; no member for column " + quoted(name);
        else if (find_column(r, name) != i)
            problem += "; column " + quoted(name) + " occurs twice";
    }
    throw decode_error{"the columns do not match the members of " + std::string{type} + problem};
}

void fail_column_count(const PGresult* r, std::size_t expected, std::string_view type) {
    throw decode_error{"the result has " + std::to_string(PQnfields(r)) + " columns, but " + std::string{type} +
                       " takes " + std::to_string(expected)};
}

void fail_row_count(const unit& u, std::string_view expected, int rows) {
    throw row_count_error{"expected " + std::string{expected} + ", got " + std::to_string(rows), u.site()};
}

}  // namespace coropg::detail
