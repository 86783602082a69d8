// hstore as std::map<std::string, std::optional<std::string>>. Not part of <coropg/coropg.hpp>: a codec of such a
// common type is for the program to choose, and it can have only one.
#pragma once

#include <coropg/codec.hpp>

#include <map>
#include <optional>
#include <string>

namespace coropg {

/// Keys and values of the extension "hstore"; a value may be NULL.
using hstore = std::map<std::string, std::optional<std::string>>;

template <>
struct codec<hstore> {
    static constexpr pg_type type{"hstore"};
    static bool reads(oid from) { return from >= detail::first_user_oid; }
    static hstore decode(const field& f);
    /// Errors: usage_error for text with a NUL byte.
    static void encode(const hstore& value, encoder& out);
};

}  // namespace coropg
