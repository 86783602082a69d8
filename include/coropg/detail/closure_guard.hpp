// Keeps users away from a defect of GCC 12: inside a co_await expression it destroys a temporary closure or aggregate
// twice when that owns something. Every function that takes a callable or arguments, and returns something to await,
// calls one of these first.
// test/compile/pass_gcc12_coroutines.cpp shows the forms that are safe.
#pragma once

#include <type_traits>

namespace coropg::detail {

/// Refuses to compile with GCC 12 when F, deduced from a parameter `F&&`, is a temporary that is not trivially
/// destructible. A closure that captures by reference, or only trivial values, passes; so does one with a name.
template <class F>
consteval void require_safe_closure() {
#if defined(__GNUC__) && __GNUC__ == 12 && !defined(__clang__)
    static_assert(std::is_lvalue_reference_v<F> || std::is_trivially_destructible_v<std::remove_reference_t<F>>,
                  "name this closure first (auto work = [...] {...};) and pass the name: GCC 12 destroys such a "
                  "temporary twice inside a co_await expression");
#endif
}

/// The same for T, deduced from a parameter `T&&`, if that is an aggregate. A class with constructors passes: strings,
/// containers, optionals, tuples.
template <class T>
consteval void require_safe_argument() {
#if defined(__GNUC__) && __GNUC__ == 12 && !defined(__clang__)
    static_assert(
        std::is_lvalue_reference_v<T> || !std::is_aggregate_v<T> || std::is_trivially_destructible_v<T>,
        "name this argument first (const item first{...};) and pass the name: GCC 12 destroys such a temporary "
        "aggregate twice inside a co_await expression");
#endif
}

}  // namespace coropg::detail
