// What a program says of the names of a struct's members, where they are columns of a row or attributes of a composite.
#pragma once

#include <coropg/detail/values/members.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace coropg {

/// Specialise this to say how the members of an aggregate meet the columns of a row, and the attributes of a composite
/// if it has such a codec, all of it optional:
///
///     template <> struct coropg::columns<user> {
///         static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"id", "user_id"}};
///         static constexpr std::string_view optional[]{"nickname"};  // keep their default without a column
///         static constexpr bool lax = true;                          // columns without a member are ignored
///     };
template <class T>
struct columns {};

}  // namespace coropg

namespace coropg::detail {

template <class T, std::size_t I>
consteval bool reads_initialised() {
    T object;
    [[maybe_unused]] const auto copy = boost::pfr::get<I>(object);
    return true;
}
/// Whether member I is initialised by the aggregate itself: reading what is not is no constant expression. Only numbers
/// and enums tell; members of class type are always initialised by their class.
template <class T, std::size_t I>
concept initialised_scalar =
    std::is_scalar_v<member_t<T, I>> && requires { typename std::bool_constant<reads_initialised<T, I>()>; };

template <class T>
constexpr bool has_member(std::string_view name) {
    for (const std::string_view member : member_names<T>)
        if (member == name) return true;
    return false;
}

template <class T>
constexpr std::string_view column_of(std::string_view name) {
    if constexpr (requires { columns<T>::renamed; }) {
        for (const auto& [member, column] : columns<T>::renamed)
            if (member == name) return column;
    }
    return name;
}

template <class T>
consteval bool renames_members() {
    if constexpr (requires { columns<T>::renamed; }) {
        for (const auto& [member, column] : columns<T>::renamed)
            if (!has_member<T>(member)) return false;
    }
    return true;
}

template <class T>
consteval bool leaves_out_members() {
    if constexpr (requires { columns<T>::optional; }) {
        for (const std::string_view name : columns<T>::optional)
            if (!has_member<T>(name)) return false;
    }
    return true;
}

/// Only what is renamed can have the column of another member.
template <class T>
consteval bool has_a_column_for_each() {
    if constexpr (requires { columns<T>::renamed; }) {
        for (const auto& [member, column] : columns<T>::renamed) {
            if (column_of<T>(member) != column) return false;
            int members = 0;
            for (const std::string_view each : member_names<T>) members += column_of<T>(each) == column ? 1 : 0;
            if (members > 1) return false;
        }
    }
    return true;
}

/// A name that is misspelt would be none at all. Once for each T.
template <class T>
struct right_columns {
    static_assert(renames_members<T>(), "coropg::columns<...>::renamed names a member that the struct does not have");
    static_assert(leaves_out_members<T>(),
                  "coropg::columns<...>::optional names a member that the struct does not have");
    static_assert(has_a_column_for_each<T>(),
                  "coropg::columns<...>::renamed gives a member two columns, or two members the same one");
    static constexpr bool are = true;
};

template <class T, std::size_t I>
consteval bool may_lack_column() {
    if constexpr (requires { columns<T>::optional; }) {
        for (const std::string_view name : columns<T>::optional)
            if (name == member_names<T>[I]) return true;
    }
    return initialised_scalar<T, I>;
}

template <class T, std::size_t I>
consteval std::string_view column_name() {
    static_assert(right_columns<T>::are);
    return column_of<T>(member_names<T>[I]);
}

template <class T>
consteval bool is_lax() {
    if constexpr (requires { columns<T>::lax; })
        return columns<T>::lax;
    else
        return false;
}

/// What the aggregate itself gives member I. Out of line: the initialisers may run any code.
template <class T, std::size_t I>
[[gnu::noinline]] member_t<T, I> initial_member() {
    return boost::pfr::get<I>(T{});
}

}  // namespace coropg::detail
