// Hexadecimal digits, as bytea and uuid are printed.
#pragma once

namespace coropg::detail {

/// The value of a hexadecimal digit, or -1.
constexpr int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace coropg::detail
