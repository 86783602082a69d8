#include <coropg/log.hpp>

#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace coropg {

namespace {

spdlog::level::level_enum to_spdlog(detail::log_level level) {
    switch (level) {
        case detail::log_level::trace: return spdlog::level::trace;
        case detail::log_level::debug: return spdlog::level::debug;
        case detail::log_level::info: return spdlog::level::info;
        case detail::log_level::warning: return spdlog::level::warn;
        case detail::log_level::error: return spdlog::level::err;
    }
    return spdlog::level::off;
}

/// Replaced loggers are kept until exit: another thread may be in the middle of a message.
class log_target {
 public:
    spdlog::logger* get() {
        spdlog::logger* const known = current_.load(std::memory_order_acquire);
        if (known != nullptr || silent_.load(std::memory_order_acquire)) return known;
        const std::lock_guard lock{mutex_};
        if (current_.load() == nullptr && !silent_.load()) adopt(make_default());
        return current_.load();
    }

    void set(std::shared_ptr<spdlog::logger> logger) {
        const std::lock_guard lock{mutex_};
        silent_.store(logger == nullptr, std::memory_order_release);
        adopt(std::move(logger));
    }

 private:
    static std::shared_ptr<spdlog::logger> make_default() {
        if (auto named = spdlog::get("coropg")) return named;
        auto made = spdlog::default_logger()->clone("coropg");
        made->set_level(spdlog::level::warn);
        return made;
    }

    void adopt(std::shared_ptr<spdlog::logger> logger) {
        current_.store(logger.get(), std::memory_order_release);
        if (logger) kept_.push_back(std::move(logger));
    }

    std::mutex mutex_;
    std::vector<std::shared_ptr<spdlog::logger>> kept_;
    std::atomic<spdlog::logger*> current_{nullptr};
    std::atomic<bool> silent_{false};
};

log_target& target() {
    static log_target instance;
    return instance;
}

}  // namespace

void set_logger(std::shared_ptr<spdlog::logger> logger) { target().set(std::move(logger)); }

bool detail::should_log(log_level level) noexcept {
    const spdlog::logger* logger = target().get();
    return logger != nullptr && logger->should_log(to_spdlog(level));
}

void detail::log(log_level level, std::string_view message) noexcept try {
    if (spdlog::logger* logger = target().get()) logger->log(to_spdlog(level), message);
} catch (...) {  // by a sink; spdlog has reported it, if it is a std::exception
}

void detail::log_failure(std::string_view whose, std::string_view what) noexcept try {
    log(log_level::error, std::string{whose}.append(" failed: ").append(what));
} catch (...) {  // out of memory: the line is lost
}

}  // namespace coropg
