// The error types: what is thrown for a SQLSTATE, what an error says, and what it keeps to itself.
#include <coropg/errors.hpp>
#include <coropg/sqlstate.hpp>

#include "../support/child.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace {

using coropg::diagnostics;
using coropg::server_error;
using coropg::detail::call_site;

diagnostics report(std::string_view sqlstate, std::string_view message = "something failed") {
    diagnostics fields;
    fields.sqlstate = sqlstate;
    fields.severity = "ERROR";
    fields.message = message;
    return fields;
}

[[noreturn]] void fail_with(std::string_view sqlstate) {
    coropg::detail::throw_server_error(report(sqlstate), call_site{"select 1", std::source_location::current()},
                                       coropg::outcome::failed);
}

const std::type_info& type_thrown_for(std::string_view sqlstate) {
    try {
        fail_with(sqlstate);
    } catch (const server_error& e) {
        return typeid(e);
    }
}

bool is_transient(std::string_view sqlstate) { return server_error{report(sqlstate), call_site{}}.is_transient(); }

std::string what(diagnostics fields, std::string_view sql = "select 1") {
    return server_error{std::move(fields), call_site{std::string{sql}, std::source_location::current()}}.what();
}

/// The part of what() that shows the statement.
std::string shown_sql(std::string_view sql) {
    constexpr std::string_view before = "; statement: ";
    const std::string text = what(report("42601"), sql);
    const auto begin = text.find(before) + before.size();
    return text.substr(begin, text.find("; at ") - begin);
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string repeat(std::string_view part, int times) {
    std::string text;
    while (times-- > 0) text += part;
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

// Inside the suite, `errors` alone would be the namespace that Boost.Test makes for it.
namespace errors = coropg::errors;
namespace sqlstate = coropg::sqlstate;

BOOST_AUTO_TEST_SUITE(by_sqlstate)

BOOST_AUTO_TEST_CASE(an_error_is_caught_by_its_code_its_class_and_the_bases) {
    BOOST_CHECK_THROW(fail_with(sqlstate::unique_violation), errors::unique_violation);
    BOOST_CHECK_THROW(fail_with(sqlstate::unique_violation), errors::integrity_constraint_violation);
    BOOST_CHECK_THROW(fail_with(sqlstate::unique_violation), coropg::server_error);
    BOOST_CHECK_THROW(fail_with(sqlstate::unique_violation), coropg::error);
    BOOST_CHECK_THROW(fail_with(sqlstate::unique_violation), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(an_error_is_not_caught_by_another_code_or_class) {
    try {
        fail_with(sqlstate::unique_violation);
    } catch (const errors::check_violation&) {
        BOOST_ERROR("caught as another code of the class");
    } catch (const errors::data_exception&) {
        BOOST_ERROR("caught as another class");
    } catch (const errors::unique_violation& e) {
        BOOST_TEST(e.sqlstate() == sqlstate::unique_violation);
    }
}

BOOST_AUTO_TEST_CASE(the_generic_code_of_a_class_is_the_class) {
    BOOST_TEST((type_thrown_for("23000") == typeid(errors::integrity_constraint_violation)));
    BOOST_TEST((type_thrown_for("72000") == typeid(errors::snapshot_too_old)));
}

BOOST_AUTO_TEST_CASE(an_unknown_code_of_a_known_class_is_the_class) {
    BOOST_TEST((type_thrown_for("23999") == typeid(errors::integrity_constraint_violation)));
    BOOST_TEST((type_thrown_for("P0999") == typeid(errors::plpgsql_error)));
    BOOST_TEST((type_thrown_for("XXZZZ") == typeid(errors::internal_error)));
}

BOOST_AUTO_TEST_CASE(a_code_of_an_unknown_class_is_a_plain_server_error) {
    for (const std::string_view unknown : {"00001", "12345", "ZZ000", "ZZZZZ", "zzzzz"})
        BOOST_TEST((type_thrown_for(unknown) == typeid(server_error)), unknown);
}

BOOST_AUTO_TEST_CASE(the_code_of_a_warning_is_a_plain_server_error) {
    BOOST_TEST((type_thrown_for(sqlstate::successful_completion) == typeid(server_error)));
    BOOST_TEST((type_thrown_for(sqlstate::warning) == typeid(server_error)));
    BOOST_TEST((type_thrown_for(sqlstate::no_data) == typeid(server_error)));
}

BOOST_AUTO_TEST_CASE(an_error_without_sqlstate_is_a_plain_server_error_that_says_so) {
    BOOST_TEST((type_thrown_for("") == typeid(server_error)));
    BOOST_TEST(contains(what(report("")), "no SQLSTATE"));
    BOOST_TEST(!is_transient(""));
}

BOOST_AUTO_TEST_CASE(a_sqlstate_that_is_not_five_characters_is_a_plain_server_error) {
    for (const std::string_view broken : {"2", "23", "2350", "235050"})
        BOOST_TEST((type_thrown_for(broken) == typeid(server_error)), broken);
}

BOOST_AUTO_TEST_CASE(a_name_of_two_classes_has_the_class_as_suffix_in_the_second) {
    BOOST_TEST(sqlstate::modifying_sql_data_not_permitted == "2F002");
    BOOST_TEST(sqlstate::modifying_sql_data_not_permitted_38 == "38002");
    BOOST_TEST((type_thrown_for("2F002") == typeid(errors::modifying_sql_data_not_permitted)));
    BOOST_TEST((type_thrown_for("38002") == typeid(errors::modifying_sql_data_not_permitted_38)));
}

BOOST_AUTO_TEST_CASE(an_error_keeps_its_plain_name_when_a_warning_comes_first) {
    BOOST_TEST(sqlstate::string_data_right_truncation == "22001");
    BOOST_TEST(sqlstate::string_data_right_truncation_01 == "01004");
}

template <class Error>
void raise(std::string_view code) {
    BOOST_TEST(Error::code == code);
    BOOST_TEST((type_thrown_for(code) == typeid(Error)), code);
    static_assert(std::is_nothrow_copy_constructible_v<Error>);
}

BOOST_AUTO_TEST_CASE(every_error_of_the_table_is_thrown_as_its_own_type) {
    struct row {
        std::string_view code;
        void (*check)(std::string_view);
    };
    const std::vector<row> table{
#include "../../src/server_errors.inc"
    };
    BOOST_TEST(table.size() > 200U);
    for (const row& r : table) r.check(r.code);

    const auto not_less = [](const row& a, const row& b) { return a.code >= b.code; };
    BOOST_TEST((std::ranges::adjacent_find(table, not_less) == table.end()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(transience)

BOOST_AUTO_TEST_CASE(conflicts_and_a_server_that_stops_or_is_full_are_transient) {
    for (const std::string_view code : {"40001", "40P01", "53300", "57P01", "57P02", "57P03"})
        BOOST_TEST(is_transient(code), code);
}

BOOST_AUTO_TEST_CASE(an_error_that_repeats_itself_is_not_transient) {
    for (const std::string_view code : {"22012", "23505", "42601", "28P01", "57014", "XX000"})
        BOOST_TEST(!is_transient(code), code);
}

BOOST_AUTO_TEST_CASE(the_base_answers_for_the_thrown_type) {
    try {
        fail_with(sqlstate::deadlock_detected);
    } catch (const coropg::error& e) {
        BOOST_TEST(e.is_transient());
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(an_error_says_its_code_message_statement_and_line) {
    const auto here = std::source_location::current();
    const server_error e{report("42P01", "relation \"no_such\" does not exist"),
                         call_site{"select *\n  from\tno_such", here}};
    const std::string text = "ERROR 42P01: relation \"no_such\" does not exist; statement: select * from no_such";
    BOOST_TEST(e.what() == text + "; at errors.cpp:" + std::to_string(here.line()));
    BOOST_TEST(e.sql() == "select *\n  from\tno_such");
    BOOST_TEST(e.where().line() == here.line());
}

BOOST_AUTO_TEST_CASE(an_error_about_no_statement_shows_none) {
    const coropg::usage_error e{"the connection is closed"};
    BOOST_TEST(e.what() == "the connection is closed");
    BOOST_TEST(e.sql().empty());
    BOOST_TEST(e.where().line() == 0U);
}

BOOST_AUTO_TEST_CASE(sql_of_120_bytes_is_shown_whole_and_longer_sql_is_cut_there) {
    const std::string fits(120, 'x');
    BOOST_TEST(shown_sql(fits) == fits);
    BOOST_TEST(shown_sql(fits + "y") == fits + "...");
    BOOST_TEST(shown_sql(fits + repeat("y", 1000)) == fits + "...");
}

BOOST_AUTO_TEST_CASE(sql_is_never_cut_inside_a_character) {
    for (const std::string_view character : {"\u00e9", "\u20ac", "\U0001f418"}) {
        for (int ahead = 0; ahead != 4; ++ahead) {
            const std::string shown = shown_sql(repeat("x", ahead) + repeat(character, 100));
            BOOST_TEST(shown.ends_with("..."));
            const auto characters = shown.size() - 3 - static_cast<std::size_t>(ahead);
            BOOST_TEST(characters % character.size() == 0U, shown);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_data_exception_keeps_the_quoted_value_out_of_what) {
    const server_error e{report("22P02", "invalid input syntax for type integer: \"4111-1111\""), call_site{}};
    BOOST_TEST(!contains(e.what(), "4111"));
    BOOST_TEST(contains(e.what(), "invalid input syntax for type integer: ..."));
    BOOST_TEST(contains(e.message(), "4111-1111"));
}

BOOST_AUTO_TEST_CASE(a_data_exception_in_another_language_keeps_its_value_out_of_what) {
    // German: »…«, French: « … »
    for (const std::string_view quoted : {"\u00bb4111\u00ab", "\u00ab 4111 \u00bb", "\u201e4111\u201c"})
        BOOST_TEST(!contains(what(report("22P02", std::string{"ung\u00fcltige Eingabe: "}.append(quoted))), "4111"));
    // what servers make of these in an encoding that does not have them
    for (const std::string_view quoted : {">>secret<<", "<< secret >>", "?secret?", "`secret`"}) {
        const std::string text = what(report("22P02", std::string{"Eingabesyntax: "}.append(quoted)));
        BOOST_TEST(!contains(text, "secret"), text);
        BOOST_TEST(contains(text, "Eingabesyntax: ..."), text);
    }
}

BOOST_AUTO_TEST_CASE(detail_is_kept_out_of_what) {
    diagnostics fields = report("23505", "duplicate key value violates unique constraint \"people_mail_key\"");
    fields.detail = "Key (mail)=(ann@example.org) already exists.";
    fields.constraint = "people_mail_key";
    const server_error e{std::move(fields), call_site{}};
    BOOST_TEST(!contains(e.what(), "ann@example.org"));
    BOOST_TEST(contains(e.what(), "people_mail_key"));
    BOOST_TEST(contains(e.detail(), "ann@example.org"));
    BOOST_TEST(e.constraint() == "people_mail_key");
}

BOOST_AUTO_TEST_CASE(position_and_hint_are_part_of_what) {
    diagnostics fields = report("42703", "column \"nmae\" does not exist");
    fields.position = 8;
    fields.hint = "Perhaps you meant to reference the column \"t.name\".";
    const std::string text = what(std::move(fields));
    BOOST_TEST(contains(text, "position 8"));
    BOOST_TEST(contains(text, "Perhaps you meant"));
}

BOOST_AUTO_TEST_CASE(a_copy_shares_text_and_fields_and_cannot_fail) {
    static_assert(std::is_nothrow_copy_constructible_v<coropg::error>);
    static_assert(std::is_nothrow_copy_constructible_v<coropg::connection_error>);
    static_assert(std::is_nothrow_copy_constructible_v<coropg::commit_in_doubt>);
    static_assert(std::is_nothrow_copy_constructible_v<server_error>);
    static_assert(std::is_nothrow_copy_constructible_v<errors::unique_violation>);
    static_assert(std::is_nothrow_copy_assignable_v<errors::unique_violation>);

    const errors::unique_violation e{report("23505"), call_site{"insert", std::source_location::current()}};
    const errors::unique_violation copy{e};
    BOOST_TEST(&copy.fields() == &e.fields());
    BOOST_TEST(copy.sql().data() == e.sql().data());
    BOOST_TEST(copy.what() == std::string_view{e.what()});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connection_error)

using namespace std::chrono_literals;

coropg::connect_attempt attempt(std::string host, std::string state, std::string reason) {
    coropg::connect_attempt a;
    a.host = std::move(host);
    a.address = "192.0.2.7";
    a.port = "5432";
    a.sqlstate = std::move(state);
    a.reason = std::move(reason);
    a.elapsed = 12ms;
    return a;
}

BOOST_AUTO_TEST_CASE(every_attempt_is_listed_in_order) {
    const coropg::connection_error e{
        {attempt("alpha", "", "connection refused"), attempt("beta", "57P03", "the database system is starting up")}};
    const std::string_view text = e.what();
    const auto alpha = text.find("alpha (192.0.2.7) port 5432: connection refused [12 ms]");
    const auto beta = text.find("beta (192.0.2.7) port 5432: the database system is starting up [12 ms]");
    BOOST_TEST(alpha < beta);
    BOOST_TEST(beta != std::string_view::npos);
    BOOST_REQUIRE(e.attempts().size() == 2U);
    BOOST_TEST(e.attempts()[0].host == "alpha");
    BOOST_TEST(e.attempts()[1].sqlstate == "57P03");
    BOOST_TEST(coropg::connection_error{e}.attempts().data() == e.attempts().data());
}

BOOST_AUTO_TEST_CASE(a_host_out_of_reach_or_busy_is_transient) {
    BOOST_TEST(coropg::connection_error{{attempt("alpha", "", "connection refused")}}.is_transient());
    BOOST_TEST(coropg::connection_error{{attempt("alpha", "57P03", "starting up")}}.is_transient());
}

BOOST_AUTO_TEST_CASE(refused_credentials_and_databases_are_not_transient) {
    for (const std::string_view code : {"28P01", "28000", "3D000"}) {
        const coropg::connection_error e{{attempt("alpha", std::string{code}, "refused")}};
        BOOST_TEST(!e.is_transient(), code);
    }
}

BOOST_AUTO_TEST_CASE(control_characters_of_the_server_are_shown) {
    diagnostics d;
    d.severity = "ERROR";
    d.sqlstate = "P0001";
    d.message = "red \x1b[31malert\x07\nnext line";
    const server_error e{d, {}};
    BOOST_TEST(std::string_view{e.what()}.find("red \\x1B[31malert\\x07\nnext line") != std::string_view::npos);
    BOOST_TEST(e.message() == d.message);
    const coropg::connection_error refused{{coropg::connect_attempt{"h", {}, "1", {}, "\x1b]0;title\x07", {}}}};
    BOOST_TEST(std::string_view{refused.what()}.find('\x1b') == std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_has_no_attempts_and_is_transient) {
    const coropg::connection_error e{"the server closed the connection"};
    BOOST_TEST(e.attempts().empty());
    BOOST_TEST(e.is_transient());
}

BOOST_AUTO_TEST_CASE(a_commit_in_doubt_is_a_lost_connection_that_is_not_transient) {
    const coropg::commit_in_doubt doubt{"the server closed the connection"};
    const coropg::connection_error& e = doubt;
    BOOST_TEST(!e.is_transient());
}

#ifdef __GLIBCXX__
BOOST_AUTO_TEST_CASE(an_error_that_nobody_catches_is_printed_by_its_name) {
    const auto printed_for = [](std::string_view sqlstate) {
        const auto end = coropg::test::end_of_child([&] {
            std::set_terminate(__gnu_cxx::__verbose_terminate_handler);
            try {
                fail_with(sqlstate);
            } catch (...) {
                std::terminate();
            }
        });
        BOOST_TEST(end.has_aborted());
        return end.said;
    };
    BOOST_TEST(printed_for("23505").find("instance of 'coropg::errors::unique_violation'\n") != std::string::npos);
    BOOST_TEST(printed_for("23999").find("instance of 'coropg::errors::integrity_constraint_violation'\n") !=
               std::string::npos);
    BOOST_TEST(printed_for("ZZ999").find("instance of 'coropg::server_error'\n") != std::string::npos);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
