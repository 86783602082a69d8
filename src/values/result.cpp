#include <coropg/result.hpp>

#include <charconv>

namespace coropg {

namespace {

void require_column(const PGresult* result, std::size_t column) {
    if (column < static_cast<std::size_t>(PQnfields(result))) return;
    throw usage_error{"column " + std::to_string(column) + " of a result with " + std::to_string(PQnfields(result))};
}

}  // namespace

value row::operator[](std::size_t column) const {
    require_column(result_, column);
    return value{{result_, index_, static_cast<int>(column), types_}};
}

value row::operator[](std::string_view column) const {
    for (int i = 0; i < PQnfields(result_); ++i)
        if (column == PQfname(result_, i)) return value{{result_, index_, i, types_}};
    throw usage_error{"the result has no column \"" + std::string{column} + "\""};
}

std::string_view result::command_tag() const noexcept {
    // libpq's signature lacks a const; the call only reads.
    return handle_ ? PQcmdStatus(handle_.get()) : "";
}

std::uint64_t result::affected_rows() const noexcept {
    if (!handle_) return 0;
    const std::string_view digits = PQcmdTuples(handle_.get());
    std::uint64_t rows = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), rows);
    return rows;
}

std::string_view result::column_name(std::size_t column) const {
    require_column(handle_.get(), column);
    return PQfname(handle_.get(), static_cast<int>(column));
}

oid result::column_type(std::size_t column) const {
    require_column(handle_.get(), column);
    return PQftype(handle_.get(), static_cast<int>(column));
}

row result::operator[](std::size_t index) const {
    if (index >= size())
        throw usage_error{"row " + std::to_string(index) + " of a result with " + std::to_string(size())};
    return {handle_.get(), static_cast<int>(index), types_.get()};
}

}  // namespace coropg
