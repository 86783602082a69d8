#include <coropg/types/numeric.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace coropg {

namespace {

// Source: PostgreSQL's numeric.c; the infinities exist since version 14.
constexpr std::uint16_t positive = 0x0000;
constexpr std::uint16_t negative = 0x4000;
constexpr std::uint16_t not_a_number = 0xC000;
constexpr std::uint16_t plus_infinity = 0xD000;
constexpr std::uint16_t minus_infinity = 0xF000;
constexpr std::uint16_t max_scale = 0x3FFF;
constexpr std::int64_t max_weight = std::numeric_limits<std::int16_t>::max();

constexpr std::size_t header_bytes = 8;
constexpr int digits_per_group = 4;
constexpr std::uint16_t group_limit = 10000;

constexpr std::string_view nan_name = "NaN";
constexpr std::string_view infinity_name = "Infinity";
constexpr std::string_view minus_infinity_name = "-Infinity";

constexpr const char* not_numeric = "not a number";
constexpr const char* too_large = "more digits than a numeric has";

using group_text = std::array<char, digits_per_group>;

group_text digits_of(int group) {
    group_text digits{};
    for (std::size_t i = digits.size(); i-- > 0; group /= 10) digits[i] = static_cast<char>('0' + group % 10);
    return digits;
}

// Of a group that is not 0.
int trailing_zeros(int group) noexcept {
    int zeros = 0;
    for (; group % 10 == 0; group /= 10) ++zeros;
    return zeros;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// A numeric in binary, with all of it checked.
struct wire_numeric {
    std::string_view groups;
    int weight = 0;
    std::uint16_t sign = positive;
    std::uint16_t scale = 0;

    [[nodiscard]] int count() const { return static_cast<int>(groups.size() / 2); }
    [[nodiscard]] int group(int index) const {
        if (index < 0 || index >= count()) return 0;
        return field::load<std::uint16_t>(groups.data() + 2 * static_cast<std::size_t>(index));
    }
};

// int16 count of groups, int16 weight of the first (its value is group * 10000^weight), uint16 sign, int16 number of
// digits to print after the point, then the groups, each 0..9999. Leading and trailing groups of zeros are not sent.
// Source: numeric_send in numeric.c.
template <class T>
wire_numeric read_binary(const field& f) {
    const std::string_view bytes = f.bytes();
    if (bytes.size() < header_bytes) f.fail<T>("numeric is cut short");
    const auto count = field::load<std::uint16_t>(bytes.data());
    const wire_numeric value{bytes.substr(header_bytes), field::load<std::int16_t>(bytes.data() + 2),
                             field::load<std::uint16_t>(bytes.data() + 4),
                             field::load<std::uint16_t>(bytes.data() + 6)};
    if (value.groups.size() != std::size_t{2} * count) f.fail<T>("numeric has another length");
    switch (value.sign) {
        case not_a_number:
        case plus_infinity:
        case minus_infinity: return value;
        case positive:
        case negative: break;
        default: f.fail<T>("numeric has an unknown sign");
    }
    if (value.scale > max_scale) f.fail<T>("numeric has too large a scale");
    for (int i = 0; i < count; ++i)
        if (value.group(i) >= group_limit) f.fail<T>("numeric has an invalid digit");
    return value;
}

// `group_at(i)` counts 10000^(weight - i), and is 0 where nothing is stored.
template <class GroupAt>
std::string print(bool minus, int weight, int scale, GroupAt&& group_at) {
    std::string text;
    if (minus) text += '-';
    const std::size_t unsigned_part = text.size();
    for (int i = 0; i <= weight; ++i) {
        const group_text digits = digits_of(group_at(i));
        const auto* const first = text.size() > unsigned_part
                                      ? digits.begin()
                                      : std::ranges::find_if(digits, [](char digit) { return digit != '0'; });
        text.append(first, digits.end());
    }
    if (text.size() == unsigned_part) text += '0';
    if (scale > 0) text += '.';
    for (int i = weight + 1, missing = scale; missing > 0; ++i, missing -= digits_per_group) {
        text.append(digits_of(group_at(i)).data(), static_cast<std::size_t>(std::min(missing, digits_per_group)));
    }
    return text;
}

// The number of the fewest digits that read back as `value`.
template <class T>
numeric shortest(T value) {
    if (std::isnan(value)) return numeric::nan();
    if (std::isinf(value)) return value > 0 ? numeric::infinity() : numeric::minus_infinity();
    std::array<char, 32> text{};
    const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return numeric::parse({text.data(), end});
}

// Takes `[sign] digits` off the front; an exponent beyond all numerics stays beyond them.
bool take_exponent(std::string_view& text, std::int64_t& out) {
    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+')) text.remove_prefix(1);
    if (text.empty()) return false;
    std::int64_t value = 0;
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
        value = std::min<std::int64_t>(value * 10 + (text.front() - '0'), std::numeric_limits<std::int32_t>::max());
    out = minus ? -value : value;
    return text.empty();
}

}  // namespace

std::string detail::numeric_to_text(const field& f) {
    const auto value = read_binary<std::string>(f);
    switch (value.sign) {
        case not_a_number: return std::string{nan_name};
        case plus_infinity: return std::string{infinity_name};
        case minus_infinity: return std::string{minus_infinity_name};
        default: break;
    }
    bool zero = true;
    for (int i = 0; i < value.count(); ++i) zero = zero && value.group(i) == 0;
    return print(value.sign == negative && !zero, zero ? -1 : value.weight, value.scale,
                 [&](int i) { return value.group(i); });
}

numeric::numeric(bool is_negative, std::uint64_t magnitude) {
    if (magnitude == 0) return;
    while (magnitude % group_limit == 0) {
        magnitude /= group_limit;
        ++weight_;
    }
    for (; magnitude > 0; magnitude /= group_limit)
        groups_.push_back(static_cast<std::uint16_t>(magnitude % group_limit));
    std::ranges::reverse(groups_);
    weight_ = static_cast<std::int16_t>(weight_ + static_cast<int>(groups_.size()) - 1);
    if (is_negative) kind_ = kind::negative;
}

numeric::numeric(double value) : numeric{shortest(value)} {}
numeric::numeric(float value) : numeric{shortest(value)} {}

numeric numeric::special(kind which) {
    numeric value;
    value.kind_ = which;
    return value;
}

numeric numeric::parse(std::string_view text) {
    numeric value;
    if (const char* const problem = scan(text, value))
        throw usage_error{"a numeric cannot be parsed: " + std::string{problem}};
    return value;
}

// [sign] (digits ["." [digits]] | "." digits) ["e" [sign] digits], or a name.
const char* numeric::scan(std::string_view text, numeric& out) {
    if (text == nan_name) return out = nan(), nullptr;
    if (text == infinity_name) return out = infinity(), nullptr;
    if (text == minus_infinity_name) return out = minus_infinity(), nullptr;

    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+')) text.remove_prefix(1);
    std::string digits;
    std::size_t before_point = std::string_view::npos;
    for (; !text.empty() && (is_digit(text.front()) || text.front() == '.'); text.remove_prefix(1)) {
        if (text.front() != '.') {
            digits += text.front();
        } else if (before_point == std::string_view::npos) {
            before_point = digits.size();
        } else {
            return not_numeric;
        }
    }
    if (digits.empty()) return not_numeric;
    if (before_point == std::string_view::npos) before_point = digits.size();
    std::int64_t exponent = 0;
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (!take_exponent(text, exponent)) return not_numeric;
    }
    if (!text.empty()) return not_numeric;

    const std::int64_t scale = static_cast<std::int64_t>(digits.size() - before_point) - exponent;
    if (scale > max_scale) return too_large;
    numeric value;
    value.scale_ = static_cast<std::uint16_t>(std::max<std::int64_t>(scale, 0));

    // From here on the number is 0.digits * 10^point.
    std::int64_t point = static_cast<std::int64_t>(before_point) + exponent;
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    digits.erase(0, zeros);
    digits.erase(digits.find_last_not_of('0') + 1);
    point -= static_cast<std::int64_t>(zeros);
    if (digits.empty()) return out = std::move(value), nullptr;

    const std::int64_t weight = (point > 0 ? point + digits_per_group - 1 : point) / digits_per_group - 1;
    if (weight > max_weight) return too_large;
    value.weight_ = static_cast<std::int16_t>(weight);
    value.kind_ = minus ? kind::negative : kind::positive;
    digits.insert(0, static_cast<std::size_t>((weight + 1) * digits_per_group - point), '0');
    digits.append((digits_per_group - digits.size() % digits_per_group) % digits_per_group, '0');
    value.groups_.reserve(digits.size() / digits_per_group);
    for (auto* at = digits.data(); at != digits.data() + digits.size(); at += digits_per_group) {
        std::from_chars(at, at + digits_per_group, value.groups_.emplace_back());
    }
    out = std::move(value);
    return nullptr;
}

std::size_t numeric::significant_digits() const noexcept {
    if (groups_.empty()) return 0;
    std::size_t count = groups_.size() * digits_per_group;
    for (int limit = group_limit / 10; groups_.front() < limit; limit /= 10) --count;
    return count - static_cast<std::size_t>(trailing_zeros(groups_.back()));
}

std::string numeric::to_string() const {
    switch (kind_) {
        case kind::nan: return std::string{nan_name};
        case kind::infinity: return std::string{infinity_name};
        case kind::minus_infinity: return std::string{minus_infinity_name};
        default: break;
    }
    return print(kind_ == kind::negative, weight_, scale_, [this](int i) { return group(i); });
}

numeric::operator double() const {
    using limits = std::numeric_limits<double>;
    switch (kind_) {
        case kind::nan: return limits::quiet_NaN();
        case kind::infinity: return limits::infinity();
        case kind::minus_infinity: return -limits::infinity();
        default: break;
    }
    const std::string text = to_string();
    double value = 0;
    const auto problem = std::from_chars(text.data(), text.data() + text.size(), value).ec;
    if (problem != std::errc::result_out_of_range) return value;
    const double nearest = weight_ < 0 ? 0 : limits::infinity();
    return kind_ == kind::negative ? -nearest : nearest;
}

std::weak_ordering operator<=>(const numeric& a, const numeric& b) noexcept {
    if (a.kind_ != b.kind_ || !a.is_finite()) return a.kind_ <=> b.kind_;
    const auto magnitudes = [](const numeric& x, const numeric& y) -> std::weak_ordering {
        if (!x.groups_.empty() && !y.groups_.empty() && x.weight_ != y.weight_) return x.weight_ <=> y.weight_;
        // Not the vectors' own <=>: on big-endian machines that of GCC 12 compares half of the bytes, for its
        // lexicographical_compare_three_way tells memcmp the number of elements (bits/stl_algobase.h).
        const auto [in_x, in_y] = std::ranges::mismatch(x.groups_, y.groups_);
        const bool x_ends = in_x == x.groups_.end();
        const bool y_ends = in_y == y.groups_.end();
        return x_ends || y_ends ? y_ends <=> x_ends : *in_x <=> *in_y;
    };
    return a.kind_ == numeric::kind::negative ? magnitudes(b, a) : magnitudes(a, b);
}

numeric codec<numeric>::decode(const field& f) {
    numeric value;
    if (!f.is_binary()) {
        if (const char* const problem = numeric::scan(f.bytes(), value)) f.fail<numeric>(problem);
        return value;
    }
    const auto wire = read_binary<numeric>(f);
    switch (wire.sign) {
        case not_a_number: return numeric::nan();
        case plus_infinity: return numeric::infinity();
        case minus_infinity: return numeric::minus_infinity();
        default: break;
    }
    value.scale_ = wire.scale;
    int first = 0;
    int end = wire.count();
    while (first < end && wire.group(first) == 0) ++first;
    while (first < end && wire.group(end - 1) == 0) --end;
    if (first == end) return value;
    // Digits after the point are within the scale, so that the weight of the first group is in range, too.
    if ((end - 1 - wire.weight) * digits_per_group - trailing_zeros(wire.group(end - 1)) > wire.scale) {
        f.fail<numeric>("numeric has digits beyond its scale");
    }
    value.weight_ = static_cast<std::int16_t>(wire.weight - first);
    value.kind_ = wire.sign == negative ? numeric::kind::negative : numeric::kind::positive;
    value.groups_.reserve(static_cast<std::size_t>(end - first));
    for (int i = first; i < end; ++i) value.groups_.push_back(static_cast<std::uint16_t>(wire.group(i)));
    return value;
}

void codec<numeric>::encode(const numeric& value, encoder& out) {
    const auto sign = [&] {
        switch (value.kind_) {
            case numeric::kind::nan: return not_a_number;
            case numeric::kind::infinity: return plus_infinity;
            case numeric::kind::minus_infinity: return minus_infinity;
            case numeric::kind::negative: return negative;
            default: return positive;
        }
    };
    out.number(static_cast<std::uint16_t>(value.groups_.size()));
    out.number(value.weight_);
    out.number(sign());
    out.number(value.scale_);
    for (const std::uint16_t group : value.groups_) out.number(group);
}

}  // namespace coropg
