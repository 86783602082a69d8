#include <coropg/pipeline.hpp>

namespace coropg::detail {

std::exception_ptr pipeline_scope::settle(unit& u) {
    std::exception_ptr first;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (!slots_[i]) continue;
        if (auto problem = slots_[i]->settle(u, i); problem && !first) first = std::move(problem);
    }
    try {
        u.throw_failure();  // rather than that others were not executed for it
    } catch (...) {
        return std::current_exception();
    }
    return first;
}

void pipeline_scope::drop_what_nobody_gets(unit& u) {
    for (std::size_t i = 0; i < slots_.size(); ++i)
        if (is_dropped(i)) drop(u, i);
}

}  // namespace coropg::detail
