// What is to be asked for before a result is read: types that nobody has told of, also those within records, and those
// that a value says something else of than the server did, for they may have been altered since.
#pragma once

#include <coropg/detail/values/type_catalog.hpp>
#include <coropg/result.hpp>

#include <vector>

namespace coropg::detail {

/// Whether values of this type may hold types that are not built in.
[[nodiscard]] inline bool may_hold_user_types(oid type) noexcept {
    constexpr oid record = 2249;
    constexpr oid records = 2287;
    return type >= first_user_oid || type == record || type == records;
}

/// Adds to `unknown` those of that column of `from` which `types` does not know well enough, each once.
void find_unknown_types(const result& from, int column, const type_catalog& types, std::vector<oid>& unknown);

}  // namespace coropg::detail
