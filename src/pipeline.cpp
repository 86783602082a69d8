#include <coropg/pipeline.hpp>

namespace coropg::detail {

std::exception_ptr pipeline_scope::settle(unit& u) {
    std::exception_ptr first;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (!slots[i]) continue;
        if (auto problem = slots[i]->settle(u, i); problem && !first) first = std::move(problem);
    }
    try {
        u.throw_failure();  // rather than that others were not executed for it
    } catch (...) {
        return std::current_exception();
    }
    return first;
}

void pipeline_scope::drop_what_nobody_gets(unit& u) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].use_count() > 1 || slots[i]->checks_answer()) continue;
        slots[i].reset();
        u.own(i).is_wanted = false;
    }
}

}  // namespace coropg::detail
