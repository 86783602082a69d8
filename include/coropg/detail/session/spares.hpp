// Units that went before, for the next statements to use again: they allocate nothing then.
#pragma once

#include <coropg/detail/session/unit_queue.hpp>

namespace coropg::detail {

class spares {
 public:
    /// One that is clean, if there is one, else a new one.
    unit_ptr make(const call_options& options, std::source_location where, const std::shared_ptr<scope>& within) {
        if (clean_.empty()) return std::make_unique<unit>(options, where, within);
        unit_ptr u = clean_.pop_front();
        u->begin(options, where, within);
        return u;
    }
    /// Keeps `u`, which nobody needs any more, unless there are enough or it holds much memory.
    void keep(unit_ptr&& u) noexcept {
        if (used_.size() + clean_.size() < most && is_small(*u)) used_.push_back(std::move(u));
    }
    /// Cleans what was kept, when there is time for that.
    void clean_up() noexcept {
        while (!used_.empty()) {
            unit_ptr u = used_.pop_front();
            u->clear();
            clean_.push_front(std::move(u));
        }
    }

 private:
    static constexpr std::size_t most = 64;

    /// Whether `u` holds no more memory than is worth keeping for the next statement.
    static bool is_small(const unit& u) noexcept {
        constexpr std::size_t many = 64;
        constexpr std::size_t large_bytes = 16 * 1024;
        if (u.commands.capacity() > many) return false;
        std::size_t bytes = u.parameters.capacity_bytes();
        for (const command& c : u.commands) bytes += PQresultMemorySize(c.answer.native_handle());
        return bytes <= large_bytes;
    }

    unit_queue used_;
    unit_queue clean_;
};

}  // namespace coropg::detail
