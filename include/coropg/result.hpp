// The result of a statement: `result` owns the rows, `row` and `value` are views into it.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/pq.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>

namespace coropg {

/// One value of a row. Lifetime: a view into the result.
class value {
 public:
    explicit value(detail::field_place place) : place_{place} {}

    [[nodiscard]] bool is_null() const noexcept { return PQgetisnull(place_.result, place_.row, place_.column) != 0; }

    /// The value as a T; `std::optional<T>` holds NULL. Views (`std::string_view`) live as long as the result.
    /// Errors: null_error, decode_error, both naming the column.
    template <class T>
    [[nodiscard]] T as() const {
        static_assert(detail::decodable<detail::value_type<T>>, "no coropg::codec says how to read this type");
        const field f = raw();
        if (is_null()) return detail::null_value<T>(f);
        if (!detail::reads_column<detail::value_type<T>>(f)) [[unlikely]]
            f.mismatch<detail::value_type<T>>();
        return codec<detail::value_type<T>>::decode(f);
    }

    /// The bytes as the server sent them.
    [[nodiscard]] field raw() const noexcept {
        const auto [result, row, column, types] = place_;
        return {{PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))},
                detail::like(types, PQftype(result, column)),
                static_cast<format>(PQfformat(result, column)),
                place_};
    }

 private:
    detail::field_place place_;
};

/// One row. Lifetime: a view into the result.
class row {
 public:
    row(const PGresult* result, int index, const detail::type_catalog* types)
        : result_{result}, types_{types}, index_{index} {}

    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(PQnfields(result_)); }
    /// Errors: usage_error when there is no such column.
    [[nodiscard]] value operator[](std::size_t column) const;
    /// The column of exactly this name (the first one, if several have it). Errors: usage_error when there is none.
    [[nodiscard]] value operator[](std::string_view column) const;

 private:
    const PGresult* result_;
    const detail::type_catalog* types_;
    int index_;
};

/// The rows and the command tag of one statement; owns their memory.
class result {
 public:
    result() = default;
    explicit result(detail::pq::result handle, std::shared_ptr<const detail::type_catalog> types = nullptr)
        : handle_{std::move(handle)}, types_{std::move(types)} {}

    /// The server's command tag, "INSERT 0 1" for instance.
    [[nodiscard]] std::string_view command_tag() const noexcept;
    /// Rows that the statement inserted, updated, deleted, selected or moved; 0 for others.
    [[nodiscard]] std::uint64_t affected_rows() const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(PQntuples(handle_.get())); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t columns() const noexcept { return static_cast<std::size_t>(PQnfields(handle_.get())); }
    /// Errors: usage_error when there is no such column.
    [[nodiscard]] std::string_view column_name(std::size_t column) const;
    /// Errors: usage_error when there is no such column.
    [[nodiscard]] oid column_type(std::size_t column) const;

    /// Errors: usage_error when there is no such row.
    [[nodiscard]] row operator[](std::size_t index) const;

    class iterator {
     public:
        using iterator_category = std::input_iterator_tag;
        using value_type = row;
        using difference_type = std::ptrdiff_t;

        iterator() = default;
        iterator(const PGresult* result, int index, const detail::type_catalog* types)
            : result_{result}, types_{types}, index_{index} {}
        row operator*() const { return {result_, index_, types_}; }
        iterator& operator++() {
            ++index_;
            return *this;
        }
        iterator operator++(int) {
            iterator before = *this;
            ++index_;
            return before;
        }
        bool operator==(const iterator&) const = default;

     private:
        const PGresult* result_ = nullptr;
        const detail::type_catalog* types_ = nullptr;
        int index_ = 0;
    };

    [[nodiscard]] iterator begin() const noexcept { return {handle_.get(), 0, types_.get()}; }
    [[nodiscard]] iterator end() const noexcept { return {handle_.get(), PQntuples(handle_.get()), types_.get()}; }

    [[nodiscard]] const PGresult* native_handle() const noexcept { return handle_.get(); }
    /// The known types that are not built in; may be null.
    [[nodiscard]] const detail::type_catalog* types() const noexcept { return types_.get(); }
    void know(std::shared_ptr<const detail::type_catalog> types) noexcept { types_ = std::move(types); }

 private:
    detail::pq::result handle_;
    std::shared_ptr<const detail::type_catalog> types_;
};

}  // namespace coropg
