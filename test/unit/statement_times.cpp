// What a pool knows of the time that statements take.
#include <coropg/detail/pool/statement_times.hpp>

#include <boost/test/unit_test.hpp>

using namespace coropg::detail;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(statement_times_of_a_pool)

BOOST_AUTO_TEST_CASE(a_statement_is_not_known_until_it_has_ended) {
    statement_times times;
    BOOST_TEST((times.expected(0) == unknown_time));
    BOOST_TEST((times.expected(7) == unknown_time));
    times.note(7, 3ms, false);
    BOOST_TEST((times.expected(7) == 3ms));
    times.note(8, 0ms, false);
    BOOST_TEST((times.expected(8) == 1us));
}

BOOST_AUTO_TEST_CASE(a_slow_one_is_remembered_at_once_and_forgotten_slowly) {
    statement_times times;
    times.note(7, 1ms, false);
    times.note(7, 801ms, false);
    BOOST_TEST((times.expected(7) == 801ms));
    times.note(7, 1ms, false);
    BOOST_TEST((times.expected(7) == 701ms));
    for (int i = 0; i < 100; ++i) times.note(7, 1ms, false);
    BOOST_TEST((times.expected(7) < 2ms));
}

BOOST_AUTO_TEST_CASE(one_that_was_cut_short_is_no_proof_that_it_is_short) {
    statement_times times;
    times.note(7, 1ms, true);
    BOOST_TEST((times.expected(7) == unknown_time));
    times.note(7, 5ms, false);
    times.note(7, 1ms, true);
    BOOST_TEST((times.expected(7) == 5ms));
    times.note(7, 50ms, true);
    BOOST_TEST((times.expected(7) == 50ms));
}

BOOST_AUTO_TEST_CASE(of_two_texts_in_one_place_the_later_is_known) {
    statement_times times;
    times.note(1, 1ms, false);
    times.note(1025, 2ms, false);
    BOOST_TEST((times.expected(1) == unknown_time));
    BOOST_TEST((times.expected(1025) == 2ms));
}

BOOST_AUTO_TEST_CASE(no_time_is_longer_than_that_of_one_which_is_not_known) {
    statement_times times;
    times.note(7, 1000h, false);
    BOOST_TEST((times.expected(7) == unknown_time));
}

BOOST_AUTO_TEST_SUITE_END()
