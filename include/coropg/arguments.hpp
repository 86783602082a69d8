// Parameters whose number is known as the program runs: `arguments` takes values one by one and gives a placeholder for
// each, so that SQL and parameters grow together.
#pragma once

#include <coropg/detail/values/params.hpp>
#include <coropg/sql.hpp>

#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace coropg {

/// The parameters of one statement:
///
///     coropg::arguments given;
///     auto query = sql::text("SELECT name FROM users WHERE true");
///     if (age) query = query + sql::text(" AND age > ") + given.bind(*age);
///     auto names = co_await conn.fetch<std::string>(query, given);
///
/// It owns its values, encoded: nothing refers to what was bound. It can be copied, and used for any number of
/// statements, on any connection. Errors of the verbs that take it: usage_error, before anything is sent, unless it holds
/// as many values as the statement's highest placeholder says.
/// Threads: any number of readers, or one that binds.
class arguments {
 public:
    arguments() noexcept = default;
    arguments(const arguments&) = default;
    arguments& operator=(const arguments&) = default;
    arguments(arguments&& other) noexcept
        : values_{std::exchange(other.values_, {})}, count_{std::exchange(other.count_, 0)} {}
    arguments& operator=(arguments&& other) noexcept {
        std::swap(values_, other.values_);
        std::swap(count_, other.count_);
        return *this;
    }
    ~arguments() = default;

    /// Takes a value, as a verb would take it as an argument, and returns its placeholder. After an error it is as before.
    /// Errors: usage_error when the value cannot be sent.
    template <class T>
    sql::fragment bind(const T& value, std::source_location where = std::source_location::current()) {
        detail::params one;
        try {
            one.add(value);
        } catch (const usage_error& e) {
            throw usage_error{e.what(), {"", where}};
        }
        return append(one, where);
    }

    /// How many values it holds.
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    /// Appends its values to those of a statement. Errors: usage_error when they do not fit the placeholders of `sql`.
    void give(detail::params& to, const sql_view& sql) const;

 private:
    sql::fragment append(const detail::params& one, std::source_location where);

    detail::params values_;
    std::size_t count_ = 0;
};

namespace detail {

/// What stands for one placeholder, which `arguments` do not.
template <class T>
inline constexpr bool is_value = !std::is_same_v<std::remove_cvref_t<T>, arguments>;

template <class... Args>
std::size_t count_of(const Args&...) noexcept {
    return sizeof...(Args);
}
inline std::size_t count_of(const arguments& given) noexcept { return given.size(); }

/// Appends the arguments of a call to the parameters of its statement. Errors: usage_error.
template <class... Args>
void encode(params& to, const sql_view& /*sql*/, const Args&... args) {
    (to.add(args), ...);
}
inline void encode(params& to, const sql_view& sql, const arguments& given) { given.give(to, sql); }

}  // namespace detail
}  // namespace coropg
