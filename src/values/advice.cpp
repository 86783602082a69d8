#include "advice.hpp"

#include <coropg/detail/values/pg_types.hpp>
#include <coropg/types/oids.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace coropg::detail {

namespace {

/// How a column's type is read without a cast.
struct own_type {
    oid type;
    std::string_view cpp;
    bool is_number = false;
};

constexpr auto own_types = std::to_array<own_type>({
    {oids::boolean, "bool"},
    {oids::bytea, "std::vector<std::byte>"},
    {oids::name, "std::string"},
    {oids::int8, "std::int64_t", true},
    {oids::int2, "std::int16_t", true},
    {oids::int4, "std::int32_t", true},
    {oids::text, "std::string"},
    {oids::oid_, "std::uint32_t", true},
    {oids::json, "std::string"},
    {650, "coropg::inet of <coropg/types/network.hpp>"},
    {oids::float4, "float", true},
    {oids::float8, "double", true},
    {790, "coropg::money"},
    {869, "coropg::inet of <coropg/types/network.hpp>"},
    {oids::bpchar, "std::string"},
    {oids::varchar, "std::string"},
    {oids::date, "std::chrono::year_month_day"},
    {oids::time, "std::chrono::hh_mm_ss<std::chrono::microseconds>"},
    {oids::timestamp, "std::chrono::local_time<std::chrono::microseconds>"},
    {oids::timestamptz, "std::chrono::sys_time<std::chrono::microseconds>"},
    {oids::interval, "coropg::interval"},
    {oids::timetz, "coropg::timetz"},
    {oids::numeric, "coropg::numeric", true},
    {oids::uuid, "boost::uuids::uuid"},
    {oids::jsonb, "std::string"},
});
static_assert(std::ranges::is_sorted(own_types, {}, &own_type::type));

const own_type* find_own(oid type) {
    const auto* const found = std::ranges::lower_bound(own_types, type, {}, &own_type::type);
    return found != own_types.end() && found->type == type ? found : nullptr;
}

/// The type in SQL that such a C++ type reads.
std::string_view cast_for(cpp_kind wanted, bool from_number) {
    switch (wanted.what) {
        case cpp_kind::text: return "::text";
        case cpp_kind::integer:
            if (!from_number) return "";
            return wanted.size <= 2 ? "::int2" : wanted.size == 4 ? "::int4" : "::int8";
        case cpp_kind::floating:
            if (!from_number) return "";
            return wanted.size == 4 ? "::float4" : "::float8";
        default: return "";
    }
}

bool is_json(oid type) { return type == oids::json || type == oids::jsonb; }

}  // namespace

std::string_view advice_for_json() {
    return "its text is read by std::string, its content by a type that coropg::stored_as_json names "
           "(<coropg/types/json_struct.hpp>)";
}

std::string advice(oid column, cpp_kind wanted) {
    if (is_json(column) && wanted.what != cpp_kind::text) return "; " + std::string{advice_for_json()};
    const oid element = element_of(column);
    if ((element != 0) != wanted.is_list) {
        if (element == 0) return "; it is no array";
        return "; it is an array, which std::vector reads";
    }
    const own_type* const own = find_own(element != 0 ? element : column);
    if (own == nullptr) return wanted.what == cpp_kind::text ? "; cast it in the SQL, ::text" : "";
    const std::string brackets = element != 0 ? "[]" : "";
    const std::string_view cast = cast_for(wanted, own->is_number);
    std::string text = "; ";
    if (!cast.empty()) text += "cast it in the SQL, " + std::string{cast} + brackets + ", or ";
    return text + (element != 0 ? "read its elements as " : "read it as ") + std::string{own->cpp};
}

}  // namespace coropg::detail
