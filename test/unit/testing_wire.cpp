#include <coropg/testing/faults.hpp>
#include <coropg/testing/messages.hpp>
#include <coropg/testing/traffic.hpp>

#include <boost/test/unit_test.hpp>

using namespace coropg::testing;
using namespace std::string_literals;

namespace {

const std::string ssl_request = "\0\0\0\x08\x04\xd2\x16\x2f"s;
const std::string startup_message = "\0\0\0\x10\0\3\0\0user\0me\0"s;
const std::string cancel_request = "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\0\0\0\2"s;
using names = std::vector<std::string>;

/// A conversation as it was recorded, in pieces of so many bytes.
struct conversation {
    conversation& says(side from, std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
            observer.take_all(from, bytes.substr(0, piece));
        return *this;
    }
    [[nodiscard]] traffic all() const { return record.since({}); }

    std::size_t piece = std::string_view::npos;
    detail::wire_record record{};
    detail::wire_observer observer{record};
};

std::string statement(std::string_view name, std::string_view sql) {
    const std::string of = std::string{name} + '\0';
    return message('P', of + std::string{sql} + "\0\0\0"s) + message('B', "\0"s + of + "\0\0\0\0\0\0"s) +
           message('D', "P\0"s) + message('E', "\0\0\0\0\0"s) + message('S');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(testing_wire)

BOOST_AUTO_TEST_CASE(messages_are_told_apart_however_they_are_split) {
    const std::string answer =
        parse_complete() + bind_complete() + no_data() + command_complete("SELECT 0") + ready_for_query();
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
        conversation talk{.piece = piece};
        talk.says(side::client, ssl_request).says(side::server, "N").says(side::client, startup_message);
        talk.says(side::server, greeting()).says(side::client, statement("s1", "SELECT 1")).says(side::server, answer);
        talk.says(side::client, message('Q', "SELECT 2\0"s));
        const traffic all = talk.all();
        BOOST_TEST(all.client == "?^PBDESQ");
        BOOST_TEST(all.server == "-RSSSSSSSKZ12nCZ");
        BOOST_TEST(all.round_trips == 4U);
        BOOST_TEST(all.parsed == names{"SELECT 1"}, boost::test_tools::per_element());
        BOOST_TEST(all.executed == (names{"SELECT 1", "SELECT 2"}), boost::test_tools::per_element());
        BOOST_TEST(all.server_bytes == 1 + greeting().size() + answer.size());
    }
}

BOOST_AUTO_TEST_CASE(what_is_encrypted_is_counted_and_not_understood) {
    conversation talk;
    talk.says(side::client, ssl_request).says(side::server, "S");
    talk.says(side::client, "\x16\x03\x01").says(side::server, "Z\0\0\0\5I"s).says(side::client, "Q\0\0\0\4"s);
    BOOST_TEST(talk.all().client == "?");
    BOOST_TEST(talk.all().server == "+");
    BOOST_TEST(talk.all().client_bytes == 8U + 3U + 5U);
    BOOST_TEST(talk.all().round_trips == 3U);
}

BOOST_AUTO_TEST_CASE(a_server_may_answer_a_request_for_encryption_by_an_error) {
    conversation talk;
    talk.says(side::client, ssl_request).says(side::server, error_response("0A000", "what?"));
    BOOST_TEST(talk.all().server == "E");
}

BOOST_AUTO_TEST_CASE(a_cancel_has_its_own_letter) {
    conversation talk;
    talk.says(side::client, cancel_request);
    BOOST_TEST(talk.all().client == "!");
    BOOST_TEST(detail::type_of_startup(cancel_request) == message_type::cancel);
}

BOOST_AUTO_TEST_CASE(a_length_that_cannot_be_ends_the_understanding) {
    conversation talk;
    talk.says(side::client, startup_message).says(side::server, ready_for_query() + message('D', "", 3) + "ZZZZZZZZZZ");
    BOOST_TEST(talk.all().server == "Z");
    BOOST_TEST(talk.all().server_bytes == 6U + 5U + 10U);
}

BOOST_AUTO_TEST_CASE(a_mark_measures_from_where_it_was_made) {
    conversation talk;
    talk.says(side::client, startup_message).says(side::server, greeting());
    const traffic_mark mark = talk.record.mark();
    talk.says(side::client, statement("", "SELECT 3")).says(side::server, ready_for_query());
    const traffic since = talk.record.since(mark);
    BOOST_TEST(since.client == "PBDES");
    BOOST_TEST(since.server == "Z");
    BOOST_TEST(since.round_trips == 1U);
    BOOST_TEST(since.count(side::client, 'E') == 1U);
    BOOST_TEST(!talk.record.wait(
        {}, [](const traffic& t) { return t.cancels == 1; }, std::chrono::milliseconds{1}));
}

BOOST_AUTO_TEST_CASE(a_fuse_lets_pass_what_comes_before_its_place) {
    detail::fuse by_byte{{.from = side::client, .at_byte = 10}};
    BOOST_TEST(by_byte.allowed(side::client, 4, 100) == 6U);
    BOOST_TEST(by_byte.allowed(side::server, 4, 100) == 100U);
    BOOST_TEST(!by_byte.is_due(side::client, 9));
    BOOST_TEST(by_byte.is_due(side::client, 10));
    BOOST_TEST(!by_byte.is_due(side::server, 10));

    detail::fuse by_message{{.at_message = 1, .of_type = 'Z', .at_byte = 2}};
    by_message.begins(side::server, 'Z', 50);
    by_message.begins(side::server, 'D', 60);
    BOOST_TEST(by_message.allowed(side::server, 60, 100) == 100U);
    by_message.begins(side::server, 'Z', 70);
    BOOST_TEST(by_message.allowed(side::server, 70, 100) == 2U);
    BOOST_TEST(by_message.is_due(side::server, 72));

    detail::fuse from_here{{.at_byte = 5}};
    from_here.start(100);
    BOOST_TEST(from_here.allowed(side::server, 100, 50) == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
