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

constinit std::atomic<spdlog::logger*> current{nullptr};
constinit std::atomic<bool> is_silent{false};

/// Replaced loggers are kept: another thread may be in the middle of a message.
class kept_loggers {
 public:
    void set(std::shared_ptr<spdlog::logger> logger) {
        const std::lock_guard lock{mutex_};
        adopt(std::move(logger));
    }
    void set_default() {
        const std::lock_guard lock{mutex_};
        if (current.load() == nullptr && !is_silent.load()) adopt(make_default());
    }

 private:
    /// Null once spdlog was shut down.
    static std::shared_ptr<spdlog::logger> make_default() {
        if (auto named = spdlog::get("coropg")) return named;
        const auto like = spdlog::default_logger();
        if (like == nullptr) return nullptr;
        auto made = like->clone("coropg");
        made->set_level(spdlog::level::warn);
        return made;
    }

    void adopt(std::shared_ptr<spdlog::logger> logger) {
        if (logger) kept_.push_back(logger);
        is_silent.store(logger == nullptr, std::memory_order_release);
        current.store(logger.get(), std::memory_order_release);
    }

    std::mutex mutex_;
    std::vector<std::shared_ptr<spdlog::logger>> kept_;
};

/// Never destroyed: while the program ends, threads and static objects still log.
kept_loggers& kept() {
    static auto& instance = *new kept_loggers;
    return instance;
}

/// Null when nothing is to be logged.
spdlog::logger* logger() {
    if (current.load(std::memory_order_acquire) == nullptr && !is_silent.load(std::memory_order_acquire))
        kept().set_default();
    return current.load(std::memory_order_acquire);
}

}  // namespace

void set_logger(std::shared_ptr<spdlog::logger> logger) { kept().set(std::move(logger)); }

bool detail::should_log(log_level level) noexcept try {
    const spdlog::logger* const target = logger();
    return target != nullptr && target->should_log(to_spdlog(level));
} catch (...) {  // out of memory for the default logger
    return false;
}

void detail::log(log_level level, std::string_view message) noexcept try {
    if (spdlog::logger* const target = logger()) target->log(to_spdlog(level), message);
} catch (...) {  // by a sink; spdlog has reported it, if it is a std::exception
}

void detail::log_failure(std::string_view whose, std::string_view what) noexcept try {
    log(log_level::error, std::string{whose}.append(" failed: ").append(what));
} catch (...) {  // out of memory: the line is lost
}

}  // namespace coropg
