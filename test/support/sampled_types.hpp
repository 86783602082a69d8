// The list of types that test/differential and test/fuzz go through. A new C++ type gets a `sample` in samples/, and each
// PostgreSQL type that it stands for a line at the end of the list, for the fuzzers' corpora refer to its places;
// differential/against_psycopg.py learns what psycopg makes of it.
#pragma once

#include "samples/array.hpp"
#include "samples/chrono.hpp"
#include "samples/geometry.hpp"
#include "samples/json.hpp"
#include "samples/named.hpp"
#include "samples/network.hpp"
#include "samples/numbers.hpp"
#include "samples/range.hpp"
#include "samples/system.hpp"
#include "samples/text.hpp"

#include <tuple>

namespace coropg::test {

/// A PostgreSQL type as T.
template <class T>
struct sampled {
    using value_type = T;

    std::string_view name;  ///< as SQL has it
    coropg::oid oid;
    std::string_view
        generator{};  ///< SQL that makes a random value which Python can hold; empty if psycopg has no type
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
    sampled<std::bitset<13>>{"bit(13)", 1560},
    sampled<boost::dynamic_bitset<>>{"varbit", 1562},
    sampled<money>{"money", 790},
    sampled<object_id>{"oid", 26},
    sampled<xid>{"xid", 28},
    sampled<xid8>{"xid8", 5069},
    sampled<cid>{"cid", 29},
    sampled<tid>{"tid", 27},
    sampled<lsn>{"pg_lsn", 3220},
    sampled<int2vector>{"int2vector", 22},
    sampled<oidvector>{"oidvector", 30},
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
    sampled<mood>{"sampled_mood", detail::first_user_oid},
    sampled<person>{"sampled_person", detail::first_user_oid},
    sampled<hstore>{"hstore", detail::first_user_oid},
};

/// Calls `visit` with each `sampled<T>`.
template <class Visit>
void for_each_sampled_type(Visit&& visit) {
    std::apply([&](const auto&... types) { (visit(types), ...); }, sampled_types);
}

}  // namespace coropg::test
