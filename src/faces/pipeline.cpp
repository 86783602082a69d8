#include <coropg/pipeline.hpp>

#include <algorithm>

namespace coropg::detail {

void pipeline_scope::answer(unit& u, std::size_t index) noexcept {
    if (next_ >= slots_.size() || slots_[next_].index != index)
        next_ = static_cast<std::size_t>(std::ranges::lower_bound(slots_, index, {}, &numbered_slot::index) -
                                         slots_.begin());
    slots_[next_++].place->read(u, index);
}

std::exception_ptr pipeline_scope::complete(unit& u) {
    std::exception_ptr first;
    for (const auto& [index, place] : slots_)
        if (auto problem = place->complete(u, index); problem && !first) first = std::move(problem);
    try {
        u.throw_failure();  // rather than that others were not executed for it
    } catch (...) {
        return std::current_exception();
    }
    return first;
}

void pipeline_scope::drop_what_nobody_gets(unit& u) {
    std::erase_if(slots_, [&u](const numbered_slot& s) { return drop(u, s); });
}

bool pipeline_scope::drop(unit& u, const numbered_slot& slot) {
    if (slot.place.use_count() > 1 || slot.place->checks_answer()) return false;
    u.own(slot.index).is_wanted = false;
    return true;
}

}  // namespace coropg::detail
