// Keeps users away from a defect of GCC 12: it destroys a temporary closure twice inside a co_await expression when the
// closure owns something. Every function that takes a callable and returns something to await calls this first.
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

}  // namespace coropg::detail
