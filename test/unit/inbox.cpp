#include <coropg/detail/session/inbox.hpp>
#include <coropg/log.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace coropg;
using detail::inbox;
using detail::session_changes;

namespace {

diagnostics saying(std::string text) {
    diagnostics d;
    d.message = std::move(text);
    return d;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inbox_of_notices)

BOOST_AUTO_TEST_CASE(notices_come_in_order_and_once) {
    const session_changes changes;
    inbox in{changes};
    BOOST_TEST((!in.is_open() && !in.has_handler()));
    std::vector<std::string> heard;
    in.on_notice([&](const diagnostics& d) { heard.push_back(d.message); });
    BOOST_TEST((in.is_open() && in.has_handler()));
    in.put(saying("a"));
    in.put(saying("b"));
    BOOST_TEST(heard.empty());
    in.take()();
    in.take()();
    BOOST_TEST((heard == std::vector<std::string>{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(what_comes_during_a_reset_is_nobodys) {
    session_changes changes;
    inbox in{changes};
    in.on_notice([](const diagnostics&) {});
    changes.begin_reset();
    BOOST_TEST(!in.is_open());
    changes.end_reset();
    BOOST_TEST(in.is_open());
}

BOOST_AUTO_TEST_CASE(a_cleared_one_has_neither_handler_nor_notices) {
    const session_changes changes;
    inbox in{changes};
    int former = 0;
    int next = 0;
    in.on_notice([&](const diagnostics&) { ++former; });
    in.put(saying("late"));
    in.clear();
    BOOST_TEST(!in.has_handler());
    in.on_notice([&](const diagnostics&) { ++next; });
    in.take()();
    BOOST_TEST((former == 0 && next == 0));
}

BOOST_AUTO_TEST_CASE(a_handler_may_set_another_one_and_throw) {
    const session_changes changes;
    inbox in{changes};
    set_logger(nullptr);
    std::vector<std::string> heard;
    in.on_notice([&](const diagnostics& d) {
        heard.push_back("first " + d.message);
        in.on_notice([&](const diagnostics& e) { heard.push_back("second " + e.message); });
        in.put(saying("c"));
        throw std::runtime_error{"a handler's own"};
    });
    in.put(saying("a"));
    in.take()();
    in.take()();
    BOOST_TEST((heard == std::vector<std::string>{"first a", "second c"}));
    in.on_notice([](const diagnostics&) { throw 7; });
    in.put(saying("d"));
    in.take()();
}

BOOST_AUTO_TEST_CASE(a_delivery_ends_with_its_inbox_or_the_handler) {
    const session_changes changes;
    for (const bool is_destroyed : {true, false}) {
        auto in = std::make_unique<inbox>(changes);
        int heard = 0;
        int heard_by_the_next = 0;
        in->on_notice([&](const diagnostics&) {
            ++heard;
            if (is_destroyed) return in.reset();
            in->clear();
            in->on_notice([&](const diagnostics&) { ++heard_by_the_next; });
        });
        in->put(saying("a"));
        in->put(saying("b"));
        in->take()();
        BOOST_TEST((heard == 1 && heard_by_the_next == 0));
    }
}

BOOST_AUTO_TEST_CASE(without_a_handler_nothing_is_delivered) {
    const session_changes changes;
    inbox in{changes};
    in.put(saying("a"));
    in.take()();
    int heard = 0;
    in.on_notice([&](const diagnostics&) { ++heard; });
    in.take()();
    BOOST_TEST(heard == 1);
}

BOOST_AUTO_TEST_SUITE_END()
