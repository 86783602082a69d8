// The delays of retry, and which errors it is for.
#include <coropg/backoff.hpp>
#include <coropg/errors.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace coropg;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(backoff)

namespace {

const std::chrono::steady_clock::time_point now{};

server_error with_code(std::string code) {
    diagnostics fields;
    fields.sqlstate = std::move(code);
    return {std::move(fields), {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(delays_grow_up_to_a_limit) {
    detail::backoff waits{{.max_attempts = 6, .initial_delay = 100ms, .multiplier = 3, .max_delay = 1000ms}};
    for (const auto delay : {100ms, 300ms, 900ms, 1000ms, 1000ms}) BOOST_TEST((waits.next(now, 0) == delay));
    BOOST_TEST(!waits.next(now, 0).has_value());
    BOOST_TEST(waits.attempts() == 6);
}

BOOST_AUTO_TEST_CASE(jitter_takes_a_part_of_the_delay) {
    const retry_policy policy{.initial_delay = 100ms, .jitter = 0.5};
    BOOST_TEST((detail::backoff{policy}.next(now, 0) == 100ms));
    BOOST_TEST((detail::backoff{policy}.next(now, 1) == 50ms));
    for (int i = 0; i < 1000; ++i) {
        const auto delay = detail::backoff{policy}.next();
        BOOST_TEST((delay >= 50ms && delay <= 100ms));
    }
}

BOOST_AUTO_TEST_CASE(no_attempt_begins_after_the_deadline) {
    detail::backoff waits{{.initial_delay = 100ms, .jitter = 0, .deadline = now + 250ms}};
    BOOST_TEST(waits.next(now, 0).has_value());
    BOOST_TEST(!waits.next(now + 100ms, 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_policy_that_makes_no_sense_is_refused) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const retry_policy& policy :
         {retry_policy{.max_attempts = 0}, retry_policy{.initial_delay = -1ms}, retry_policy{.multiplier = -2},
          retry_policy{.multiplier = nan}, retry_policy{.max_delay = -1ms}, retry_policy{.jitter = 1.5},
          retry_policy{.jitter = -0.1}, retry_policy{.jitter = nan}})
        BOOST_CHECK_THROW(detail::backoff{policy}, usage_error);
}

BOOST_AUTO_TEST_CASE(times_of_any_length_do_not_overflow) {
    using std::chrono::milliseconds;
    for (const deadline end :
         {deadline{milliseconds::max()}, deadline{24h * 365 * 400}, deadline{std::chrono::years{250}},
          deadline{std::chrono::duration<double>{1e300}}, deadline{}})
        BOOST_TEST((end.at() == std::chrono::steady_clock::time_point::max()));
    for (const deadline past : {deadline{milliseconds::min()}, deadline{-24h * 365 * 400}, deadline{-1ns},
                                deadline{std::chrono::duration<double>{-1e300}}})
        BOOST_TEST((past.at() < std::chrono::steady_clock::now()));
    detail::backoff patient{{.max_attempts = 4,
                             .initial_delay = milliseconds::max(),
                             .multiplier = 1e300,
                             .max_delay = milliseconds::max(),
                             .jitter = 0,
                             .deadline = std::chrono::years{400}}};
    for (int i = 0; i < 3; ++i) BOOST_TEST((patient.next() == 24h * 365));
    detail::backoff late{{.deadline = std::chrono::steady_clock::time_point::min()}};
    BOOST_TEST(!late.next().has_value());
}

BOOST_AUTO_TEST_CASE(only_what_certainly_has_no_effect_is_tried_again) {
    BOOST_TEST(is_safe_to_retry(with_code("40001")));
    BOOST_TEST(is_safe_to_retry(with_code("40P01")));
    BOOST_TEST(!is_safe_to_retry(with_code("23505")));
    BOOST_TEST(is_safe_to_retry(connection_error{"lost", {}, outcome::not_executed}));
    BOOST_TEST(!is_safe_to_retry(connection_error{"lost", {}, outcome::unknown}));
    BOOST_TEST(!is_safe_to_retry(commit_in_doubt{"lost"}));
    BOOST_TEST(!is_safe_to_retry(query_timeout{"late", {}, outcome::failed}));
    BOOST_TEST(!is_safe_to_retry(usage_error{"no"}));
}

BOOST_AUTO_TEST_SUITE_END()
