#include <coropg/detail/values/pg_types.hpp>

#include <string_view>

namespace coropg::detail {

namespace {

struct named_type {
    oid type;
    std::string_view name;
};

// Arrays are not listed: their names are those of their elements with "[]".
constexpr auto names = std::to_array<named_type>({
    {16, "bool"},
    {17, "bytea"},
    {18, "\"char\""},
    {19, "name"},
    {20, "int8"},
    {21, "int2"},
    {22, "int2vector"},
    {23, "int4"},
    {24, "regproc"},
    {25, "text"},
    {26, "oid"},
    {27, "tid"},
    {28, "xid"},
    {29, "cid"},
    {30, "oidvector"},
    {114, "json"},
    {142, "xml"},
    {600, "point"},
    {601, "lseg"},
    {602, "path"},
    {603, "box"},
    {604, "polygon"},
    {628, "line"},
    {650, "cidr"},
    {700, "float4"},
    {701, "float8"},
    {705, "unknown"},
    {718, "circle"},
    {774, "macaddr8"},
    {790, "money"},
    {829, "macaddr"},
    {869, "inet"},
    {1042, "bpchar"},
    {1043, "varchar"},
    {1082, "date"},
    {1083, "time"},
    {1114, "timestamp"},
    {1184, "timestamptz"},
    {1186, "interval"},
    {1266, "timetz"},
    {1560, "bit"},
    {1562, "varbit"},
    {1700, "numeric"},
    {1790, "refcursor"},
    {2202, "regprocedure"},
    {2203, "regoper"},
    {2204, "regoperator"},
    {2205, "regclass"},
    {2206, "regtype"},
    {2249, "record"},
    {2275, "cstring"},
    {2278, "void"},
    {2950, "uuid"},
    {2970, "txid_snapshot"},
    {3220, "pg_lsn"},
    {3614, "tsvector"},
    {3615, "tsquery"},
    {3734, "regconfig"},
    {3769, "regdictionary"},
    {3802, "jsonb"},
    {3904, "int4range"},
    {3906, "numrange"},
    {3908, "tsrange"},
    {3910, "tstzrange"},
    {3912, "daterange"},
    {3926, "int8range"},
    {4072, "jsonpath"},
    {4089, "regnamespace"},
    {4096, "regrole"},
    {4191, "regcollation"},
    {4451, "int4multirange"},
    {4532, "nummultirange"},
    {4533, "tsmultirange"},
    {4534, "tstzmultirange"},
    {4535, "datemultirange"},
    {4536, "int8multirange"},
    {5038, "pg_snapshot"},
    {5069, "xid8"},
});
static_assert(std::ranges::is_sorted(names, {}, &named_type::type));

std::string_view name_of(oid type) {
    const auto* const found = std::ranges::lower_bound(names, type, {}, &named_type::type);
    return found != names.end() && found->type == type ? found->name : std::string_view{};
}

}  // namespace

std::string builtin_type_name(oid type) {
    const oid element = element_of(type);
    return element == 0 ? std::string{name_of(type)} : std::string{name_of(element)} + "[]";
}

}  // namespace coropg::detail
