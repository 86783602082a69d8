// The basic types, C++ -> server -> C++ in both formats. Other families have files of their own: types_*.cpp.
#include "../support/extension.hpp"
#include "../support/round_trip.hpp"

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <cmath>
#include <limits>

namespace types_test {

struct user_id {
    std::int64_t value;
    bool operator==(const user_id&) const = default;
};
struct login {
    std::string name;
    bool operator==(const login&) const = default;
};

struct email {
    std::string value;
    bool operator==(const email&) const = default;
};
struct padded {
    std::string value;
    bool operator==(const padded&) const = default;
};

}  // namespace types_test

using types_test::email;
using types_test::login;
using types_test::padded;
using types_test::user_id;

template <>
struct coropg::codec<user_id> : coropg::strong_codec<user_id> {};
template <>
struct coropg::codec<login> : coropg::strong_codec<login> {};
template <>
struct coropg::codec<email> : coropg::strong_codec<email, "citext"> {};
template <>
struct coropg::codec<padded> : coropg::strong_codec<padded, "bpchar"> {};

using namespace coropg;
using namespace coropg::test;
using namespace std::chrono;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(types)

BOOST_AUTO_TEST_CASE_TEMPLATE(numbers_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round(face, conn, "bool", true);
    goes_round(face, conn, "bool", true);
    for (const std::int16_t v :
         {std::numeric_limits<std::int16_t>::min(), std::int16_t{-1}, std::numeric_limits<std::int16_t>::max()})
        goes_round(face, conn, "int2", v);
    for (const int v : {std::numeric_limits<int>::min(), 0, std::numeric_limits<int>::max()})
        goes_round(face, conn, "int4", v);
    for (const std::int64_t v :
         {std::numeric_limits<std::int64_t>::min(), std::int64_t{0}, std::numeric_limits<std::int64_t>::max()})
        goes_round(face, conn, "int8", v);
    for (const float v : {0.1F, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::denorm_min()})
        goes_round(face, conn, "float4", v);
    for (const double v : {0.1, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::max()})
        goes_round(face, conn, "float8", v);
    BOOST_TEST(std::isnan(reads<double>(face, conn, "'NaN'::float8")));
    BOOST_TEST(reads<std::uint32_t>(face, conn, "4294967295::oid") == 4294967295U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(text_and_its_kin_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* v : {"", "plain", "quote ' \" \\ back", "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x90\x98", "NULL", "{a,b}"})
        for (const char* type : {"text", "varchar", "name"}) goes_round(face, conn, type, std::string{v});
    BOOST_TEST(reads<std::string>(face, conn, "'ab'::char(4)") == "ab  ");
    BOOST_TEST(reads<std::string>(face, conn, "'<a/>'::xml") == "<a/>");
    goes_round_alone(face, conn, "json", std::string{R"({"a" : [1, 2]})"});
    BOOST_TEST(reads<std::string>(face, conn, R"('{"a" :   1}'::jsonb)") == R"({"a": 1})");
    BOOST_TEST(AWAIT(conn.template fetch_one<int>("SELECT ($1::jsonb -> 'a')::int", R"({"a": 5})")) == 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_looks_like_text_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round(face, conn, "char(10)", std::string{"padded    "});
    goes_round(face, conn, "xml", std::string{"<a b=\"c\">d</a>"});
    goes_round(face, conn, "jsonpath", std::string{"$.\"a\"[*]"});
    for (const char c : {'x', '"', '\\', ' '}) goes_round_alone(face, conn, "\"char\"", c);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_variant_goes_out_as_what_it_holds, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    using any = std::variant<std::monostate, std::int64_t, std::string, std::vector<double>>;
    for (const any& value : {any{}, any{5}, any{"text"}, any{std::vector{1.5, 2.5}}}) {
        const result r = AWAIT(conn.execute("SELECT $1", value));
        BOOST_TEST((r[0][0].template as<any>() == value));
        BOOST_TEST(r.column_type(0) == (std::array<oid, 4>{25, 20, 25, 1022}.at(value.index())));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_strong_typedef_goes_as_its_member, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round(face, conn, "int8", user_id{1LL << 40});
    goes_round(face, conn, "text", login{"Eve"});
    AWAIT(conn.execute("SELECT $1::int8[]", std::vector{user_id{1}, user_id{2}}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(numeric_is_exact_as_text, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const char* v :
         {"0", "-0.00012300", "123456789012345678901234567890.5", "NaN", "Infinity", "-Infinity", "10000", "0.10"})
        goes_round_alone(face, conn, "numeric", std::string{v});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(bytes_and_uuids_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    std::vector<std::byte> all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::byte>(i));
    goes_round(face, conn, "bytea", all);
    goes_round(face, conn, "bytea", std::vector<std::byte>{});
    goes_round(face, conn, "uuid", boost::uuids::string_generator{}("8a7f2bb2-6b6c-4f0e-9d57-2a4c0b5c11aa"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(dates_and_times_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const microseconds m : {0us, 1us, 24h - 1us}) goes_round(face, conn, "time", m);
    for (const year_month_day v : {2026y / 1 / 1, 2000y / 2 / 29, 1y / 1 / 1, 9999y / 12 / 31, year{-43} / 3 / 15}) {
        goes_round(face, conn, "date", v);
        goes_round(face, conn, "date", sys_days{v});
        goes_round(face, conn, "timestamptz", sys_time<microseconds>{sys_days{v} + 13h + 1us});
        goes_round(face, conn, "timestamp", local_time<microseconds>{local_days{v} + 23h + 59min + 999999us});
    }
    goes_round(face, conn, "date", sys_days::max());
    goes_round(face, conn, "timestamptz", sys_time<microseconds>::min());
    BOOST_TEST((reads<sys_days>(face, conn, "'infinity'::date") == sys_days::max()));
    for (const microseconds v : {0us, microseconds{24h}, 12h + 34min + 56s + 789us}) {
        const auto back =
            AWAIT(conn.template fetch_one<hh_mm_ss<microseconds>>("SELECT $1::time", hh_mm_ss<microseconds>{v}));
        BOOST_TEST((back.to_duration() == v));
    }
    goes_round(face, conn, "interval", interval{14, -3, 5h + 1us});
    goes_round(face, conn, "interval", milliseconds{90061001});
    BOOST_TEST((reads<interval>(face, conn, "'1 year 2 mons -3 days 04:05:06'::interval") ==
                interval{14, -3, 4h + 5min + 6s}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(arrays_of_every_length_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const std::size_t n : {0U, 1U, 1000U}) {
        goes_round_alone(face, conn, "int4[]", std::vector<int>(n, -7));
        goes_round_alone(face, conn, "text[]", std::vector<std::string>(n, "a,\"b\\ {}"));
        goes_round_alone(face, conn, "bool[]", std::vector<bool>(n, true));
    }
    goes_round_alone(face, conn, "int8[]", std::array<std::int64_t, 3>{1, 2, 3});
    BOOST_TEST(AWAIT(conn.template fetch_one<std::int64_t>(
                   "SELECT count(*) FROM generate_series(1, 9) g WHERE g = ANY($1)", std::vector<int>{2, 3, 20})) == 2);
    ERROR_OF(null_error, conn.template fetch_one<std::vector<int>>("SELECT ARRAY[1, NULL]"));
    ERROR_OF(decode_error, conn.template fetch_one<std::vector<int>>("SELECT ARRAY[[1], [2]]"));
    ERROR_OF(decode_error, conn.template fetch_one<std::vector<std::int16_t>>("SELECT ARRAY[70000]"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(types_citext)

BOOST_AUTO_TEST_CASE_TEMPLATE(text_without_case_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    if (!has_extension(face, conn, "citext")) return;
    goes_round(face, conn, "citext", std::string{"MiXed"});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_type_of_an_arrays_elements_can_be_named, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    const auto found = [&](const auto& sql, const auto& among) {
        return AWAIT(conn.template fetch_one<std::int64_t>(sql, among));
    };
    const unchecked_sql of_chars{"SELECT count(*) FROM (SELECT 'a'::char(3) AS c) t WHERE c = ANY($1)"};
    BOOST_TEST(found(of_chars, std::vector<std::string>{"a  "}) == 0);
    BOOST_TEST(found(of_chars, std::vector<padded>{{"a  "}, {"b"}}) == 1);
    goes_round(face, conn, "bpchar", padded{"a "});
    if (!has_extension(face, conn, "citext")) return;
    const unchecked_sql of_emails{"SELECT count(*) FROM (SELECT 'A@b.c'::citext AS e) t WHERE e = ANY($1)"};
    BOOST_TEST(found(of_emails, std::vector<std::string>{"a@B.c"}) == 0);
    BOOST_TEST(found(of_emails, std::vector<email>{{"x"}, {"a@B.c"}}) == 1);
    goes_round(face, conn, "citext", email{"MiXed"});
}

BOOST_AUTO_TEST_SUITE_END()
