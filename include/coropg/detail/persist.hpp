// What has to be done even when there is no memory for it.
#pragma once

#include <coropg/log.hpp>

#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace coropg::detail {

/// Does `work`, which changes nothing when it throws, and again until there is memory for it. For what somebody would
/// wait for without an end if it were not done, as a waiter for being told.
template <class Work>
void persist(Work&& work) noexcept {
    for (;;) {
        try {
            return std::forward<Work>(work)();
        } catch (const std::bad_alloc&) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        } catch (const std::exception& e) {
            return log_failure("an executor", text_of(e));
        } catch (...) {
            return log_failure("an executor", unknown_exception);
        }
    }
}

}  // namespace coropg::detail
