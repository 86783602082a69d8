#include <coropg/types/ewkb.hpp>

#include "hex.hpp"

#include <algorithm>
#include <utility>

namespace coropg::detail {

namespace {

// Source: PostGIS's liblwgeom.h.in.
constexpr std::uint32_t flag_z = 0x80000000;
constexpr std::uint32_t flag_m = 0x40000000;
constexpr std::uint32_t flag_srid = 0x20000000;
constexpr std::uint32_t type_mask = 0x1FFFFFFF;

constexpr char big_endian = 0;
constexpr char little_endian = 1;

constexpr const char* cut_short = "the geometry is cut short";
constexpr const char* malformed = "malformed geometry";
constexpr const char* another_type = "a geometry of another type";
constexpr const char* another_dimension = "a geometry of other dimensions";

// Nothing when `text` is not made of hexadecimal digits.
std::string unhex(std::string_view text) {
    std::string bytes;
    if (text.size() % 2 != 0) return bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return {};
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

}  // namespace

ewkb_reader::ewkb_reader(const field& f) : unhexed_{f.is_binary() ? std::string{} : unhex(f.bytes())} {
    rest_ = f.is_binary() ? f.bytes() : unhexed_;
}

void ewkb_reader::stop(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    rest_ = {};
}

template <class Number>
Number ewkb_reader::number() {
    if (rest_.size() < sizeof(Number)) {
        stop(cut_short);
        return {};
    }
    char bytes[sizeof(Number)];
    std::ranges::copy(rest_.substr(0, sizeof bytes), bytes);
    if (is_little_) std::ranges::reverse(bytes);
    rest_.remove_prefix(sizeof bytes);
    return field::load<Number>(bytes);
}

void ewkb_reader::header(ewkb_type wanted, std::size_t dimensions) {
    if (rest_.empty()) return stop(cut_short);
    if (rest_.front() != big_endian && rest_.front() != little_endian) return stop(malformed);
    is_little_ = rest_.front() == little_endian;
    rest_.remove_prefix(1);
    const auto type = number<std::uint32_t>();
    if ((type & flag_srid) != 0) srid_ = number<std::int32_t>();
    if ((type & type_mask) != static_cast<std::uint32_t>(wanted)) return stop(another_type);
    if ((type & flag_m) != 0 || ((type & flag_z) != 0) != (dimensions == 3)) stop(another_dimension);
}

std::size_t ewkb_reader::count(std::size_t least_bytes) {
    const std::size_t items = number<std::uint32_t>();
    if (items <= rest_.size() / least_bytes) return items;
    stop(cut_short);
    return 0;
}

double ewkb_reader::coordinate() { return number<double>(); }

void ewkb_reader::end() {
    if (!rest_.empty()) stop(malformed);
}

void write_ewkb_header(ewkb_type type, std::size_t dimensions, std::int32_t srid, encoder& out) {
    out.bytes({&big_endian, 1});
    out.number(static_cast<std::uint32_t>(type) | (dimensions == 3 ? flag_z : 0) | (srid != 0 ? flag_srid : 0));
    if (srid != 0) out.number(srid);
}

void write_ewkb_count(std::size_t count, encoder& out) {
    if (!std::in_range<std::uint32_t>(count)) throw usage_error{"a geometry parameter has too many points"};
    out.number(static_cast<std::uint32_t>(count));
}

}  // namespace coropg::detail
