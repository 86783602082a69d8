// A server that is not trusted: its answers to what the driver itself asks, about transactions, types, scripts and resets.
#include "../support/hostile.hpp"
#include "../support/memory.hpp"

namespace hostile {

using testing::detail::int16;
using testing::detail::int32;

/// A reply that is made of messages, whatever they are.
inline reply said(std::string bytes) { return {"", std::move(bytes)}; }

const std::string ask_id = "SELECT pg_catalog.pg_current_xact_id_if_assigned()";
const std::string none_of_it = "the answers do not belong to the statements";
const std::string not_readable = "cannot be read";
const std::string not_of_protocol = "the server's answer does not fit the protocol";
const std::string no_fields = error_response(fields{});
const std::string a_row = data_row({{"Alice"}});
const std::string never = message('C', "", 1'000);

inline std::string id_of(const std::vector<column>& columns, const std::vector<values>& all) {
    std::string bytes = row_description(columns);
    for (const values& one : all) bytes += data_row(one);
    return bytes + command_complete("SELECT " + std::to_string(all.size()));
}

/// A transaction in which the server answers `sql` otherwise.
inline scenario in_transaction(std::string name, verb what, const std::string& sql, reply other, ending end) {
    scenario s{std::move(name), what, {step::startup(), step::serve()}, std::move(end)};
    for (const char* each : {"BEGIN", "COMMIT", "ROLLBACK"}) s.replies.emplace_back(each, reply{each});
    s.replies.emplace_back("DELETE FROM users", reply{"DELETE 1"});
    s.replies.emplace_back(ask_id, reply::rows({{"id", 5069, true}}, {{int32(0) + int32(7)}}));
    s.replies.emplace_back(sql, std::move(other));
    return s;
}

/// The columns of an answer about types.
inline const std::string type_columns = row_description({{"type", 26, true},
                                                         {"nspname", 19, true},
                                                         {"typname", 19, true},
                                                         {"typtype", 18, true},
                                                         {"typcategory", 18, true},
                                                         {"typelem", 26, true},
                                                         {"typbasetype", 26, true},
                                                         {"asked", 1009, true},
                                                         {"members", 1009, true},
                                                         {"types", 1028, true}});

/// A row of it.
struct type_row {
    std::uint32_t number = 20'000;
    std::optional<std::string> name = "mood";
    std::string kind = "e";
    std::string category = "E";
    std::uint32_t element = 0;
    std::uint32_t base = 0;
    std::string asked = int32(1) + int32(0) + int32(25) + int32(1) + int32(1) + int32(4) + "mood";

    [[nodiscard]] std::string bytes() const {
        const std::string nothing = int32(0) + int32(0);
        return data_row({int32(number), "public", name, kind, category, int32(element), int32(base), asked,
                         nothing + int32(25), nothing + int32(26)});
    }
};

const std::string looked_up = command_complete("SELECT 1") + ready_for_query();

/// What answers the question for the type of a column of moods; the server serves what follows.
inline scenario column_type(std::string name, const std::string& about, ending end) {
    const std::string moods = row_description({{"mood", 20'000, true}}) + data_row({{"ok"}});
    return {std::move(name),
            verb::lookup,
            {step::startup(), step::expect("PBDES"), step::send(begun + moods + looked_up), step::expect("PBDES"),
             step::send(begun + about), step::serve()},
            std::move(end)};
}
/// The same of a parameter.
inline scenario parameter_type(std::string name, const std::string& about, ending end) {
    return {std::move(name),
            verb::send,
            {step::startup(), step::expect("PBDES"), step::send(begun + about), step::serve()},
            std::move(end)};
}

inline std::string chain_of_domains(std::uint32_t length) {
    std::string all = type_columns;
    for (std::uint32_t i = 0; i < length; ++i)
        all += type_row{.number = 20'000 + i, .kind = "d", .category = "U", .base = 20'001 + i}.bytes();
    return all + looked_up;
}

inline scenario script_answered(std::string name, std::string bytes, ending end) {
    return {std::move(name),
            verb::script,
            {step::startup(), step::expect("Q"), step::send(std::move(bytes)), step::serve()},
            std::move(end)};
}

/// A reset, in which the server answers `sql` otherwise.
inline scenario in_reset(std::string name, const std::string& sql, reply other, ending end) {
    scenario s{std::move(name), verb::reset, {step::startup(), step::serve()}, std::move(end)};
    s.replies.emplace_back("BEGIN ISOLATION LEVEL READ COMMITTED", reply{"BEGIN"});
    s.replies.emplace_back("COMMIT", reply{"COMMIT"});
    s.replies.emplace_back("SELECT name FROM users", reply::rows({{"name"}}, {{"Alice"}}));
    s.replies.emplace_back(sql, std::move(other));
    return s;
}

}  // namespace hostile

using namespace hostile;

BOOST_AUTO_TEST_SUITE(hostile_answers)

BOOST_AUTO_TEST_CASE(about_transactions) {
    const std::vector<column> an_id{{"id", 5069, true}};
    const std::string seven = int32(0) + int32(7);
    const auto of_begin = [](std::string name, const std::string& bytes, ending end) {
        return in_transaction(std::move(name), verb::commit, "BEGIN", said(bytes), std::move(end));
    };
    const auto of_commit = [](std::string name, const std::string& bytes, ending end) {
        return in_transaction(std::move(name), verb::commit, "COMMIT", said(bytes), std::move(end));
    };
    const auto of_rollback = [](std::string name, const std::string& bytes, ending end) {
        return in_transaction(std::move(name), verb::rollback, "ROLLBACK", said(bytes), std::move(end));
    };
    const auto of_id = [](std::string name, const std::string& bytes, ending end) {
        return in_transaction(std::move(name), verb::commit, ask_id, said(bytes), std::move(end));
    };
    play_all({
        of_begin("BEGIN as it should be", no_data() + command_complete("BEGIN"), gives("ended")),
        of_begin("BEGIN is a COMMIT", no_data() + command_complete("COMMIT"), closed(none_of_it)),
        of_begin("BEGIN is rows", rows, closed(none_of_it)),
        of_begin("BEGIN is nothing", "", closed(none_of_it)),
        of_begin("BEGIN is an empty query", empty_query_response(), closed(none_of_it)),
        of_begin("BEGIN twice", no_data() + command_complete("BEGIN") + command_complete("BEGIN"), closed(none_of_it)),
        of_begin("BEGIN is an error without fields", no_fields, closed(not_of_protocol)),
        of_begin("BEGIN is COPY", copy_in_response(1), closed("COPY")),
        in_vain(of_begin("BEGIN never", never, closed("timeout"))),
        of_commit("COMMIT as it should be", no_data() + command_complete("COMMIT"), gives("ended")),
        of_commit("COMMIT is a ROLLBACK", no_data() + command_complete("ROLLBACK"), fails("rolled back")),
        of_commit("COMMIT is a BEGIN", no_data() + command_complete("BEGIN"), closed(none_of_it)),
        of_commit("COMMIT has no tag", no_data() + command_complete(""), closed(none_of_it)),
        of_commit("COMMIT is rows", rows, closed(none_of_it)),
        of_commit("COMMIT is nothing", "", closed("its answer did not come")),
        of_commit("COMMIT is an empty query", empty_query_response(), closed(none_of_it)),
        of_commit("COMMIT is an error without fields", no_fields, closed("its answer did not come")),
        of_commit("COMMIT is an error, and a COMMIT", error_response("23505", "no") + command_complete("COMMIT"),
                  closed("")),
        in_vain(of_commit("COMMIT never", never, fails_later("COMMIT was sent"))),
        of_commit("COMMIT is ready at once", ready_for_query(), closed("its answer did not come")),
        of_rollback("ROLLBACK as it should be", no_data() + command_complete("ROLLBACK"), gives("ended")),
        of_rollback("ROLLBACK is a COMMIT", no_data() + command_complete("COMMIT"), closed(none_of_it)),
        of_rollback("ROLLBACK is rows", rows, closed(none_of_it)),
        of_rollback("ROLLBACK is an error", error_response("XX000", "no"), closed("")),
        of_rollback("ROLLBACK is nothing", "", closed(none_of_it)),
        in_vain(of_rollback("ROLLBACK never", never, fails_later(""))),
        of_id("no row for a number", id_of(an_id, {}), closed(not_readable)),
        of_id("no column for a number", id_of({}, {{}}), closed(not_readable)),
        of_id("no description of a number", no_data() + command_complete("SELECT 0"), closed(not_readable)),
        of_id("a number of another type", id_of({{"id", 20, true}}, {{seven}}), closed(not_readable)),
        of_id("half a number", id_of(an_id, {{int32(7)}}), closed(not_readable)),
        of_id("no number", id_of(an_id, {{std::nullopt}}), gives("ended")),
        of_id("an error for a number", error_response("XX000", "no"), either()),
        of_id("a number twice", id_of(an_id, {{seven}}) + id_of(an_id, {{seven}}), closed(none_of_it)),
        in_vain(of_id("a number never", never, fails_later(""))),
    });
}

BOOST_AUTO_TEST_CASE(about_types) {
    const std::string to_itself = type_columns + type_row{.kind = "d", .base = 20'000}.bytes() + looked_up;
    const std::string of_itself =
        type_columns + type_row{.kind = "b", .category = "A", .element = 20'000}.bytes() + looked_up;
    const std::string names_without_end =
        type_columns + type_row{.asked = int32(1) + int32(0) + int32(25) + int32(0x7fffffff) + int32(1)}.bytes() +
        looked_up;
    const std::string without_name = type_columns + type_row{.name = std::nullopt}.bytes() + looked_up;
    const std::string of_another = type_columns + type_row{.number = 20'001}.bytes() + looked_up;
    const std::string of_three_letters = type_columns + type_row{.kind = "enu"}.bytes() + looked_up;
    const std::string good = type_columns + type_row{}.bytes() + looked_up;
    const std::string fewer = row_description({{"type", 26, true}}) + data_row({{int32(20'000)}}) + looked_up;
    const std::string text = row_description({{"type"}}) + data_row({{"mood"}}) + looked_up;
    const std::string no_row = type_columns + looked_up;
    const std::string nothing = no_data() + looked_up;
    const std::string refused = error_response("42501", "no") + ready_for_query();
    const std::string fieldless = no_fields + ready_for_query();
    play_all({
        column_type("the type of a column", good, gives("ok")),
        column_type("a domain of itself", to_itself, closed("made of itself")),
        column_type("an array of itself", of_itself, closed("made of itself")),
        column_type("many domains, one of the other", chain_of_domains(20'000), closed("made of itself")),
        column_type("names without an end", names_without_end, closed("types")),
        column_type("a type without a name", without_name, either()),
        column_type("another type", of_another, either()),
        column_type("a kind of three letters", of_three_letters, closed("types")),
        column_type("too few columns", fewer, closed("types")),
        column_type("text", text, closed("types")),
        column_type("no row about it", no_row, either()),
        column_type("nothing about it", nothing, either()),
        column_type("not even an answer", ready_for_query(), closed("types")),
        column_type("an error", refused, fails("types")),
        column_type("an error without fields", fieldless, closed("types")),
        in_vain(column_type("no end", never, closed("types"))),
        column_type("COPY", copy_out_response(1), closed("types")),
        parameter_type("the type of a parameter", good, gives("sent")),
        parameter_type("a parameter that is a domain of itself", to_itself, closed("")),
        parameter_type("no row about a parameter", no_row, fails("no type")),
        parameter_type("nothing about a parameter", nothing, fails("no type")),
        parameter_type("too few columns about a parameter", fewer, closed("")),
        parameter_type("an error for a parameter", refused, fails("")),
        parameter_type("an error without fields for a parameter", fieldless, closed("")),
        parameter_type("no answer for a parameter", ready_for_query(), closed("")),
        in_vain(parameter_type("a parameter's type never", never, fails_later(""))),
    });
}

BOOST_AUTO_TEST_CASE(to_scripts_and_resets) {
    const std::string two = command_complete("CREATE TABLE") + command_complete("CREATE TABLE");
    play_all({
        script_answered("a script", two + ready, gives("run")),
        script_answered("a thousand statements", repeated(command_complete("CREATE TABLE"), 1'000) + ready,
                        gives("run")),
        script_answered("no statement", ready, closed(not_of_protocol)),
        script_answered("rows", rows + ready, gives("run")),
        script_answered("rows without a description", a_row + two + ready, closed(not_of_protocol)),
        script_answered("COPY both ways", message('W', std::string(3, '\0')) + ready, closed(not_of_protocol)),
        script_answered("COPY from us, again and again", repeated(copy_in_response(1), 1'000) + ready, either()),
        in_vain(script_answered("COPY to us, without an end", copy_out_response(1) + copy_data("x"), closed(""))),
        script_answered("COPY to us", copy_out_response(1) + copy_data("x") + copy_done() + two + ready, fails("COPY")),
        in_vain(script_answered("COPY to us, and ready in its midst", copy_out_response(1) + copy_data("x") + ready,
                                either())),
        script_answered("ready twice", two + ready + ready, {ending::kind::value, "run", {}}),
        script_answered("an error without fields", no_fields + ready, closed(not_of_protocol)),
        script_answered("an unknown message", message('?', "what") + two + ready, closed(not_of_protocol)),
        script_answered("parsed and bound", begun + two + ready, gives("run")),
        script_answered("a length that lies", message('C', "", 3) + ready, closed("lost synchronization")),
        in_vain(script_answered("nothing, for ever", "", closed("timeout"))),
        in_vain(script_answered("never ready", two, closed("timeout"))),
        script_answered("ready in no state", two + ready_for_query('?'), {ending::kind::either, "", false}),
        in_reset("a reset", "RESET ALL", reply{"RESET"}, gives("Alice")),
        in_reset("a reset that fails", "RESET ALL", reply::failure(error_response("XX000", "no")), closed("")),
        in_reset("a reset of rows", "CLOSE ALL", said(rows), either()),
        in_reset("a reset without an answer", "UNLISTEN *", said(""), closed(none_of_it)),
        in_reset("a reset with one too many", "DISCARD TEMP", said(rows + rows), closed(none_of_it)),
        in_reset("a reset that is rolled back", "COMMIT", reply{"ROLLBACK"}, either()),
        in_reset("a reset that begins otherwise", "BEGIN ISOLATION LEVEL READ COMMITTED", reply{"COMMIT"},
                 closed(none_of_it)),
        in_vain(in_reset("a reset that never ends", "DISCARD SEQUENCES", said(never), closed(""))),
        in_reset("a reset that is COPY", "RESET ALL", said(copy_in_response(1)), closed("COPY")),
    });
}

// A server that talks without end costs time, which has its limit, and no memory.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_nobody_takes_is_not_kept, Face, test::both_strict_faces) {
    constexpr std::size_t most = 48U << 20U;
    if (!test::can_measure_memory()) return;
    set_logger(nullptr);
    const fields large{{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', "00000"}, {'M', std::string(1U << 16U, 'x')}};
    std::string flood;
    for (int i = 0; i < 16; ++i) flood += notice_response(large);
    script steps{step::startup(), step::expect("PBDES")};
    for (int i = 0; i < 128; ++i) steps.push_back(step::send(flood));
    steps.push_back(step::send(answer + ready_for_query()));
    Face face;
    fake_server server;
    server.next(std::move(steps));
    auto conn = face.connect(server.info());
    std::size_t heard = 0;
    conn.on_notice([&](const diagnostics&) { ++heard; });
    auto limited = conn.with({.timeout = 60s, .prepare = prepare::never});
    const std::size_t before = test::resident_bytes();
    if (!test::forget_peak()) return;
    AWAIT(limited.execute("SELECT name FROM users"));
    BOOST_TEST(heard > 0U);
    BOOST_TEST(test::peak_resident_bytes() < before + most);
}

BOOST_AUTO_TEST_SUITE_END()
