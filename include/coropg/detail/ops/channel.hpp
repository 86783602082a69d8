// A bounded queue between a caller and the op that works for it: the op waits for what the caller supplies as it waits
// for a socket. It belongs to the executor of its connection.
#pragma once

#include <coropg/detail/ops/op.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace coropg::detail {

template <class T>
class channel final : public awaited {
 public:
    /// `capacity` items at most wait in it; at least one.
    explicit channel(std::size_t capacity) noexcept : capacity_{capacity == 0 ? 1 : capacity} {}

    [[nodiscard]] bool has_room() const noexcept { return !is_closed_ && items_.size() < capacity_; }
    /// Puts `item` behind the others. False, and nothing is taken, if there is no room.
    bool push(T&& item) {
        if (!has_room()) return false;
        items_.push_back(std::move(item));
        return true;
    }
    /// No more comes; what waits in it can still be taken.
    void close() noexcept { is_closed_ = true; }

    /// The next item; nothing if none is there.
    std::optional<T> pop() {
        if (items_.empty()) return std::nullopt;
        std::optional<T> item{std::move(items_.front())};
        items_.pop_front();
        return item;
    }
    /// Whether all has been taken and no more comes.
    [[nodiscard]] bool has_ended() const noexcept { return is_closed_ && items_.empty(); }
    /// Whether who takes from it has something to do: an item, or the end.
    [[nodiscard]] bool is_ready() const noexcept override { return is_closed_ || !items_.empty(); }

 private:
    std::size_t capacity_;
    std::deque<T> items_;
    bool is_closed_ = false;
};

}  // namespace coropg::detail
