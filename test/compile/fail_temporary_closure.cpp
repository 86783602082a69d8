// A temporary closure that owns something, where GCC 12 would destroy it twice.
// only: gcc12
// expect: name this closure first
#include <coropg/detail/closure_guard.hpp>

#include <string>

template <class F>
void transaction(F&&) {
    coropg::detail::require_safe_closure<F>();
}

void use(const std::string& name) {
#ifdef COROPG_MUST_PASS
    const auto work = [name] { return name.size(); };
    transaction(work);
    transaction([&] { return name.size(); });
#else
    transaction([name] { return name.size(); });
#endif
}
