// Messages of the server that nobody asked for, until the program's handler is called for them: notices.
#pragma once

#include <coropg/detail/session/session_changes.hpp>
#include <coropg/error.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace coropg::detail {

class inbox {
 public:
    /// A notice before the end of a reset belongs to the former user, and is dropped.
    explicit inbox(const session_changes& changes) noexcept : changes_{changes} {}
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;
    ~inbox() { clear(); }

    using handler = std::function<void(const diagnostics&)>;
    /// Has `call` called for each notice, by a delivery.
    void on_notice(handler call) {
        auto next = call ? std::make_shared<handler>(std::move(call)) : nullptr;
        if (!address_) address_ = std::make_shared<address>();
        address_->put(std::move(next));
    }
    [[nodiscard]] bool has_handler() const noexcept { return address_ && address_->handler; }
    /// Forgets the handler, and the notices that have come for it, those of a delivery under way among them.
    void clear() noexcept {
        if (const auto former = std::exchange(address_, nullptr)) former->put(nullptr);
        notices_.clear();
        notices_bytes_ = 0;
    }

    /// Whether a notice that comes now is somebody's.
    [[nodiscard]] bool is_open() const noexcept { return has_handler() && !changes_.is_resetting(); }
    void put(diagnostics&& notice);

 private:
    /// Where deliveries find the handler, which may be replaced or gone by the next notice: by another thread, too.
    struct address {
        std::mutex mutex;
        std::shared_ptr<inbox::handler> handler;  // changed by the session alone, which need not lock it to look

        void put(std::shared_ptr<inbox::handler> next) noexcept {
            const std::lock_guard lock{mutex};
            handler.swap(next);
        }
        [[nodiscard]] std::shared_ptr<inbox::handler> get() noexcept {
            const std::lock_guard lock{mutex};
            return handler;
        }
    };

 public:
    /// Notices with their handler. Call it when the session is not in use: the handler may destroy it.
    class delivery {
     public:
        [[nodiscard]] bool empty() const noexcept { return notices_.empty(); }
        void operator()() const;

     private:
        friend class inbox;

        std::shared_ptr<address> address_;
        std::vector<diagnostics> notices_;
    };
    [[nodiscard]] delivery take() noexcept;

 private:
    /// A blocking verb tells its notices at its end, and a server may talk without end: the rest is dropped.
    static constexpr std::size_t max_bytes = std::size_t{16} << 20U;

    const session_changes& changes_;
    std::shared_ptr<address> address_;
    std::vector<diagnostics> notices_;
    std::size_t notices_bytes_ = 0;  ///< about
};

}  // namespace coropg::detail
