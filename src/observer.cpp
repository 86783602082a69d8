#include <coropg/log.hpp>
#include <coropg/observer.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace coropg {

namespace {

constinit std::atomic<observer*> current{nullptr};
constinit std::atomic<std::chrono::microseconds::rep> slow{0};

/// Replaced observers are kept: another thread may be about to call one.
struct kept_observers {
    std::mutex mutex;
    std::vector<std::shared_ptr<observer>> all;
};

}  // namespace

void set_observer(std::shared_ptr<observer> seeing) {
    static auto& kept = *new kept_observers;  // never destroyed: while the program ends, threads still call them
    const std::lock_guard lock{kept.mutex};
    if (seeing) kept.all.push_back(seeing);
    current.store(seeing.get(), std::memory_order_release);
}

void set_slow_query_threshold(std::chrono::microseconds least) { slow.store(least.count(), std::memory_order_relaxed); }

observer* detail::current_observer() noexcept { return current.load(std::memory_order_acquire); }

std::chrono::microseconds detail::slow_query_threshold() noexcept {
    return std::chrono::microseconds{slow.load(std::memory_order_relaxed)};
}

template <class Event>
void detail::notify(void (observer::*member)(const Event&), const Event& event) noexcept {
    observer* const seeing = current_observer();
    if (seeing != nullptr) contain("the observer", [&] { (seeing->*member)(event); });
}

template void detail::notify(void (observer::*)(const connect_event&), const connect_event&) noexcept;
template void detail::notify(void (observer::*)(const query_event&), const query_event&) noexcept;
template void detail::notify(void (observer::*)(const acquire_event&), const acquire_event&) noexcept;
template void detail::notify(void (observer::*)(const transaction_event&), const transaction_event&) noexcept;

}  // namespace coropg
