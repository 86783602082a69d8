#include <coropg/detail/ops/op.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace coropg::detail;

namespace {

op<int> three_waits(std::vector<answer>& replies) {
    replies.push_back(co_await wish{want::read, 7});
    replies.push_back(co_await wish{want::write, 8});
    replies.push_back(co_await wish{want::both, 9});
    co_return 42;
}

op<int> immediate(int value) { co_return value; }

op<void> throwing() {
    co_await wish{want::read, 1};
    throw std::runtime_error{"from within"};
}

op<int> nested(int depth) {
    if (depth == 0) {
        co_await wish{want::read, 1};
        co_return 0;
    }
    const int below = co_await nested(depth - 1);
    co_return below + 1;
}

op<int> many_children(int count) {
    int sum = 0;
    for (int i = 0; i < count; ++i) sum += co_await immediate(1);
    co_return sum;
}

op<std::string> catching() {
    try {
        co_await throwing();
    } catch (const std::runtime_error& e) {
        co_return e.what();
    }
    co_return "nothing was thrown";
}

struct counted {
    explicit counted(int& n) : alive{n} { ++alive; }
    ~counted() { --alive; }
    int& alive;
};

op<void> holding(int& alive) {
    const counted local{alive};
    co_await wish{want::read, 1};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(op_)

BOOST_AUTO_TEST_CASE(each_resume_runs_to_the_next_wish) {
    std::vector<answer> replies;
    op<int> work = three_waits(replies);
    BOOST_TEST(work.resume()->socket == 7);
    BOOST_TEST(work.resume()->socket == 8);
    BOOST_TEST((work.resume(answer::timed_out)->readiness == want::both));
    BOOST_TEST(!work.resume());
    BOOST_TEST(work.take() == 42);
    BOOST_TEST((replies == std::vector{answer::ready, answer::timed_out, answer::ready}));
}

BOOST_AUTO_TEST_CASE(an_op_that_never_waits_ends_at_once) {
    op<int> work = immediate(5);
    BOOST_TEST(!work.resume());
    BOOST_TEST(work.take() == 5);
}

BOOST_AUTO_TEST_CASE(exceptions_come_out_of_take_and_pass_through_callers) {
    op<void> work = throwing();
    BOOST_TEST(work.resume().has_value());
    BOOST_TEST(!work.resume());
    BOOST_CHECK_THROW(work.take(), std::runtime_error);

    op<std::string> outer = catching();
    BOOST_TEST(outer.resume().has_value());
    BOOST_TEST(!outer.resume());
    BOOST_TEST(outer.take() == "from within");
}

BOOST_AUTO_TEST_CASE(depth_and_number_of_children_cost_no_stack) {
    op<int> deep = nested(20'000);
    BOOST_TEST(deep.resume().has_value());
    BOOST_TEST(!deep.resume());
    BOOST_TEST(deep.take() == 20'000);

    op<int> wide = many_children(100'000);
    BOOST_TEST(!wide.resume());
    BOOST_TEST(wide.take() == 100'000);
}

BOOST_AUTO_TEST_CASE(destroying_an_op_in_mid_wait_destroys_its_locals) {
    int alive = 0;
    {
        op<void> work = holding(alive);
        work.resume();
        BOOST_TEST(alive == 1);
    }
    BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_SUITE_END()
