#include <coropg/log.hpp>
#include <coropg/observer.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace coropg {

namespace {

std::atomic<observer*> current{nullptr};
std::atomic<std::chrono::microseconds::rep> slow{0};

}  // namespace

void set_observer(std::shared_ptr<observer> seeing) {
    static std::mutex mutex;
    static std::vector<std::shared_ptr<observer>> kept;
    const std::lock_guard lock{mutex};
    current.store(seeing.get(), std::memory_order_release);
    if (seeing) kept.push_back(std::move(seeing));
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
