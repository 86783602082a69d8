// Questions to the server about types that are not built in: by the names that codecs give them, and by the OIDs
// that results name.
#pragma once

#include <coropg/detail/session/unit.hpp>
#include <coropg/detail/values/type_catalog.hpp>

#include <string_view>
#include <vector>

namespace coropg::detail {

/// Fills `u` with the question to a server of that version, as PQserverVersion has it.
void ask_for_types(unit& u, int server_version, const std::vector<std::string_view>& names,
                   const std::vector<oid>& numbers);
/// Adds what the server answered, with all that these types consist of.
void learn_types(type_catalog& catalog, const result& answer);

}  // namespace coropg::detail
