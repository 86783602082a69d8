// Logging through spdlog. spdlog's headers stay out of the public ones; a disabled level costs one load.
#pragma once

#include <exception>
#include <memory>
#include <string_view>
#include <utility>

namespace spdlog {
class logger;
}

namespace coropg {

/// Sends coropg's messages to `logger`; nullptr silences them. Until it is called, warnings and errors go to a logger
/// named "coropg" with the sinks of spdlog's default logger. Parameter values and passwords are never logged.
/// Threads: may be called from any thread.
void set_logger(std::shared_ptr<spdlog::logger> logger);

namespace detail {

enum class log_level : unsigned char { trace, debug, info, warning, error };

[[nodiscard]] bool should_log(log_level level) noexcept;
void log(log_level level, std::string_view message) noexcept;
void log_failure(std::string_view whose, std::string_view what) noexcept;

/// What an exception says; one of the program may say nothing at all.
inline const char* text_of(const std::exception& e) noexcept {
    const char* const text = e.what();
    return text == nullptr ? "" : text;
}

inline constexpr const char* unknown_exception = "an exception that is no std::exception";

/// Calls code of the program's whose failure must not become ours: what it throws is logged as that of `whose`.
template <class Call>
void contain(std::string_view whose, Call&& call) noexcept {
    try {
        std::forward<Call>(call)();
    } catch (const std::exception& e) {
        log_failure(whose, text_of(e));
    } catch (...) {
        log_failure(whose, unknown_exception);
    }
}

}  // namespace detail
}  // namespace coropg
