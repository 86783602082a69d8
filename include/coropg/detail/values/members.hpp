// The members of a plain aggregate: how many there are, and their names, which the compiler spells out. No macro, no
// base class.
#pragma once

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace coropg::detail {

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;

template <class T>
concept tuple_like = is_tuple<T>;

template <class T>
concept aggregate = std::is_aggregate_v<T> && std::is_class_v<T> && !tuple_like<T>;

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
struct never_defined {
    const T object;
};
/// An object to take the addresses of members of; it does not exist.
template <class T>
extern const never_defined<T> nowhere;

/// clang takes the address of a member as a template argument only inside a class.
template <class Member>
struct member_address {
    const Member* pointer;
};

template <member_address Address>
consteval std::string_view spelled() {
    return __PRETTY_FUNCTION__;
}

/// The name before the last brace: "... {((const int*)(& nowhere<user>.never_defined<user>::object.user::id))} ..."
/// with GCC, "... {&nowhere.object.id}]" with clang.
constexpr std::string_view last_name(std::string_view spelling) {
    const auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               (c & 0x80) != 0;
    };
    std::size_t end = spelling.rfind('}');
    while (end > 0 && !in_name(spelling[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && in_name(spelling[begin - 1])) --begin;
    return spelling.substr(begin, end - begin);
}

template <class T, std::size_t I>
consteval std::string_view member_name() {
    constexpr auto* pointer = &std::get<I>(boost::pfr::structure_tie(nowhere<T>.object));
    using member = std::remove_cvref_t<decltype(*pointer)>;
    return last_name(spelled<member_address<member>{pointer}>());
}

template <class T>
inline constexpr std::size_t member_count = boost::pfr::tuple_size_v<T>;

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class T>
inline constexpr auto member_names = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{member_name<T, I>()...};
}(std::make_index_sequence<member_count<T>>{});

/// The members of an aggregate, the elements of a tuple.
template <class T>
inline constexpr std::size_t width_of = [] {
    if constexpr (tuple_like<T>)
        return std::tuple_size_v<T>;
    else
        return member_count<T>;
}();

template <class T, std::size_t I>
constexpr auto member_type() {
    if constexpr (tuple_like<T>)
        return std::type_identity<std::tuple_element_t<I, T>>{};
    else
        return std::type_identity<boost::pfr::tuple_element_t<I, T>>{};
}
template <class T, std::size_t I>
using member_t = typename decltype(member_type<T, I>())::type;

template <std::size_t I, class T>
constexpr const auto& member(const T& value) {
    if constexpr (tuple_like<T>)
        return std::get<I>(value);
    else
        return boost::pfr::get<I>(value);
}

}  // namespace coropg::detail
