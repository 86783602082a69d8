#include <coropg/types/system.hpp>

#include <coropg/types/array.hpp>

#include <array>
#include <charconv>

namespace coropg {

namespace {

constexpr std::size_t tid_bytes = 6;

// Takes a number off the front of `text`; false when there is none that fits.
template <class Number>
bool take(std::string_view& text, Number& out, int base = 10) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    if (problem != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

// In binary an array, in text numbers with a space between.
template <class Vector>
Vector read_vector(const field& f, oid element) {
    using number = typename decltype(Vector::values)::value_type;
    Vector value;
    if (f.is_binary()) {
        detail::array_reader in{f};
        if (in.problem() == nullptr && in.element_type() != element) f.fail<Vector>("elements of another type");
        value.values.reserve(in.announced());
        while (in.next()) {
            if (in.is_null()) f.fail<Vector>("an element is NULL");
            value.values.push_back(f.part(in.bytes(), element).template exactly<Vector, number>());
        }
        if (in.problem() != nullptr) f.fail<Vector>(in.problem());
        return value;
    }
    std::string_view text = f.bytes();
    while (!text.empty()) {
        if (!value.values.empty() && !take(text, ' ')) f.fail<Vector>("not numbers with spaces between");
        if (!take(text, value.values.emplace_back())) f.fail<Vector>("not a number of its range");
    }
    return value;
}

template <class Vector>
void write_vector(const Vector& value, encoder& out) {
    std::string text;
    for (const auto number : value.values) {
        if (!text.empty()) text += ' ';
        text += std::to_string(number);
    }
    out.text(text);
}

}  // namespace

// "16/B374D848": the upper and the lower half in hexadecimal. Source: pg_lsn_out in pg_lsn.c.
std::string lsn::to_string() const {
    std::array<char, 17> text{};
    char* at = text.data();
    char* const end = at + text.size();
    at = std::to_chars(at, end, value >> 32U, 16).ptr;
    *at++ = '/';
    at = std::to_chars(at, end, value & 0xFFFFFFFFU, 16).ptr;
    for (char& c : text)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return {text.data(), at};
}

lsn codec<lsn>::decode(const field& f) {
    if (f.is_binary()) return {f.exactly<lsn, std::uint64_t>()};
    std::string_view text = f.bytes();
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    if (!take(text, high, 16) || !take(text, '/') || !take(text, low, 16) || !text.empty()) f.fail<lsn>("not a pg_lsn");
    return {std::uint64_t{high} << 32U | low};
}

// uint32 block, uint16 offset; in text "(block,offset)". Source: tidsend in tid.c.
tid codec<tid>::decode(const field& f) {
    std::string_view bytes = f.bytes();
    tid value;
    if (f.is_binary()) {
        if (bytes.size() != tid_bytes) f.fail<tid>("unexpected length " + std::to_string(bytes.size()));
        return {field::load<std::uint32_t>(bytes.data()), field::load<std::uint16_t>(bytes.data() + 4)};
    }
    if (!take(bytes, '(') || !take(bytes, value.block) || !take(bytes, ',') || !take(bytes, value.offset) ||
        bytes != ")") {
        f.fail<tid>("not a tid");
    }
    return value;
}

void codec<tid>::encode(tid value, encoder& out) {
    out.number(value.block);
    out.number(value.offset);
}

int2vector codec<int2vector>::decode(const field& f) { return read_vector<int2vector>(f, oids::int2); }
void codec<int2vector>::encode(const int2vector& value, encoder& out) { write_vector(value, out); }

oidvector codec<oidvector>::decode(const field& f) { return read_vector<oidvector>(f, oids::oid_); }
void codec<oidvector>::encode(const oidvector& value, encoder& out) { write_vector(value, out); }

}  // namespace coropg
