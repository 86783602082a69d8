#include <coropg/detail/ops/channel.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <vector>

using namespace coropg::detail;

namespace {

/// Adds up what comes, until there is no more.
op<int> sum_of(channel<int>& numbers) {
    int sum = 0;
    while (!numbers.has_ended()) {
        if (const std::optional<int> n = numbers.pop())
            sum += *n;
        else
            co_await wish{.caller = &numbers};
    }
    co_return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bounded_channel)

BOOST_AUTO_TEST_CASE(items_come_in_the_order_in_which_they_were_put) {
    channel<int> c{3};
    for (int i = 1; i <= 3; ++i) BOOST_TEST(c.push(int{i}));
    for (int i = 1; i <= 3; ++i) BOOST_TEST(c.pop().value() == i);
    BOOST_TEST(!c.pop().has_value());
}

BOOST_AUTO_TEST_CASE(a_full_channel_takes_nothing_and_leaves_the_item_alone) {
    channel<std::unique_ptr<int>> c{1};
    BOOST_TEST(c.push(std::make_unique<int>(1)));
    BOOST_TEST(!c.has_room());
    auto second = std::make_unique<int>(2);
    BOOST_TEST(!c.push(std::move(second)));
    BOOST_TEST_REQUIRE(second != nullptr);
    BOOST_TEST(*c.pop().value() == 1);
    BOOST_TEST(c.has_room());
    BOOST_TEST(c.push(std::move(second)));
    BOOST_TEST(*c.pop().value() == 2);
}

BOOST_AUTO_TEST_CASE(a_channel_without_capacity_holds_one) {
    channel<int> c{0};
    BOOST_TEST(c.push(1));
    BOOST_TEST(!c.push(2));
}

BOOST_AUTO_TEST_CASE(it_is_ready_for_an_item_and_for_the_end) {
    channel<int> c{2};
    BOOST_TEST(!c.is_ready());
    c.push(1);
    BOOST_TEST(c.is_ready());
    c.pop();
    BOOST_TEST(!c.is_ready());
    BOOST_TEST(!c.has_ended());
    c.close();
    BOOST_TEST(c.is_ready());
    BOOST_TEST(c.has_ended());
}

BOOST_AUTO_TEST_CASE(what_waits_in_a_closed_channel_can_be_taken_and_nothing_is_added) {
    channel<int> c{2};
    c.push(7);
    c.close();
    BOOST_TEST(!c.has_room());
    BOOST_TEST(!c.push(8));
    BOOST_TEST(!c.has_ended());
    BOOST_TEST(c.pop().value() == 7);
    BOOST_TEST(c.has_ended());
}

BOOST_AUTO_TEST_CASE(an_op_waits_for_its_caller) {
    channel<int> c{2};
    op<int> work = sum_of(c);
    std::optional<wish> w = work.resume();
    BOOST_TEST_REQUIRE(w.has_value());
    BOOST_TEST((w->caller == &c && w->readiness == want::nothing));
    int sent = 0;
    for (int i = 1; i <= 10; ++i) {
        BOOST_TEST(c.push(int{i}));
        sent += i;
        if (i % 2 == 0) BOOST_TEST(work.resume().has_value());
    }
    c.close();
    BOOST_TEST(!work.resume().has_value());
    BOOST_TEST(work.take() == sent);
}

BOOST_AUTO_TEST_SUITE_END()
