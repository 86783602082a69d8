#include <coropg/types/text.hpp>

namespace coropg {

char codec<char>::decode(const field& f) {
    const std::string_view text = detail::characters<char>(f);
    if (text.size() == 1) return text[0];
    if (f.type() == oids::char_) {
        if (text.empty() && f.bytes().size() == (f.is_binary() ? 1U : 0U)) return '\0';
        // PostgreSQL 16 and newer print a byte above 127 as backslash and three octal digits.
        unsigned byte = 0;
        bool octal = !f.is_binary() && text.size() == 4 && text[0] == '\\';
        for (const char digit : octal ? text.substr(1) : std::string_view{}) {
            octal = octal && digit >= '0' && digit <= '7';
            byte = byte * 8 + static_cast<unsigned char>(digit - '0');
        }
        if (octal && byte <= 0xFF) return static_cast<char>(byte);
    }
    f.fail<char>("not exactly one byte");
}

}  // namespace coropg
