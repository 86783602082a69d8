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
    if constexpr (requires { columns<T>::renamed; }) {
        for (const auto& [member, column] : columns<T>::renamed)
            if (member == member_names<T>[I]) return column;
    }
    return member_names<T>[I];
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
