// Logging through spdlog. spdlog's headers stay out of the public ones; a disabled level costs one load.
#pragma once

#include <memory>
#include <string_view>

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

}  // namespace detail
}  // namespace coropg
