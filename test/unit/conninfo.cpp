#include <coropg/conninfo.hpp>
#include <coropg/error.hpp>

#include <boost/test/unit_test.hpp>

using namespace coropg;

namespace {

std::string refusal(std::string_view text) {
    try {
        const conninfo info{text};
    } catch (const usage_error& e) {
        return e.what();
    }
    return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conninfo_)

BOOST_AUTO_TEST_CASE(a_uri_and_key_value_text_mean_the_same) {
    const conninfo uri{"postgresql://app:pw@db.example:5433/shop?application_name=x%20y"};
    const conninfo pairs{"user=app password=pw host=db.example port=5433 dbname=shop application_name='x y'"};
    for (const char* keyword : {"user", "password", "host", "port", "dbname", "application_name"})
        BOOST_TEST(uri.get(keyword) == pairs.get(keyword));
}

BOOST_AUTO_TEST_CASE(setters_override_what_was_parsed) {
    conninfo info{"host=a port=1"};
    info.host("b").port(2).dbname("d").user("u").connect_timeout(std::chrono::milliseconds{1500});
    BOOST_TEST(info.get("host") == "b");
    BOOST_TEST(info.get("port") == "2");
    BOOST_TEST(info.get("connect_timeout") == "2");
    info.connect_timeout(std::chrono::milliseconds::max());
    BOOST_TEST(info.get("connect_timeout") == "2147483647");
    BOOST_CHECK_THROW(info.connect_timeout(std::chrono::milliseconds{-1}), usage_error);
    BOOST_TEST(info.get("sslmode") == "");
}

BOOST_AUTO_TEST_CASE(unknown_keywords_are_refused_by_name) {
    BOOST_TEST(refusal("host=db password=my se=cret").find("se\"") == std::string::npos);
    BOOST_TEST(refusal("postgresql://h/d?password=a&bcd&sslmode=x").find("bcd") == std::string::npos);
    BOOST_TEST(refusal("postgresql://h/d?password=a=b").find("valid postgresql:// URI") != std::string::npos);
    BOOST_TEST(refusal("pasword=x").find("did you mean \"password\"") != std::string::npos);
    // With a "/" it ends the host, and what follows is the port and the database.
    for (const char* text : {"postgresql://u:s3cret/x@localhost/db", "postgresql://u:1/s3cret@localhost/db"}) {
        BOOST_TEST(refusal(text).find("%2F") != std::string::npos);
        BOOST_TEST(refusal(text).find("s3cret") == std::string::npos);
    }
    BOOST_TEST(conninfo{"postgresql://u@h/d?options=-c%20a.b%3Dx@y"}.get("dbname") == "d");
    BOOST_TEST(conninfo{"postgresql://u@h/d%40e"}.get("dbname") == "d@e");
    BOOST_TEST(refusal("postgresql://h/d?sslmod=require").find("did you mean \"sslmode\"") != std::string::npos);
    BOOST_CHECK_THROW(conninfo{}.set("databse", "x"), usage_error);
}

BOOST_AUTO_TEST_CASE(malformed_text_is_refused_without_showing_values) {
    for (const char* text : {"host", "host='open", "postgresql://u:s3cret@[::1", "host=a =s3cret"}) {
        const std::string told = refusal(text);
        BOOST_TEST(told != "accepted");
        BOOST_TEST(told.find("s3cret") == std::string::npos);
    }
    BOOST_CHECK_THROW(conninfo{std::string_view("host=a\0b", 8)}, usage_error);
    BOOST_CHECK_THROW(conninfo{}.user(std::string_view("a\0b", 3)), usage_error);
}

BOOST_AUTO_TEST_CASE(the_scheme_of_another_library_is_named_and_what_is_expected) {
    for (const std::string scheme :
         {"postgres+asyncpg", "postgresql+psycopg2", "jdbc:postgresql", "mysql", "Postgresql", "mysql+pymysql"}) {
        const std::string told = refusal(scheme + "://u:s3cret@host/d");
        BOOST_TEST(told.find("begins with \"" + scheme + "://\"") != std::string::npos, told);
        BOOST_TEST(told.find("postgresql://user@host:port/database") != std::string::npos, told);
        BOOST_TEST(told.find("s3cret") == std::string::npos, told);
    }
    BOOST_TEST(refusal("postgresql://u:mysql%3a%2f%2fx@host/d") == "accepted");
    BOOST_TEST(refusal("postgres://u@host/d") == "accepted");
    // What is no database's may be anything.
    BOOST_TEST(refusal("s3cret://u@host/d").find("s3cret") == std::string::npos);
    BOOST_TEST(refusal("mysql+s3cret://u@host/d").find("s3cret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_text_is_said_in_a_whole_sentence) {
    const auto says = [](std::string_view text, std::string_view part) {
        const std::string told = refusal(text);
        BOOST_TEST(told.find(part) != std::string::npos, told);
        BOOST_TEST(told.find("s3cret") == std::string::npos, told);
    };
    says("my s3cret", "a word has no \"=\" behind it; a database alone is dbname=...");
    says("s3cret", "dbname=...");
    says("password=my s3cret", "a value with blanks stands in single quotes");
    says("host='s3cret", "a single quote is not closed");
    says("postgresql://u:100%s3cret@h/db", "%25");
    says("postgresql://u:s3cret@[::1", "has no \"]\"");
    says("postgresql://u:s3cret@[::1]x/d", "comes neither \":\" nor \"/\"");
    says("postgresql://h/d?s3cret", "no key=value");
}

BOOST_AUTO_TEST_CASE(a_password_that_is_taken_for_a_host_is_not_shown) {
    const std::string told = refusal("postgresql://u:half@s3cret@host/d");
    BOOST_TEST(told.find("%40") != std::string::npos);
    BOOST_TEST(told.find("s3cret") == std::string::npos);
    BOOST_TEST(refusal("postgresql://u:half%40s3cret@host/d") == "accepted");
    BOOST_TEST(refusal("host=@abstract") == "accepted");
}

BOOST_AUTO_TEST_CASE(describe_leaves_passwords_out) {
    conninfo info{"host=a password=s3cret"};
    info.set("sslpassword", "s3cret");
    BOOST_TEST(info.describe() == "host=a");
}

BOOST_AUTO_TEST_SUITE_END()
