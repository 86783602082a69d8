#include <coropg/detail/session/session_changes.hpp>

#include "../support/dice.hpp"

#include <boost/test/unit_test.hpp>

using namespace coropg;
using namespace coropg::test;
using detail::session_changes;

BOOST_AUTO_TEST_SUITE(changes_of_a_session)

BOOST_AUTO_TEST_CASE(a_new_session_is_clean) {
    const session_changes c;
    BOOST_TEST((!c.is_dirty() && !c.is_lasting() && !c.loses_kept() && !c.is_resetting()));
}

BOOST_AUTO_TEST_CASE(the_first_change_is_told_apart_from_those_behind_it) {
    session_changes c;
    BOOST_TEST(!c.note(session_change::none));
    BOOST_TEST(!c.is_dirty());
    BOOST_TEST(c.note(session_change::undoable));
    BOOST_TEST(c.is_dirty());
    BOOST_TEST(!c.note(session_change::prepared_statements));
}

BOOST_AUTO_TEST_CASE(the_greatest_change_is_what_has_to_be_undone) {
    session_changes c;
    c.note(session_change::undoable);
    c.note(session_change::prepared_statements);
    c.note(session_change::undoable);
    BOOST_TEST(!c.is_lasting());
    BOOST_TEST((c.begin_reset() == session_change::prepared_statements));
    BOOST_TEST((!c.is_dirty() && c.begin_reset() == session_change::none));
}

BOOST_AUTO_TEST_CASE(some_changes_are_lasting) {
    session_changes c;
    c.note(session_change::lasting);
    c.note(session_change::undoable);
    BOOST_TEST(c.is_lasting());
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_clean_until_something_else_changes) {
    session_changes c;
    c.note(session_change::undoable);
    BOOST_TEST(!c.loses_kept());
    c.keep();
    BOOST_TEST((!c.is_dirty() && !c.loses_kept()));
    c.keep();
    c.note(session_change::undoable);
    BOOST_TEST(c.loses_kept());
}

BOOST_AUTO_TEST_CASE(to_keep_nothing_is_nothing) {
    session_changes c;
    c.keep();
    c.note(session_change::undoable);
    BOOST_TEST(!c.loses_kept());
}

BOOST_AUTO_TEST_CASE(it_is_resetting_until_all_resets_have_ended) {
    session_changes c;
    c.begin_reset();
    c.begin_reset();
    c.end_reset();
    BOOST_TEST(c.is_resetting());
    c.end_reset();
    BOOST_TEST(!c.is_resetting());
}

BOOST_AUTO_TEST_CASE(random_schedules_of_changes_keep_their_promises) {
    run_schedules(20'000, [](dice& roll) {
        session_changes c;
        session_change worst = session_change::none;  // since it was clean
        bool is_kept = false;
        std::size_t resets = 0;
        for (int left = 30; left > 0; --left) {
            switch (roll(4)) {
                case 0: {
                    const auto change = static_cast<session_change>(roll(4));
                    const bool is_first = worst == session_change::none && change != session_change::none;
                    check_that(c.note(change) == is_first, "the first change is told");
                    worst = std::max(worst, change);
                    break;
                }
                case 1:
                    c.keep();
                    is_kept = is_kept || worst != session_change::none;
                    worst = session_change::none;
                    break;
                case 2:
                    check_that(c.begin_reset() == worst, "a reset undoes what was changed");
                    worst = session_change::none;
                    ++resets;
                    break;
                default:
                    if (resets == 0) break;
                    c.end_reset();
                    --resets;
            }
            check_that(c.is_dirty() == (worst != session_change::none), "dirty when changed");
            check_that(c.is_lasting() == (worst == session_change::lasting), "lasting when so changed");
            check_that(c.loses_kept() == (is_kept && c.is_dirty()), "what is kept can be lost");
            check_that(c.is_resetting() == (resets > 0), "resetting while a reset is under way");
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
