// PostgreSQL's built-in types, known without asking a server: their names, for error texts, and which array
// holds which element. The numbers are fixed for ever; types made by users or extensions are not in here.
// Source: PostgreSQL's pg_type.dat.
#pragma once

#include <coropg/codec.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace coropg::detail {

struct array_and_element {
    oid array;
    oid element;
};

/// Sorted by `array`. int2vector, oidvector and pseudo-types but record are left out.
inline constexpr auto builtin_arrays = std::to_array<array_and_element>(
    {{143, 142},   {199, 114},   {271, 5069},  {629, 628},   {651, 650},   {719, 718},   {775, 774},   {791, 790},
     {1000, 16},   {1001, 17},   {1002, 18},   {1003, 19},   {1005, 21},   {1007, 23},   {1008, 24},   {1009, 25},
     {1010, 27},   {1011, 28},   {1012, 29},   {1014, 1042}, {1015, 1043}, {1016, 20},   {1017, 600},  {1018, 601},
     {1019, 602},  {1020, 603},  {1021, 700},  {1022, 701},  {1027, 604},  {1028, 26},   {1040, 829},  {1041, 869},
     {1115, 1114}, {1182, 1082}, {1183, 1083}, {1185, 1184}, {1187, 1186}, {1231, 1700}, {1270, 1266}, {1561, 1560},
     {1563, 1562}, {2201, 1790}, {2207, 2202}, {2208, 2203}, {2209, 2204}, {2210, 2205}, {2211, 2206}, {2287, 2249},
     {2949, 2970}, {2951, 2950}, {3221, 3220}, {3643, 3614}, {3645, 3615}, {3735, 3734}, {3770, 3769}, {3807, 3802},
     {3905, 3904}, {3907, 3906}, {3909, 3908}, {3911, 3910}, {3913, 3912}, {3927, 3926}, {4073, 4072}, {4090, 4089},
     {4097, 4096}, {4192, 4191}, {5039, 5038}, {6150, 4451}, {6151, 4532}, {6152, 4533}, {6153, 4534}, {6155, 4535},
     {6157, 4536}});
static_assert(std::ranges::is_sorted(builtin_arrays, {}, &array_and_element::array));

/// The type of the elements of a built-in array type; 0 for any other type.
constexpr oid element_of(oid array) noexcept {
    const auto* const found = std::ranges::lower_bound(builtin_arrays, array, {}, &array_and_element::array);
    return found != builtin_arrays.end() && found->array == array ? found->element : 0;
}

/// The built-in type of arrays of `element`; 0 when there is none.
constexpr oid array_of(oid element) noexcept {
    const auto* const found = std::ranges::find(builtin_arrays, element, &array_and_element::element);
    return found != builtin_arrays.end() ? found->array : 0;
}

/// The name of a built-in type as SQL knows it ("int4", "text[]"); empty for any other.
std::string builtin_type_name(oid type);

}  // namespace coropg::detail
