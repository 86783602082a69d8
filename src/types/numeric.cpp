#include <coropg/types/numeric.hpp>

namespace coropg::detail {

namespace {

// Source: PostgreSQL's numeric.c; the infinities exist since version 14.
constexpr std::uint16_t positive = 0x0000;
constexpr std::uint16_t negative = 0x4000;
constexpr std::uint16_t not_a_number = 0xC000;
constexpr std::uint16_t plus_infinity = 0xD000;
constexpr std::uint16_t minus_infinity = 0xF000;
constexpr std::uint16_t max_scale = 0x3FFF;

constexpr std::size_t header_bytes = 8;
constexpr int digits_per_group = 4;
constexpr std::uint16_t group_limit = 10000;

using group_text = char[digits_per_group];

void write_group(std::uint16_t group, group_text& out) {
    for (int i = digits_per_group; i-- > 0; group = static_cast<std::uint16_t>(group / 10)) {
        out[i] = static_cast<char>('0' + group % 10);
    }
}

}  // namespace

// int16 count of groups, int16 weight of the first (its value is group * 10000^weight), uint16 sign, int16 number of
// digits to print after the point, then the groups, each 0..9999. Leading and trailing groups of zeros are not sent.
std::string numeric_to_text(const field& f) {
    const std::string_view bytes = f.bytes();
    if (bytes.size() < header_bytes) f.fail<std::string>("numeric is cut short");
    const auto count = field::load<std::uint16_t>(bytes.data());
    const int weight = field::load<std::int16_t>(bytes.data() + 2);
    const auto sign = field::load<std::uint16_t>(bytes.data() + 4);
    const auto scale = field::load<std::uint16_t>(bytes.data() + 6);
    if (bytes.size() != header_bytes + std::size_t{2} * count) f.fail<std::string>("numeric has another length");

    switch (sign) {
        case not_a_number: return "NaN";
        case plus_infinity: return "Infinity";
        case minus_infinity: return "-Infinity";
        case positive:
        case negative: break;
        default: f.fail<std::string>("numeric has an unknown sign");
    }
    if (scale > max_scale) f.fail<std::string>("numeric has too large a scale");

    bool zero = true;
    for (std::size_t i = 0; i < count; ++i) {
        const auto group = field::load<std::uint16_t>(bytes.data() + header_bytes + 2 * i);
        if (group >= group_limit) f.fail<std::string>("numeric has an invalid digit");
        zero = zero && group == 0;
    }
    const auto group_at = [&](int index) -> std::uint16_t {
        if (index < 0 || index >= count) return 0;
        return field::load<std::uint16_t>(bytes.data() + header_bytes + 2 * static_cast<std::size_t>(index));
    };

    std::string text;
    if (sign == negative && !zero) text += '-';
    group_text digits;
    bool leading = true;
    for (int i = 0; !zero && i <= weight; ++i) {
        write_group(group_at(i), digits);
        for (const char digit : digits) {
            leading = leading && digit == '0';
            if (!leading) text += digit;
        }
    }
    if (leading) text += '0';
    if (scale > 0) text += '.';
    int missing = scale;
    for (int i = weight + 1; missing > 0; ++i, missing -= digits_per_group) {
        write_group(group_at(i), digits);
        text.append(digits, static_cast<std::size_t>(missing < digits_per_group ? missing : digits_per_group));
    }
    return text;
}

}  // namespace coropg::detail
