// Which scopes take statements, and whether a transaction is begun, without a server.
#include <coropg/detail/session/transaction_state.hpp>
#include <coropg/error.hpp>

#include "../support/dice.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>
#include <vector>

using namespace coropg;
using namespace coropg::detail;
using namespace coropg::test;

namespace {

std::shared_ptr<scope> begin(transaction_state& t, const std::shared_ptr<scope>& outer = nullptr) {
    return t.begin(outer, {outer ? "SET LOCAL a = 1" : "BEGIN"}, true);
}
/// Sends the opening of `s` and of those around it.
void open(transaction_state& t, scope& s) {
    for (scope* each = &s; each != nullptr && each->reached == scope::progress::fresh; each = each->outer.get())
        each->reached = scope::progress::open;
    t.open(*s.root());
}
bool says(const char* refusal, std::string_view part) {
    return refusal != nullptr && std::string_view{refusal}.find(part) != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_of_transactions)

BOOST_AUTO_TEST_CASE(without_a_transaction_statements_are_for_the_connection) {
    const transaction_state t;
    BOOST_TEST((t.current() == nullptr && !t.is_open() && !t.is_beginning() && !t.is_by_hand()));
    BOOST_TEST(t.refusal(purpose::statements, nullptr) == nullptr);
}

BOOST_AUTO_TEST_CASE(an_open_transaction_takes_its_own_statements_only) {
    transaction_state t;
    const auto tx = begin(t);
    BOOST_TEST(tx->finds_transaction_id);
    BOOST_TEST((tx->opening == std::vector<std::string>{"BEGIN"}));
    BOOST_TEST(t.refusal(purpose::statements, tx.get()) == nullptr);
    BOOST_TEST(says(t.refusal(purpose::statements, nullptr), "run the statement on the transaction"));
    BOOST_TEST(t.refusal(purpose::farewell, nullptr) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_savepoint_takes_the_statements_until_it_is_left) {
    transaction_state t;
    const auto tx = begin(t);
    const auto inner = begin(t, tx);
    BOOST_TEST((inner->outer == tx));
    BOOST_TEST((inner->opening == std::vector<std::string>{"SAVEPOINT coropg_1", "SET LOCAL a = 1"}));
    BOOST_TEST((begin(t, inner)->opening.front() == "SAVEPOINT coropg_2"));
    t.leave(*t.current());
    BOOST_TEST(says(t.refusal(purpose::statements, tx.get()), "run the statement on that one"));
    BOOST_TEST(t.refusal(purpose::statements, inner.get()) == nullptr);
    t.leave(*inner);
    BOOST_TEST((t.current() == tx && inner->ended && !tx->ended));
    BOOST_TEST(says(t.refusal(purpose::statements, inner.get()), "has ended"));
    BOOST_TEST(t.refusal(purpose::statements, tx.get()) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_rollback_is_taken_for_a_scope_with_others_within) {
    transaction_state t;
    const auto tx = begin(t);
    const auto inner = begin(t, tx);
    BOOST_TEST(t.refusal(purpose::rollback, tx.get()) == nullptr);
    BOOST_TEST(says(t.refusal(purpose::commit, tx.get()), "another transaction is open within"));
    t.leave(*tx);
    BOOST_TEST((inner->ended && tx->ended && t.current() == nullptr));
    BOOST_TEST(says(t.refusal(purpose::rollback, tx.get()), "has ended"));
}

BOOST_AUTO_TEST_CASE(the_number_of_a_transaction_is_asked_for_whatever_is_open) {
    transaction_state t;
    const auto tx = begin(t);
    begin(t, tx);
    BOOST_TEST(t.refusal(purpose::transaction_id, tx.get()) == nullptr);
}

BOOST_AUTO_TEST_CASE(only_within_the_innermost_another_one_begins) {
    transaction_state t;
    const auto tx = begin(t);
    BOOST_CHECK_THROW(begin(t), usage_error);
    const auto inner = begin(t, tx);
    BOOST_CHECK_THROW(begin(t, tx), usage_error);
    t.leave(*inner);
    BOOST_CHECK_THROW(begin(t, inner), usage_error);
    BOOST_TEST((t.current() == tx));
}

BOOST_AUTO_TEST_CASE(nothing_may_run_between_begin_and_its_answer) {
    transaction_state t;
    const auto tx = begin(t);
    BOOST_TEST((!t.is_open() && !t.is_beginning()));
    tx->reached = scope::progress::open;
    BOOST_TEST(t.open(*tx));
    BOOST_TEST((t.is_open() && t.is_beginning()));
    BOOST_TEST(!t.open(*tx));
    t.answered(*tx, purpose::statements, true);
    BOOST_TEST((t.is_open() && !t.is_beginning()));
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_unit_without_an_opening_is_not_that_of_begin) {
    transaction_state t;
    const auto tx = begin(t);
    open(t, *tx);
    t.answered(*tx, purpose::statements, false);
    BOOST_TEST(t.is_beginning());
}

BOOST_AUTO_TEST_CASE(a_begin_that_was_refused_leaves_no_transaction) {
    transaction_state t;
    const auto tx = begin(t);
    open(t, *tx);
    tx->reached = scope::progress::failed_to_open;
    t.answered(*tx, purpose::statements, true);
    BOOST_TEST((!t.is_open() && !t.is_beginning()));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_savepoint_does_not_end_its_transaction) {
    transaction_state t;
    const auto tx = begin(t);
    const auto inner = begin(t, tx);
    open(t, *inner);
    t.answered(*inner, purpose::statements, true);
    t.leave(*inner);
    t.answered(*inner, purpose::release, false);
    BOOST_TEST(t.is_open());
    t.leave(*tx);
    t.answered(*tx, purpose::commit, false);
    BOOST_TEST(!t.is_open());
}

BOOST_AUTO_TEST_CASE(a_transaction_that_begins_behind_the_end_of_another_is_the_one_that_counts) {
    transaction_state t;
    const auto first = begin(t);
    open(t, *first);
    t.answered(*first, purpose::statements, true);
    t.leave(*first);
    const auto second = begin(t);
    open(t, *second);
    BOOST_TEST((t.has_begun_another(*first) && !t.has_begun_another(*second)));
    t.answered(*first, purpose::commit, false);
    BOOST_TEST((t.is_open() && t.is_beginning()));
    t.answered(*second, purpose::statements, true);
    t.answered(*second, purpose::rollback, false);
    BOOST_TEST((!t.is_open() && !t.has_begun_another(*first)));
}

BOOST_AUTO_TEST_CASE(a_savepoint_of_an_earlier_transaction_is_not_the_begin_of_the_next) {
    transaction_state t;
    const auto first = begin(t);
    open(t, *first);
    t.answered(*first, purpose::statements, true);
    const auto inner = begin(t, first);
    open(t, *inner);
    t.leave(*first);
    const auto second = begin(t);
    open(t, *second);
    t.answered(*inner, purpose::statements, true);
    BOOST_TEST(t.is_beginning());
}

BOOST_AUTO_TEST_CASE(what_is_begun_by_hand_is_ended_by_hand) {
    transaction_state t;
    for (const std::string_view beginning : {"BEGIN", "START TRANSACTION"})
        for (const std::string_view end : {"COMMIT", "ROLLBACK", "PREPARE TRANSACTION"}) {
            t.tagged(beginning);
            BOOST_TEST((t.is_by_hand() && t.is_open()));
            t.tagged("INSERT 0 1");
            BOOST_TEST(t.is_by_hand());
            t.tagged(end);
            BOOST_TEST((!t.is_by_hand() && !t.is_open()));
        }
}

BOOST_AUTO_TEST_CASE(what_is_open_in_the_end_outranks_the_tags) {
    transaction_state t;
    t.settled(true);
    BOOST_TEST((t.is_by_hand() && t.is_open()));
    t.settled(false);
    BOOST_TEST((!t.is_by_hand() && !t.is_open()));
    const auto root = begin(t);
    t.open(*root);
    t.settled(true);
    BOOST_TEST(!t.is_by_hand());  // it is the one that was begun here
    BOOST_TEST(t.is_open());
}

BOOST_AUTO_TEST_CASE(none_is_begun_within_one_by_hand) {
    transaction_state t;
    t.tagged("BEGIN");
    BOOST_CHECK_THROW(begin(t), usage_error);
    t.tagged("COMMIT");
    const auto root = begin(t);
    t.open(*root);
    t.answered(*root, purpose::statements, true);
    begin(t, root);
}

BOOST_AUTO_TEST_CASE(one_that_is_undone_is_begun_again) {
    transaction_state t;
    const auto root = begin(t);
    BOOST_TEST(t.open(*root));
    t.undone();
    BOOST_TEST((!t.is_beginning() && !t.is_open()));
    BOOST_TEST(t.open(*root));
    BOOST_TEST((t.is_beginning() && t.is_open()));
}

namespace {

/// A program that begins, uses and ends scopes; a server that answers in order.
class scope_schedule {
 public:
    explicit scope_schedule(dice& roll) : roll_{roll} {}

    void run() {
        for (int left = 40; left > 0; --left) {
            step();
            check();
        }
        while (!sent_.empty()) answer();
        while (!open_.empty()) end(0);
        while (!sent_.empty()) answer();
        check_that(!t_.is_open() && !t_.current(), "all has ended, and something is open");
    }

 private:
    struct sent {
        std::shared_ptr<scope> within;
        purpose is_for;
        std::vector<scope*> opened;
    };

    void step() {
        switch (roll_(4)) {
            case 0:
                if (open_.size() < 4) open_.push_back(begin(t_, open_.empty() ? nullptr : open_.back()));
                break;
            case 1:
                if (!open_.empty() && !t_.is_beginning()) use(open_.back(), purpose::statements);
                break;
            case 2:
                if (!open_.empty() && !t_.is_beginning()) end(roll_(open_.size()));
                break;
            default:
                if (!sent_.empty()) answer();
        }
    }
    void use(const std::shared_ptr<scope>& within, purpose is_for) {
        std::vector<scope*> opened;
        for (scope* s = within.get(); s != nullptr; s = s->outer.get()) {
            if (s->reached == scope::progress::failed_to_open) return;  // it is refused
            if (s->reached == scope::progress::fresh) opened.push_back(s);
        }
        if (!opened.empty()) open(t_, *within);
        sent_.push_back({within, is_for, opened});
    }
    void end(std::size_t i) {
        const auto s = open_[i];
        check_that(t_.refusal(purpose::rollback, s.get()) == nullptr, "a rollback is refused");
        t_.leave(*s);
        open_.resize(i);
        if (s->is_open()) use(s, purpose::rollback);
    }
    void answer() {
        const sent u = sent_.front();
        sent_.erase(sent_.begin());
        if (roll_(8) == 0)
            for (scope* s : u.opened) s->reached = scope::progress::failed_to_open;
        t_.answered(*u.within, u.is_for, !u.opened.empty());
    }
    void check() const {
        check_that((t_.current() ? t_.current().get() : nullptr) == (open_.empty() ? nullptr : open_.back().get()),
                   "the innermost scope takes the statements");
        for (const auto& s : open_) check_that(!s->ended, "an open scope has ended");
        check_that(!t_.is_beginning() || t_.is_open(), "it begins, and is not open");
        if (!open_.empty())
            check_that((t_.refusal(purpose::statements, nullptr) != nullptr) &&
                           t_.refusal(purpose::statements, open_.back().get()) == nullptr,
                       "a statement is for the innermost scope");
    }

    dice& roll_;
    transaction_state t_;
    std::vector<std::shared_ptr<scope>> open_;  // outermost first
    std::vector<sent> sent_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(random_schedules_of_scopes_keep_their_promises) {
    run_schedules(10'000, [](dice& roll) { scope_schedule{roll}.run(); });
}

BOOST_AUTO_TEST_SUITE_END()
