// What loggers and observers meet where a program begins and ends.
#include <coropg/log.hpp>
#include <coropg/observer.hpp>

#include <boost/test/unit_test.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

using coropg::detail::log_level;

/// As a static pool of a user's: it is destroyed after what the tests set, and does something then.
struct late {
    late() = default;
    late(const late&) = delete;
    late& operator=(const late&) = delete;
    ~late() {
        coropg::detail::log(log_level::error, "too late");
        if (!coropg::detail::should_log(log_level::error) && coropg::detail::current_observer() == nullptr) return;
        std::fputs("a logger or an observer is used after its end\n", stderr);
        std::_Exit(1);
    }
};
const late last;

/// Asked before anything else has logged, and undone.
const bool logs_without_spdlog = [] {
    const auto before = spdlog::default_logger();
    spdlog::drop_all();
    coropg::detail::log(log_level::error, "to nobody");
    const bool logs = coropg::detail::should_log(log_level::error);
    spdlog::set_default_logger(before);
    coropg::set_logger(before);
    return logs;
}();

}  // namespace

BOOST_AUTO_TEST_SUITE(logging)

BOOST_AUTO_TEST_CASE(without_a_logger_of_spdlog_nothing_is_logged) { BOOST_TEST(!logs_without_spdlog); }

BOOST_AUTO_TEST_CASE(a_logger_that_was_set_is_logged_to) {
    const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
    coropg::set_logger(logger);
    BOOST_TEST(coropg::detail::should_log(log_level::error));
    coropg::set_logger(nullptr);
    BOOST_TEST(!coropg::detail::should_log(log_level::error));
    coropg::set_logger(logger);
    coropg::set_observer(std::make_shared<coropg::observer>());
    BOOST_TEST((coropg::detail::current_observer() != nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
