// Messages of the server that nobody asked for, until the program's handler is called for them: notices.
#pragma once

#include <coropg/detail/session/session_changes.hpp>
#include <coropg/error.hpp>

#include <functional>
#include <vector>

namespace coropg::detail {

class inbox {
 public:
    /// A notice before the end of a reset belongs to the former user, and is dropped.
    explicit inbox(const session_changes& changes) noexcept : changes_{changes} {}

    /// Has `handler` called for each notice, by a delivery.
    void on_notice(std::function<void(const diagnostics&)> handler) { handler_ = std::move(handler); }
    [[nodiscard]] bool has_handler() const noexcept { return handler_ != nullptr; }
    /// Without its handler, and without what has come for it.
    void clear() noexcept {
        handler_ = nullptr;
        notices_.clear();
    }

    /// Whether a notice that comes now is somebody's.
    [[nodiscard]] bool is_open() const noexcept { return has_handler() && !changes_.is_resetting(); }
    void put(diagnostics&& notice) { notices_.push_back(std::move(notice)); }
    /// Notices with their handler. Call it when the session is not in use: the handler may destroy it.
    class delivery {
     public:
        [[nodiscard]] bool empty() const noexcept { return notices_.empty(); }
        void operator()() const;

     private:
        friend class inbox;

        std::function<void(const diagnostics&)> handler_;
        std::vector<diagnostics> notices_;
    };
    [[nodiscard]] delivery take();

 private:
    const session_changes& changes_;
    std::function<void(const diagnostics&)> handler_;
    std::vector<diagnostics> notices_;
};

}  // namespace coropg::detail
