// The list of types that test/differential and test/fuzz go through. A new C++ type gets a `sample` in samples/, and each
// PostgreSQL type that it stands for a line at the end of the list, for the fuzzers' corpora refer to its places;
// differential/against_psycopg.py learns what psycopg makes of it.
#pragma once

#include "samples/array.hpp"
#include "samples/chrono.hpp"
#include "samples/geometry.hpp"
#include "samples/json.hpp"
#include "samples/ltree.hpp"
#include "samples/multiprecision.hpp"
#include "samples/named.hpp"
#include "samples/network.hpp"
#include "samples/numbers.hpp"
#include "samples/pgvector.hpp"
#include "samples/postgis.hpp"
#include "samples/range.hpp"
#include "samples/system.hpp"
#include "samples/text.hpp"
#include "samples/textsearch.hpp"

#include <boost/json/src.hpp>

#include <tuple>

namespace coropg::test {

/// What psycopg makes of a type: a value of Python's, in both formats or in text only, or just its text.
enum class in_python : unsigned char { value, value_of_text, text };

/// A PostgreSQL type as T.
template <class T>
struct sampled {
    using value_type = T;

    std::string_view name;  ///< as SQL has it
    coropg::oid oid;
    /// SQL that makes a random value which Python can hold; empty if psycopg has no type
    std::string_view generator{};
    std::string_view extension{};  ///< that has the type
    in_python psycopg = in_python::value;
};

inline constexpr std::tuple sampled_types{
    sampled<bool>{"bool", 16, "random() < 0.5"},
    sampled<std::int16_t>{"int2", 21, "(random() * 65535 - 32768)::int2"},
    sampled<std::int32_t>{"int4", 23, "(random() * 4294967295 - 2147483648)::int4"},
    sampled<std::int64_t>{"int8", 20, "((random() - 0.5) * 2 ^ floor(random() * 63))::int8"},
    sampled<std::uint32_t>{"oid", 26, "(random() * 4294967295)::int8::oid"},
    sampled<float>{"float4", 700, "((random() - 0.5) * 10 ^ (random() * 60 - 30))::float4"},
    sampled<double>{"float8", 701, "(random() - 0.5) * 10 ^ (random() * 600 - 300)"},
    sampled<numeric>{"numeric", 1700,
                     "CASE WHEN random() < 0.01 THEN 'NaN' ELSE round((random() - 0.5)::numeric * random()::numeric * "
                     "10::numeric ^ floor(random() * 60 - 20)::int, floor(random() * 40)::int) END"},
    sampled<std::string>{"text", 25,
                         "translate(substr(md5(random()::text), 1, floor(random() * 33)::int), '0123456789ab', "
                         "E'\\\\\"{},()\\' \\n\\u00fc\\U0001F418')"},
    sampled<std::string>{"varchar", 1043, "repeat(chr(1 + floor(random() * 55000)::int), floor(random() * 9)::int)"},
    sampled<std::vector<std::byte>>{"bytea", 17,
                                    "substr(decode(md5(random()::text), 'hex'), floor(random() * 17)::int)"},
    sampled<boost::uuids::uuid>{"uuid", 2950, "md5(random()::text)::uuid"},
    sampled<std::chrono::sys_days>{"date", 1082, "date '0001-01-01' + floor(random() * 3652059)::int"},
    sampled<std::chrono::hh_mm_ss<std::chrono::microseconds>>{"time", 1083,
                                                              "time '00:00' + random() * interval '23:59:59.999999'"},
    sampled<std::chrono::sys_time<std::chrono::microseconds>>{
        "timestamptz", 1184, "timestamptz '0001-01-02 00:00:00+00' + random() * interval '3652050 days'"},
    sampled<std::chrono::local_time<std::chrono::microseconds>>{
        "timestamp", 1114, "timestamp '0001-01-02 00:00:00' + random() * interval '3652050 days'"},
    sampled<interval>{"interval", 1186,
                      "make_interval(days => floor(random() * 2000 - 1000)::int, "
                      "secs => floor(random() * 86399999999) / 1000000)"},
    sampled<std::chrono::microseconds>{"interval", 1186},
    sampled<std::vector<std::int32_t>>{"int4[]", 1007,
                                       "ARRAY(SELECT (random() * g)::int4 FROM generate_series(1, g % 7))"},
    sampled<std::vector<std::optional<std::string>>>{
        "text[]", 1009,
        "ARRAY(SELECT (ARRAY[NULL, '', 'NULL', 'a,b', '\"', E'\\\\', '{}', md5(g::text)])[1 + floor(random() * 8)::int] "
        "FROM generate_series(1, g % 7))"},
    sampled<std::vector<std::optional<std::chrono::sys_time<std::chrono::microseconds>>>>{
        "timestamptz[]", 1185, "ARRAY[timestamptz '2026-01-01 00:00:00+00' + random() * interval '1 year', NULL]"},
    sampled<std::vector<std::vector<std::optional<double>>>>{
        "float8[]", 1022, "ARRAY[ARRAY[random(), NULL, g], ARRAY[-random(), random() * 1e300, 'NaN']]"},
    sampled<array<std::optional<std::string>>>{"text[]", 1009},
    sampled<array<std::optional<std::chrono::sys_days>>>{"date[]", 1182},
    sampled<range<std::int32_t>>{
        "int4range", 3904,
        "CASE WHEN random() < 0.1 THEN 'empty' WHEN random() < 0.2 THEN int4range(NULL, g, '(]') "
        "ELSE int4range(-g, floor(random() * g)::int, '[]') END"},
    sampled<range<numeric>>{"numrange", 3906,
                            "numrange(NULLIF(-1, g % 5 - 2) * g / 7.0, NULLIF(1, g % 3) * g / 3.0, "
                            "(ARRAY['[)', '(]', '[]', '()'])[1 + floor(random() * 4)::int])"},
    sampled<range<std::chrono::sys_days>>{"daterange", 3912},
    sampled<range<std::chrono::sys_time<std::chrono::microseconds>>>{
        "tstzrange", 3910,
        "tstzrange(timestamptz '2026-01-01 00:00:00+00' - random() * interval '9 years', timestamptz '2026-01-02', '[]')"},
    sampled<multirange<std::int64_t>>{"int8multirange", 4536,
                                      "int8multirange(int8range(-g, g - 2), int8range(g, NULL))"},
    sampled<multirange<numeric>>{"nummultirange", 4532},
    sampled<std::vector<std::optional<range<std::int64_t>>>>{"int8range[]", 3927},
    sampled<inet>{"inet", 869,
                  "CASE WHEN random() < 0.5 THEN set_masklen(inet '0.0.0.0' + floor(random() * 4294967296)::int8, "
                  "floor(random() * 33)::int) ELSE set_masklen(inet '2001:db8::' + floor(random() * 1e18)::int8, "
                  "floor(random() * 129)::int) END"},
    sampled<boost::asio::ip::address>{"inet", 869},
    sampled<boost::asio::ip::network_v4>{
        "cidr", 650, "set_masklen(cidr '0.0.0.0/0' + floor(random() * 4294967296)::int8, floor(random() * 33)::int)"},
    sampled<boost::asio::ip::network_v6>{"cidr", 650},
    sampled<macaddr>{"macaddr", 829},
    sampled<macaddr8>{"macaddr8", 774},
    sampled<std::bitset<13>>{"bit(13)", 1560, "floor(random() * 8192)::int::bit(13)", {}, in_python::text},
    sampled<boost::dynamic_bitset<>>{"varbit", 1562, "substring(g::bit(32) FROM 1 + g % 32)", {}, in_python::text},
    sampled<money>{"money", 790},
    sampled<object_id>{"oid", 26},
    sampled<xid>{"xid", 28, "floor(random() * 4294967296)::text", {}, in_python::text},
    sampled<xid8>{"xid8", 5069, "floor(random() * 2 ^ (g % 62))::int8::text", {}, in_python::text},
    sampled<cid>{"cid", 29, "floor(random() * 4294967296)::text", {}, in_python::text},
    sampled<tid>{
        "tid", 27, "format('(%s,%s)', floor(random() * 4294967296), floor(random() * 65536))", {}, in_python::text},
    sampled<lsn>{"pg_lsn", 3220, "pg_lsn '0/0' + floor(random() * 2 ^ (g % 62))::numeric", {}, in_python::text},
    sampled<int2vector>{"int2vector", 22, "repeat((g - 5000)::text || ' ', g % 5)", {}, in_python::text},
    sampled<oidvector>{"oidvector", 30, "repeat(g::text || ' ', g % 5)", {}, in_python::text},
    sampled<timetz>{
        "timetz", 1266,
        "(time '00:00' + random() * interval '23:59:59')::text || '+' || lpad((g % 15)::text, 2, '0') || ':30'"},
    sampled<point>{"point", 600},
    sampled<line>{"line", 628},
    sampled<lseg>{"lseg", 601},
    sampled<box>{"box", 603},
    sampled<path>{"path", 602},
    sampled<polygon>{"polygon", 604},
    sampled<circle>{"circle", 718},
    sampled<std::vector<std::optional<point>>>{"point[]", 1017},
    sampled<std::vector<std::optional<box>>>{"box[]", 1020},
    sampled<boost::json::value>{
        "jsonb", 3802,
        "jsonb_build_object('n', g, 'x', g / 64.0, 'a', to_jsonb(ARRAY[NULL, random() < 0.5]), '', E'\\\\ \" \\n \\u00fc', "
        "repeat('k', g % 9), jsonb_build_array('[]'::jsonb, '{}'::jsonb, random()::text))"},
    sampled<boost::json::value>{"json", 114, "json_build_array(g, NULL, g / 1024.0, chr(1 + g % 50000))"},
    sampled<mood>{"sampled_mood", detail::first_user_oid, "(ARRAY['sad', 'ok', 'happy'])[1 + g % 3]"},
    sampled<person>{"sampled_person", detail::first_user_oid,
                    "ROW(repeat('\"\\,()', g % 4), (ARRAY['sad', NULL])[1 + g % 2]::sampled_mood, "
                    "CASE WHEN g % 5 > 0 THEN random() END, ARRAY(SELECT generate_series(1, g % 4)), "
                    "CASE WHEN g % 7 > 0 THEN date '2026-01-01' + g END)"},
    sampled<hstore>{"hstore", detail::first_user_oid,
                    "hstore(ARRAY['a\"', g::text, E'\\\\ =>,'], ARRAY[NULL, 'NULL', repeat(E'\\u00fc\" ', g % 5)])",
                    "hstore", in_python::value_of_text},
    sampled<ltree>{"ltree", detail::first_user_oid, "repeat('a.', g % 9) || md5(g::text)", "ltree", in_python::text},
    sampled<lquery>{"lquery", detail::first_user_oid, {}, "ltree"},
    sampled<ltxtquery>{"ltxtquery", detail::first_user_oid, {}, "ltree"},
    sampled<vector>{"vector", detail::first_user_oid, {}, "vector"},
    sampled<halfvec>{"halfvec", detail::first_user_oid, {}, "vector"},
    sampled<sparsevec>{"sparsevec", detail::first_user_oid, {}, "vector"},
    sampled<geometry<models::point>>{"geometry", detail::first_user_oid, "ST_MakePoint(random() - 0.5, random() * 1e9)",
                                     "postgis"},
    sampled<geometry<models::point_z>>{"geometry", detail::first_user_oid, {}, "postgis"},
    sampled<geometry<models::linestring>>{"geometry", detail::first_user_oid, {}, "postgis"},
    sampled<geometry<models::linestring_z>>{"geometry", detail::first_user_oid,
                                            "ST_MakeLine(ARRAY[ST_MakePoint(g, -g, random()), ST_MakePoint(0, 1, 2)])",
                                            "postgis"},
    sampled<geometry<models::polygon>>{"geometry", detail::first_user_oid,
                                       "ST_MakePolygon(ST_ExteriorRing(ST_MakeEnvelope(-g, -1, 1, g)), "
                                       "ARRAY[ST_ExteriorRing(ST_MakeEnvelope(0, 0, 0.5, random()))])",
                                       "postgis"},
    sampled<geometry<models::multi_point>>{
        "geometry", detail::first_user_oid,
        "ST_Collect(ARRAY(SELECT ST_MakePoint(i, random()) FROM generate_series(1, 1 + g % 4) i))", "postgis"},
    sampled<geometry<models::multi_linestring>>{"geometry", detail::first_user_oid, {}, "postgis"},
    sampled<geometry<models::multi_polygon_z>>{"geometry", detail::first_user_oid, {}, "postgis"},
    sampled<geography<models::point>>{"geography", detail::first_user_oid, {}, "postgis"},
    sampled<geography<models::polygon>>{"geography", detail::first_user_oid, {}, "postgis"},
    sampled<std::vector<std::optional<geometry<models::point>>>>{"geometry[]", detail::first_user_oid, {}, "postgis"},
    sampled<boost::multiprecision::cpp_dec_float_50>{"numeric", 1700},
    sampled<boost::multiprecision::cpp_int>{"numeric", 1700},
    sampled<boost::multiprecision::int128_t>{"numeric", 1700},
    sampled<nlohmann::json>{"jsonb", 3802, "jsonb_build_object('n', g, 'x', g / 64.0, 'a', ARRAY[NULL, g])"},
    sampled<nlohmann::json>{"json", 114},
    sampled<article>{"jsonb", 3802},
    sampled<tsvector>{"tsvector", 3614},
    sampled<tsquery>{"tsquery", 3615},
    sampled<refcursor>{"refcursor", 1790},
    sampled<regproc>{"regproc", 24},
    sampled<regprocedure>{"regprocedure", 2202},
    sampled<regoper>{"regoper", 2203},
    sampled<regoperator>{"regoperator", 2204},
    sampled<regclass>{"regclass", 2205},
    sampled<regtype>{"regtype", 2206},
    sampled<regrole>{"regrole", 4096},
    sampled<regnamespace>{"regnamespace", 4089},
    sampled<regconfig>{"regconfig", 3734},
    sampled<regdictionary>{"regdictionary", 3769},
    sampled<regcollation>{"regcollation", 4191},
    sampled<user_id>{"int8", 20, "g"},
    sampled<std::variant<std::int32_t, numeric>>{"int4", 23},
    sampled<std::variant<std::chrono::sys_days, numeric>>{"date", 1082, "date '2026-01-01' + g"},
};

/// Calls `visit` with each `sampled<T>`.
template <class Visit>
void for_each_sampled_type(Visit&& visit) {
    std::apply([&](const auto&... types) { (visit(types), ...); }, sampled_types);
}

}  // namespace coropg::test
