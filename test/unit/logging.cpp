// What loggers and observers meet where a program begins and ends.
#include <coropg/log.hpp>
#include <coropg/observer.hpp>

#include <boost/test/unit_test.hpp>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace {

using coropg::detail::log_level;

/// Ends the program with an error if it is not there as long as somebody may use it.
struct needed {
    ~needed() {
        std::fputs("a logger or an observer has ended too early\n", stderr);
        std::_Exit(1);
    }
};
struct needed_sink : spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg&) override {}
    void flush_() override {}

    needed until_the_end;
};
struct needed_observer : coropg::observer {
    needed until_the_end;
};

/// As a static pool of a user's: it is made before what the tests set, and does something at the end.
struct late {
    late() = default;
    late(const late&) = delete;
    late& operator=(const late&) = delete;
    ~late() {
        coropg::detail::log(log_level::error, "late");
        coropg::set_logger(std::make_shared<spdlog::logger>("late", std::make_shared<needed_sink>()));
        coropg::set_observer(std::make_shared<needed_observer>());
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
    const auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<needed_sink>());
    coropg::set_logger(logger);
    BOOST_TEST(coropg::detail::should_log(log_level::error));
    coropg::set_logger(nullptr);
    BOOST_TEST(!coropg::detail::should_log(log_level::error));
    coropg::set_logger(logger);
    coropg::set_observer(std::make_shared<needed_observer>());
    BOOST_TEST((coropg::detail::current_observer() != nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
