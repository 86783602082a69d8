// The common part of the codecs of JSON documents. Documents are std::string (types/text.hpp) or, by headers of their
// own, types/boost_json.hpp, types/nlohmann_json.hpp and types/json_struct.hpp. All go out as jsonb and read json too.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/oids.hpp>
#include <coropg/types/text.hpp>

#include <cstddef>
#include <string_view>

namespace coropg::detail {

/// Documents nested deeper are refused: parsers and destructors recurse, and a document may come from anywhere.
inline constexpr std::size_t max_json_depth = 500;

/// Derive a codec of documents from this.
struct jsonb_codec {
    static constexpr pg_type type{"jsonb", oids::jsonb, 3807};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::jsonb || from == oids::json; }

 protected:
    /// byte version = 1, text. Source: jsonb_recv in jsonb.c.
    static void write(std::string_view text, encoder& out) {
        out.bytes("\1");
        out.bytes(text);
    }
};

/// The depth to which brackets and braces are nested in a document.
std::size_t json_depth(std::string_view text) noexcept;

/// Errors: usage_error for what is in no jsonb, a NUL character and a number that is not finite.
void check_jsonb_text(std::string_view text);
void check_jsonb_number(double number);

/// std::isfinite, also in a program that is compiled with -ffast-math.
bool is_finite(double number) noexcept;

}  // namespace coropg::detail
