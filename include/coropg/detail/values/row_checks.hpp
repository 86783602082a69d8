// What may be a row that `fetch` returns. What may not is refused by a sentence, before Boost.PFR or a codec meets it.
#pragma once

#include <coropg/detail/values/mapping.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace coropg::detail {

enum class row_problem : unsigned char {
    none,
    unreadable,
    unreadable_member,
    optional_row,
    struct_in_tuple,
    map,
    view,
    not_plain,
    bases,
    c_array,
    too_many_members,
};

/// Is converted to a base class of T, and to nothing else.
template <class T>
struct any_base_of {
    any_base_of(const any_base_of&) = delete;
    template <class Base>
        requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>)
    operator Base() const;
};
/// Is converted to nothing.
struct nothing_at_all {
    nothing_at_all(const nothing_at_all&) = delete;
};
/// Is converted to anything.
struct anything {
    template <class T>
    operator T() const;
};

/// The bases of an aggregate come before its members. What takes `nothing_at_all` takes everything.
template <class T>
concept has_bases =
    requires(any_base_of<T> (&base)()) { T{base()}; } && !requires(nothing_at_all (&nothing)()) { T{nothing()}; };

/// Parentheses make an aggregate member by member. Braces may make an array's elements as if each were a member, and are
/// counted by Boost.PFR.
template <class T, std::size_t... I>
consteval bool has_c_array(std::index_sequence<I...>) {
#ifdef __cpp_aggregate_paren_init
    return requires { T{(static_cast<void>(I), anything{})...}; } &&
           !requires { T((static_cast<void>(I), anything{})...); };
#else
    return false;
#endif
}

inline constexpr std::size_t max_members = 100;  // of Boost.PFR

/// Of a type that no codec reads and that is no struct.
template <class T>
consteval row_problem problem_of_class() {
    if constexpr (requires { typename T::mapped_type; })
        return row_problem::map;
    else if constexpr (std::is_class_v<T> && !std::is_aggregate_v<T>)
        return row_problem::not_plain;
    else
        return row_problem::unreadable;
}

template <class T>
consteval row_problem problem_of_struct();

/// Of a column, or of the columns that a struct takes.
template <class T>
consteval row_problem problem_of_member() {
    if constexpr (scalar<T> || decodable<value_type<T>>)
        return owns_its_memory<value_type<T>>() ? row_problem::none : row_problem::view;
    else if constexpr (std::is_array_v<T>)
        return row_problem::c_array;
    else if constexpr (nested_aggregate<T>)
        return problem_of_struct<value_type<T>>();
    else
        return row_problem::unreadable_member;
}

template <class T, std::size_t... I>
consteval row_problem problem_of_members(std::index_sequence<I...>) {
    row_problem first = row_problem::none;
    (void)((first = problem_of_member<member_t<T, I>>(), first == row_problem::none) && ...);
    return first;
}

template <class T>
consteval row_problem problem_of_struct() {
    if constexpr (has_bases<T>)
        return row_problem::bases;
    else if constexpr (member_count<T> > 1 && has_c_array<T>(std::make_index_sequence<member_count<T>>{}))
        return row_problem::c_array;
    else if constexpr (member_count<T> > max_members)
        return row_problem::too_many_members;
    else
        return problem_of_members<T>(std::make_index_sequence<member_count<T>>{});
}

template <class T, std::size_t... I>
consteval row_problem problem_of_elements(std::index_sequence<I...> all) {
    if constexpr ((nested_aggregate<member_t<T, I>> || ...))
        return row_problem::struct_in_tuple;
    else
        return problem_of_members<T>(all);
}

template <class T>
consteval row_problem problem_of_row() {
    if constexpr (tuple_like<T>)
        return problem_of_elements<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
    else if constexpr (scalar<T>)
        return owns_its_memory<T>() ? row_problem::none : row_problem::view;
    else if constexpr (is_optional<T>)
        return row_problem::optional_row;
    else if constexpr (aggregate<T>)
        return problem_of_struct<T>();
    else
        return problem_of_class<T>();
}

/// What `fetch` can return: a type with a coropg::codec, an optional of one, a tuple, a pair or a plain aggregate, none
/// of them with a view: that would outlive its result. Refuses others, once for each T.
template <class T>
struct fetchable_row {
    static constexpr row_problem problem = problem_of_row<T>();

    static_assert(problem != row_problem::unreadable,
                  "no coropg::codec says how to read this type, and it is no struct that could be a row");
    static_assert(problem != row_problem::unreadable_member,
                  "no coropg::codec says how to read this type of a member of the row");
    static_assert(problem != row_problem::optional_row,
                  "a row is no std::optional of a struct or tuple: ask fetch_optional for the struct itself");
    static_assert(
        problem != row_problem::struct_in_tuple,
        "an element of a tuple or pair is one column: a struct in it needs a coropg::codec, or be the row itself");
    static_assert(
        problem != row_problem::map,
        "a row is no map: fetch a struct with a member for each column, or read the rows of execute() by name");
    static_assert(
        problem != row_problem::view,
        "a row with a view, as std::string_view, would outlive its result: fetch std::string or another type that "
        "owns_its_memory");
    static_assert(
        problem != row_problem::not_plain,
        "a row is a plain struct: no constructors, no private members, no virtual functions; a class with these "
        "needs a coropg::codec, and is one column then");
    static_assert(
        problem != row_problem::bases,
        "a row is a plain struct without base classes: make the base a member, whose columns have its name as "
        "prefix");
    static_assert(problem != row_problem::c_array,
                  "a row has no C arrays: make the member a std::array or std::vector");
    static_assert(problem != row_problem::too_many_members,
                  "a struct for a row has at most 100 members: put some into a struct of their own");

    static constexpr bool is_allowed = problem == row_problem::none;
};

}  // namespace coropg::detail
