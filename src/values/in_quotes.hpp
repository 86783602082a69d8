// A name in an error text.
#pragma once

#include <string>
#include <string_view>

namespace coropg::detail {

inline std::string in_quotes(std::string_view name) { return std::string{'"'}.append(name).append("\""); }

}  // namespace coropg::detail
