// What to do about a column that a C++ type cannot be read from.
#pragma once

#include <coropg/codec.hpp>

#include <string>
#include <string_view>

namespace coropg::detail {

/// The end of an error: "; cast it in the SQL, ::float8, or read it as coropg::numeric". Empty if nothing sensible can
/// be said.
std::string advice(oid column, cpp_kind wanted);

/// How a json column is read.
std::string_view advice_for_json();

}  // namespace coropg::detail
