#include <coropg/types/json.hpp>

#include <algorithm>
#include <cmath>

namespace coropg::detail {

std::size_t json_depth(std::string_view text) noexcept {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            if (c == '\\') ++i;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

void check_jsonb_text(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) throw usage_error{"a string of a jsonb parameter holds a NUL byte"};
}

void check_jsonb_number(double number) {
    if (!is_finite(number)) throw usage_error{"a number of a jsonb parameter is NaN or infinite"};
}

bool is_finite(double number) noexcept { return std::isfinite(number); }

}  // namespace coropg::detail
