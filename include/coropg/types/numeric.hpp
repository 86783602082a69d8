// numeric, PostgreSQL's exact decimal number, as decimal text. There is no C++ type that holds all of its values, so
// std::string reads it (types/text.hpp); double does not, since it would lose digits unnoticed: cast to float8 in SQL.
#pragma once

#include <coropg/codec.hpp>

#include <string>

namespace coropg::detail {

/// What the server would print for a numeric in binary: every digit of its scale, "NaN", "Infinity" or "-Infinity".
/// Errors: decode_error.
std::string numeric_to_text(const field& f);

}  // namespace coropg::detail
