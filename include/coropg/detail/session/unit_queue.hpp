// A FIFO of units that is linked through them: queueing allocates nothing.
#pragma once

#include <coropg/detail/session/unit.hpp>

namespace coropg::detail {

class unit_queue {
 public:
    unit_queue() = default;
    unit_queue(unit_queue&& other) noexcept { swap(other); }
    unit_queue& operator=(unit_queue&& other) noexcept {
        swap(other);
        return *this;
    }
    ~unit_queue() {
        while (!empty()) pop_front();
    }

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] unit& front() const noexcept { return *first_; }
    [[nodiscard]] unit& back() const noexcept { return *last_; }

    void push_back(unit_ptr&& u) noexcept {
        unit* const added = u.release();
        added->next_ = nullptr;
        (first_ == nullptr ? first_ : last_->next_) = added;
        last_ = added;
        ++size_;
    }

    void push_front(unit_ptr&& u) noexcept {
        unit* const added = u.release();
        added->next_ = first_;
        first_ = added;
        if (last_ == nullptr) last_ = added;
        ++size_;
    }

    unit_ptr pop_front() noexcept {
        unit* const taken = first_;
        first_ = taken->next_;
        if (first_ == nullptr) last_ = nullptr;
        --size_;
        return unit_ptr{taken};
    }

    void append(unit_queue&& other) noexcept {
        while (!other.empty()) push_back(other.pop_front());
    }

    template <class Visitor>
    void for_each(Visitor&& visit) const {
        for (unit* u = first_; u != nullptr; u = u->next_) visit(*u);
    }

    /// Takes the units out for which `pred` is true.
    template <class Predicate>
    unit_queue extract_if(Predicate&& pred) {
        unit_queue all = std::move(*this);
        unit_queue taken;
        while (!all.empty()) {
            unit_ptr u = all.pop_front();
            unit_queue& place = pred(*u) ? taken : *this;
            place.push_back(std::move(u));
        }
        return taken;
    }

 private:
    void swap(unit_queue& other) noexcept {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
        std::swap(size_, other.size_);
    }

    unit* first_ = nullptr;
    unit* last_ = nullptr;
    std::size_t size_ = 0;
};

/// Whether one of these could leave a transaction open, as BEGIN does.
inline bool may_begin_by_hand(const unit_queue& sent) {
    bool may_be = false;
    sent.for_each([&may_be](const unit& u) {
        may_be = may_be || (!u.within && u.is_for == purpose::statements && u.changes != session_change::none);
    });
    return may_be;
}

/// Whether one of these could alter types, or what their names mean.
inline bool may_alter_types(const unit_queue& sent) {
    bool may_be = false;
    sent.for_each([&may_be](const unit& u) { may_be = may_be || u.alters != name_change::none; });
    return may_be;
}

}  // namespace coropg::detail
