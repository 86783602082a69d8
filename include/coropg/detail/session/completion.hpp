// The waiter of a unit, as a move-only callable. Handlers of the usual size are kept inline: a statement allocates
// nothing for its waiter.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace coropg::detail {

class unit;
using unit_ptr = std::unique_ptr<unit>;

class completion {
 public:
    completion() = default;

    template <class Handler>
    void emplace(Handler&& handler) {
        reset();
        using stored = std::decay_t<Handler>;
        if constexpr (sizeof(stored) <= sizeof storage_ && alignof(stored) <= alignof(std::max_align_t) &&
                      std::is_nothrow_move_constructible_v<stored>) {
            ::new (static_cast<void*>(storage_)) stored(std::forward<Handler>(handler));
            table_ = &table_of<stored>;
        } else {
            auto boxed = [box = std::make_unique<stored>(std::forward<Handler>(handler))](unit_ptr done) {
                (*box)(std::move(done));
            };
            emplace(std::move(boxed));
        }
    }

    completion(completion&& other) noexcept { take(other); }
    completion& operator=(completion&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~completion() { reset(); }

    explicit operator bool() const noexcept { return table_ != nullptr; }

    /// Calls the handler, once. It may destroy this object, which is empty by then.
    void operator()(unit_ptr&& done) { std::exchange(table_, nullptr)->call(storage_, std::move(done)); }

 private:
    struct table {
        void (*call)(void*, unit_ptr&&);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };

    template <class Stored>
    static constexpr table table_of{
        [](void* self, unit_ptr&& done) {
            Stored handler = std::move(*static_cast<Stored*>(self));
            static_cast<Stored*>(self)->~Stored();
            handler(std::move(done));
        },
        [](void* from, void* to) noexcept {
            ::new (to) Stored(std::move(*static_cast<Stored*>(from)));
            static_cast<Stored*>(from)->~Stored();
        },
        [](void* self) noexcept { static_cast<Stored*>(self)->~Stored(); },
    };

    void take(completion& other) noexcept {
        table_ = std::exchange(other.table_, nullptr);
        if (table_ != nullptr) table_->move(other.storage_, storage_);
    }
    void reset() noexcept {
        if (const table* t = std::exchange(table_, nullptr)) t->destroy(storage_);
    }

    const table* table_ = nullptr;
    alignas(std::max_align_t) std::byte storage_[48];
};

}  // namespace coropg::detail
