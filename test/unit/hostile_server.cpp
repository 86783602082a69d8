// A server that is not trusted: what it says while a connection is made, and in answer to statements.
#include "../support/hostile.hpp"

namespace hostile {

using testing::detail::int16;
using testing::detail::int32;

/// What answers a StartupMessage.
inline scenario starting(std::string name, std::string bytes, ending end) {
    return {std::move(name), verb::connect, {step::send(std::move(bytes)), step::serve()}, std::move(end)};
}
/// The same, and the server closes the connection.
inline scenario started(std::string name, std::string bytes, std::string error) {
    return {
        std::move(name), verb::connect, {step::send(std::move(bytes))}, {ending::kind::error, std::move(error), {}}};
}
/// What answers one statement; the server serves what follows.
inline scenario asked(std::string name, std::string bytes, ending end) {
    return {std::move(name),
            verb::fetch,
            {step::startup(), step::expect("PBDES"), step::send(std::move(bytes)), step::serve()},
            std::move(end)};
}
/// The same, and the server says nothing more.
inline scenario asked_in_vain(std::string name, std::string bytes, std::string error) {
    return {std::move(name),
            verb::fetch,
            {step::startup(), step::expect("PBDES"), step::send(std::move(bytes)), step::hang()},
            closed(std::move(error)),
            {},
            300ms};
}
/// The same, and the server closes the connection.
inline scenario cut(std::string name, std::string bytes, std::string error) {
    return {std::move(name),
            verb::fetch,
            {step::startup(), step::expect("PBDES"), step::send(std::move(bytes))},
            closed(std::move(error))};
}
inline scenario in_pipeline(std::string name, std::string bytes, ending end) {
    return {std::move(name),
            verb::pipeline,
            {step::startup(), step::expect("PBDEPBDEPBDES"), step::send(std::move(bytes)), step::serve()},
            std::move(end)};
}
/// What is said after one good answer, to nobody.
inline scenario while_idle(std::string name, std::string bytes, ending end) {
    return {std::move(name),
            verb::twice,
            {step::startup(), step::expect("PBDES"), step::send(answer + ready + std::move(bytes)),
             step::expect("PBDES"), step::send(answer + ready), step::serve()},
            std::move(end)};
}

const char* const misfit = "the server's answer does not fit the protocol";
const char* const mixed_up = "the answers do not belong to the statements";
const char* const lost_sync = "lost synchronization with server";
const char* const unreadable = "message contents do not agree with length";
const char* const left = "server closed the connection unexpectedly";

const std::string alice = data_row({{"Alice"}});
const std::string done = command_complete("SELECT 1");
const std::string deleted = no_data() + command_complete("DELETE 1");
const std::string notice = notice_response({{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', "00000"}, {'M', "by the way"}});
const std::string refusal = error_response("23505", "no");

}  // namespace hostile

using namespace hostile;

BOOST_AUTO_TEST_SUITE(hostile_server)

BOOST_AUTO_TEST_CASE(while_it_is_connected_to) {
    const std::string settings = greeting().substr(0, greeting().size() - ready.size());
    play_all({
        started("nothing", "", left),
        started("no ReadyForQuery", settings, left),
        started("another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", "cannot connect"),
        started("an unknown authentication", message('R', int32(99)), "authentication method 99 not supported"),
        started("SASL without a mechanism", message('R', int32(10) + std::string(1, '\0')), "cannot connect"),
        started("SASL of an unknown kind", message('R', int32(10) + std::string("NEW\0\0", 5)), "cannot connect"),
        started("SASL without an end", message('R', int32(10) + "SCRAM"), "cannot connect"),
        started("SASL goes on that was not begun", message('R', int32(11) + "r=x"), "cannot connect"),
        started("SASL ends that was not begun", message('R', int32(12) + "v=x"), "cannot connect"),
        started("MD5 with half a salt", message('R', int32(5) + "sa"), "cannot connect"),
        started("an empty authentication", message('R'), "cannot connect"),
        started("another version, without options", message('v', int32(0) + int32(0)), "cannot connect"),
        started("another version, without its options", message('v', int32(0) + int32(9)), "cannot connect"),
        started("an error without fields", error_response(fields{}), "cannot connect"),
        started("an error without an end", message('E', "SERROR"), "cannot connect"),
        started("an error that is not UTF-8", error_response("28000", "\xff\xfe\x80"), "cannot connect"),
        started("an error of a length that lies", message('E', "S", 0x7fffffff), "cannot connect"),
        started("many notices, and the end", repeated(notice, 1'000), "cannot connect"),
        started("a key without a number", authentication_ok() + message('K'), "cannot connect"),
        started("a setting without an end", authentication_ok() + message('S', "name"), "cannot connect"),
        started("rows", authentication_ok() + rows, "cannot connect"),
        started("ready at once", ready, "cannot connect"),
        started("a negative length", message('R', int32(0), 0xffffffff), "cannot connect"),
        started("a length of none", message('R', int32(0), 0), "cannot connect"),
        starting("no key", authentication_ok() + ready, gives("connected")),
        starting("many notices, and all is well", repeated(notice, 1'000) + greeting(), either()),
        starting("in a failed transaction", settings + ready_for_query('E'), either()),
        starting("of another encoding", settings + parameter_status("client_encoding", "LATIN1") + ready, either()),
        starting("a second greeting", greeting() + greeting(), either()),
        started("an end behind the greeting",
                greeting() + error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "going down"}}),
                "going down"),
        in_vain({"nothing, and for ever", verb::connect, {step::hang()}, closed("no answer within connect_timeout")}),
    });
}

BOOST_AUTO_TEST_CASE(in_the_order_of_an_answer) {
    play_all({
        asked("all is well", answer + ready, gives("Alice")),
        asked("two CommandCompletes", answer + done + ready, closed(mixed_up)),
        asked("two ReadyForQuery", answer + ready + ready, {ending::kind::value, "Alice", {}}),
        asked("an answer twice", answer + answer + ready, closed(mixed_up)),
        asked("no CommandComplete", begun + described + alice + ready, closed(mixed_up)),
        asked("nothing but ReadyForQuery", ready, closed(mixed_up)),
        asked("rows without a description", begun + alice + done + ready, closed(misfit)),
        asked("two descriptions", begun + described + rows + ready, closed(mixed_up)),
        asked("a row behind the end", begun + rows + alice + ready, gives("Alice")),
        asked("a description behind the end", begun + rows + described + ready, gives("Alice")),
        asked("the end before the rows", begun + done + described + alice + ready, fails("0 columns")),
        asked("bound before parsed", bind_complete() + parse_complete() + rows + ready, gives("Alice")),
        asked("not parsed and not bound", rows + ready, gives("Alice")),
        asked("parsed three times", repeated(parse_complete(), 3) + bind_complete() + rows + ready, gives("Alice")),
        asked("something is closed", begun + close_complete() + rows + ready, either()),
        asked("a portal suspended", begun + described + alice + portal_suspended() + ready, closed(misfit)),
        asked("an empty query", begun + empty_query_response() + ready, fails("0 columns")),
        asked("an empty query and rows", begun + empty_query_response() + rows + ready, closed(mixed_up)),
        asked("no data, and rows", begun + no_data() + rows + ready, gives("Alice")),
        asked("parameters", begun + parameter_description({25}) + rows + ready, either()),
        asked("an authentication", begun + authentication_ok() + rows + ready, closed(misfit)),
        asked("another key", begun + backend_key_data(9, 9) + rows + ready, gives("Alice")),
        asked("another version", begun + message('v', int32(0) + int32(0)) + rows + ready, closed(misfit)),
        asked("COPY from us", begun + copy_in_response(1) + ready, closed("COPY")),
        asked("COPY to us", begun + copy_out_response(1) + copy_data("x") + copy_done() + done + ready, closed("COPY")),
        asked("COPY both ways", begun + message('W', std::string(3, '\0')) + ready, closed("COPY")),
        asked("data of no COPY", begun + copy_data("x") + rows + ready, gives("Alice")),
        asked("the end of no COPY", begun + copy_done() + rows + ready, gives("Alice")),
        asked("a function's result", begun + message('V', int32(1) + "x") + rows + ready, closed(misfit)),
        asked("an unknown message", begun + message('?', "what") + rows + ready, closed(misfit)),
        asked("an error and rows", begun + refusal + rows + ready, closed("")),
        asked("two errors", begun + refusal + refusal + ready, either()),
        asked("ready in a state that is none", answer + ready_for_query('?'), closed("state of the transaction")),
        asked("ready without a state", answer + message('Z'), closed("")),
        asked("in a transaction that nobody began", answer + ready_for_query('T'), {ending::kind::value, "Alice", {}}),
        asked("in a failed one", answer + ready_for_query('E'), {ending::kind::value, "Alice", {}}),
        asked("a notice and a notification",
              begun + notice + described + notification_response(1, "a", "b") + alice + done + ready, gives("Alice")),
        asked("ten thousand notices", begun + repeated(notice, 10'000) + rows + ready, gives("Alice")),
        asked("another encoding", answer + parameter_status("client_encoding", "LATIN1") + ready,
              {ending::kind::value, "Alice", false}),
        asked_in_vain("nothing, for ever", "", "timeout"),
        asked_in_vain("half an answer, for ever", begun + described, "timeout"),
        asked_in_vain("an answer, but never ready", answer, "timeout"),
        asked_in_vain("notices, and nothing for ever", repeated(notice, 50'000), "timeout"),
        asked_in_vain("rows without an end", begun + described + repeated(alice, 500'000), "timeout"),
        asked_in_vain("a length that never comes", begun + described + message('D', "", 0x3fffffff), "timeout"),
    });
}

BOOST_AUTO_TEST_CASE(in_what_a_message_holds) {
    const auto with_row = [](const std::string& one) { return begun + described + one + done + ready; };
    const auto tagged = [](std::string_view tag) { return begun + described + alice + command_complete(tag) + ready; };
    const std::string name = std::string("name\0", 5);
    play_all({
        asked("a row of fewer columns", with_row(data_row({})), closed(misfit)),
        asked("a row of more columns", with_row(data_row({{"Alice"}, {"Bob"}})), closed(misfit)),
        asked("a row cut short", with_row(message('D', int16(1) + int32(5) + "Al")), closed(misfit)),
        asked("a row too long", with_row(message('D', int16(1) + int32(5) + "Alice!")), closed("")),
        asked("a value of a length beyond all", with_row(message('D', int16(1) + int32(0x7fffffff) + "A")),
              closed(misfit)),
        asked("a value of a negative length", with_row(message('D', int16(1) + int32(0xfffffffe))), either()),
        asked("a row of a negative count", with_row(message('D', int16(0xffff))), closed(misfit)),
        asked("a row without a count", with_row(message('D')), closed("")),
        asked("a value that is not UTF-8", with_row(data_row({{"\xff\xfe"}})), either()),
        asked("a description that is cut", begun + message('T', int16(2) + name) + done + ready, closed(misfit)),
        asked("a description of too many", begun + message('T', int16(0xffff)) + done + ready, closed(misfit)),
        asked("a description without a count", begun + message('T') + done + ready, closed(misfit)),
        asked("a name without an end", begun + message('T', int16(1) + "name") + done + ready, closed(unreadable)),
        asked("a description of nothing, and a row", begun + row_description({}) + data_row({}) + done + ready,
              fails("")),
        asked("a NULL where a value must be", with_row(data_row({std::nullopt})), fails("NULL")),
        asked("a number of three bytes", begun + row_description({{"name", 23, true}}) + alice + done + ready,
              fails("")),
        asked("a format that is none",
              begun + message('T', int16(1) + name + int32(0) + int16(0) + int32(25) + int16(0) + int32(0) + int16(7)) +
                  alice + done + ready,
              either()),
        asked("a tag of a number too large", tagged("INSERT 0 99999999999999999999999"), gives("Alice")),
        asked("a tag of a negative number", tagged("SELECT -1"), gives("Alice")),
        asked("a tag of nothing", tagged(""), gives("Alice")),
        asked("a tag of another statement", tagged("DROP DATABASE"), gives("Alice")),
        asked("a tag that is not UTF-8", tagged("\xff\x80"), gives("Alice")),
        asked("a tag of a megabyte", tagged(std::string(1'000'000, 'x')), either()),
        asked("a tag without an end", begun + described + alice + message('C', "SELECT") + ready, closed(unreadable)),
        asked("an error without fields", begun + error_response(fields{}) + ready, closed(misfit)),
        asked("an error without an end", begun + message('E', "SERROR") + ready, closed(unreadable)),
        asked("an error that is not UTF-8", begun + error_response("XX000", "\xff\xfe") + ready, fails("XX000")),
        asked("an error of a megabyte", begun + error_response("XX000", std::string(1U << 20U, 'x')) + ready,
              fails("XX000")),
        asked("an error without an SQLSTATE", begun + error_response({{'S', "ERROR"}, {'M', "no"}}) + ready,
              fails("no")),
        asked("an error of odd fields",
              begun + error_response({{'M', "no"}, {'\x01', "?"}, {'P', "-7"}, {'L', "x"}}) + ready, fails("no")),
        asked("an error that ends the connection, and does not",
              begun + error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "going down"}}) + ready,
              {ending::kind::error, "going down", {}}),
        asked("a message of length 0", begun + message('C', "", 0) + rows + ready, closed(lost_sync)),
        asked("a message of length 3", begun + message('C', "", 3) + rows + ready, closed(lost_sync)),
        asked("a message of a negative length", begun + message('D', "", 0xffffffff) + rows + ready, closed(lost_sync)),
        asked("an end of a length that lies", begun + described + alice + message('C', "SELECT 1", 0x7fffffff),
              closed(lost_sync)),
        asked("bytes that are none of it", "\x16\x03\x01\x02\x03\x04\x05\x06\x07", closed(lost_sync)),
        asked("a message of type 0", begun + message('\0', "?") + rows + ready, closed("")),
        asked("a setting without an end", begun + message('S', "name") + rows + ready, closed(unreadable)),
        asked("a notification without an end", begun + message('A', int32(1) + "a") + rows + ready, closed(unreadable)),
        asked("a notice without fields", begun + notice_response({}) + rows + ready, gives("Alice")),
        cut("a message that is cut", begun + described + alice.substr(0, 7), left),
        cut("an answer that is cut", begun + described + alice, left),
        cut("nothing, and the end", "", left),
        cut("a row of a length that never comes", begun + described + message('D', "", 0x3fffffff), left),
    });
}

BOOST_AUTO_TEST_CASE(in_a_pipeline_and_to_nobody) {
    const std::string second = begun + deleted;
    play_all({
        in_pipeline("all is well", answer + second + answer + ready, gives("Alice1Alice")),
        in_pipeline("one answer too few", answer + second + ready, closed(mixed_up)),
        in_pipeline("one too many", answer + second + answer + answer + ready, closed(mixed_up)),
        in_pipeline("ready in between", answer + ready + second + answer + ready, closed(mixed_up)),
        in_pipeline("ready behind each", answer + ready + second + ready + answer + ready, closed(mixed_up)),
        in_pipeline("the first twice", answer + answer + second + answer + ready, closed(mixed_up)),
        in_pipeline("an error, and all the same the rest", answer + begun + refusal + answer + ready, closed("")),
        in_pipeline("an error without fields", answer + begun + error_response(fields{}) + ready, closed(misfit)),
        in_pipeline("an error, and ready twice", answer + begun + refusal + ready + ready,
                    {ending::kind::error, "no", {}}),
        in_pipeline("a portal suspended", answer + begun + portal_suspended() + answer + ready, closed(misfit)),
        in_pipeline("the second as the first", second + answer + answer + ready, either()),
        in_pipeline("COPY in between", answer + begun + copy_in_response(1) + answer + ready, closed("COPY")),
        while_idle("an end", done, closed(mixed_up)),
        while_idle("ready", ready, closed(mixed_up)),
        while_idle("an answer", answer + ready, closed(mixed_up)),
        while_idle("an unknown message", message('?', "what"), closed(mixed_up)),
        while_idle("bytes that are none of it", "\x16\x03\x01\x02\x03\x04\x05\x06\x07", closed("")),
        while_idle("an error that ends the connection",
                   error_response({{'S', "FATAL"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "going down"}}),
                   closed("going down")),
        while_idle("notices and notifications", repeated(notice + notification_response(1, "a", "b"), 1'000),
                   gives("AliceAlice")),
        while_idle("a row", alice, closed("")),
        while_idle("COPY", copy_in_response(1), closed("")),
        {"a prepared statement, answered as if it were parsed again",
         verb::prepared,
         {step::startup(), step::expect("PBDES"), step::send(answer + ready), step::expect("BDES"),
          step::send(answer + ready), step::serve()},
         gives("AliceAlice")},
        {"a prepared statement that is gone, again and again",
         verb::prepared,
         {step::startup(), step::expect("PBDES"), step::send(answer + ready), step::expect("BDES"),
          step::send(
              error_response(
                  {{'S', "ERROR"}, {'V', "ERROR"}, {'C', "26000"}, {'M', "gone"}, {'R', "FetchPreparedStatement"}}) +
              ready),
          step::expect("PBDES"),
          step::send(
              error_response(
                  {{'S', "ERROR"}, {'V', "ERROR"}, {'C', "26000"}, {'M', "gone"}, {'R', "FetchPreparedStatement"}}) +
              ready),
          step::serve()},
         fails("gone")},
    });
}

BOOST_AUTO_TEST_SUITE_END()
