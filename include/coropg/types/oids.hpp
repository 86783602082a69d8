// The OIDs of PostgreSQL's own types, by which a codec says what it reads.
#pragma once

#include <coropg/codec.hpp>

namespace coropg {

/// OIDs of built-in types; they never change. Source: PostgreSQL's pg_type.dat.
namespace oids {
inline constexpr oid boolean = 16, bytea = 17, char_ = 18, name = 19, int8 = 20, int2 = 21, int4 = 23, text = 25,
                     oid_ = 26, json = 114, xml = 142, float4 = 700, float8 = 701, unknown = 705, bpchar = 1042,
                     varchar = 1043, date = 1082, time = 1083, timestamp = 1114, timestamptz = 1184, interval = 1186,
                     timetz = 1266, numeric = 1700, uuid = 2950, jsonb = 3802;
}  // namespace oids

}  // namespace coropg
