#include <coropg/types/pgvector.hpp>

#include <coropg/types/arithmetic.hpp>

#include <algorithm>
#include <cmath>

namespace coropg {

namespace {

// Source: pgvector's vector.h, halfvec.h and sparsevec.h.
constexpr std::size_t max_elements = 16000;
constexpr std::int32_t max_sparse_dimensions = 1'000'000'000;

constexpr std::size_t dense_header_bytes = 4;
constexpr std::size_t sparse_header_bytes = 12;

// IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
constexpr int fraction_bits = 10;
constexpr int least_exponent = -14;
constexpr std::uint16_t half_sign = 0x8000;
constexpr std::uint16_t half_infinity = 0x7C00;

float half_to_float(std::uint16_t half) {
    const int magnitude = half & ~half_sign;
    const int exponent = magnitude >> fraction_bits;
    const int fraction = magnitude & ((1 << fraction_bits) - 1);
    const float value = magnitude > half_infinity    ? std::nanf("")
                        : magnitude == half_infinity ? HUGE_VALF
                        : exponent == 0 ? std::ldexp(static_cast<float>(fraction), least_exponent - fraction_bits)
                                        : std::ldexp(static_cast<float>(fraction + (1 << fraction_bits)),
                                                     exponent - 1 + least_exponent - fraction_bits);
    return (half & half_sign) != 0 ? -value : value;
}

// Rounds to nearest, ties to even; what rounds beyond the largest number carries into the exponent of infinity.
std::uint16_t float_to_half(float value) {
    const float magnitude = std::fabs(value);
    const int exponent = std::max(magnitude == 0 ? least_exponent : std::ilogb(magnitude), least_exponent);
    if (exponent > -least_exponent + 1) return half_infinity;
    const float digits = std::nearbyint(std::ldexp(magnitude, fraction_bits - exponent));
    const int bits = ((exponent - least_exponent) << fraction_bits) + static_cast<int>(digits);
    return static_cast<std::uint16_t>(bits | (std::signbit(value) ? half_sign : 0));
}

// Calls `append` with the text of each item between `text`'s first and last character; false when there are none such.
template <class Append>
bool split(std::string_view text, char open, char close, Append&& append) {
    if (text.size() < 2 || text.front() != open || text.back() != close) return false;
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        append(text.substr(0, end));
        if (end + 1 == text.size()) return false;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

// int16 number of elements, int16 0, elements. Source: vector_send in vector.c, halfvec_send in halfvec.c.
template <class T, class Raw, class Convert>
std::vector<float> read_dense(const field& f, Convert convert) {
    std::vector<float> elements;
    std::string_view bytes = f.bytes();
    if (!f.is_binary()) {
        const auto append = [&](std::string_view item) {
            elements.push_back(codec<float>::decode(f.part(item, oids::float4)));
        };
        if (!split(bytes, '[', ']', append)) f.fail<T>("not a vector");
        return elements;
    }
    if (bytes.size() < dense_header_bytes) f.fail<T>("the vector is cut short");
    const std::size_t size = field::load<std::uint16_t>(bytes.data());
    bytes.remove_prefix(dense_header_bytes);
    if (bytes.size() != size * sizeof(Raw)) f.fail<T>("another number of elements than announced");
    elements.reserve(size);
    for (; !bytes.empty(); bytes.remove_prefix(sizeof(Raw))) {
        elements.push_back(convert(field::load<Raw>(bytes.data())));
    }
    return elements;
}

template <class Convert>
void write_dense(const std::vector<float>& elements, encoder& out, Convert convert) {
    if (elements.empty() || elements.size() > max_elements) throw usage_error{"a vector has 1 to 16000 elements"};
    out.number(static_cast<std::uint16_t>(elements.size()));
    out.number(std::uint16_t{0});
    for (const float value : elements) out.number(convert(value));
}

float finite(float value) {
    if (!std::isfinite(value)) throw usage_error{"an element of a vector is NaN or infinite"};
    return value;
}

std::uint16_t finite_half(float value) {
    const std::uint16_t half = float_to_half(finite(value));
    if ((half & half_infinity) == half_infinity) throw usage_error{"an element of a halfvec exceeds its range"};
    return half;
}

// "{" [index ":" value {"," index ":" value}] "}/" dimensions; indices count from 1.
// Source: sparsevec_out in sparsevec.c.
sparsevec read_sparse_text(const field& f) {
    sparsevec value;
    const std::size_t slash = f.bytes().find('/');
    if (slash == std::string_view::npos) f.fail<sparsevec>("not a sparsevec");
    value.dimensions = codec<std::int32_t>::decode(f.part(f.bytes().substr(slash + 1), oids::int4));
    const auto append = [&](std::string_view item) {
        const std::size_t colon = item.find(':');
        if (colon == std::string_view::npos) f.fail<sparsevec>("not a sparsevec");
        const auto from_one = codec<std::int32_t>::decode(f.part(item.substr(0, colon), oids::int4));
        if (from_one < 1) f.fail<sparsevec>("an index is out of range");
        value.elements.push_back({from_one - 1, codec<float>::decode(f.part(item.substr(colon + 1), oids::float4))});
    };
    if (!split(f.bytes().substr(0, slash), '{', '}', append)) f.fail<sparsevec>("not a sparsevec");
    return value;
}

// int32 dimensions, int32 number of elements, int32 0; int32 index of each; float4 value of each.
// Source: sparsevec_send in sparsevec.c.
sparsevec read_sparse_binary(const field& f) {
    const std::string_view bytes = f.bytes();
    if (bytes.size() < sparse_header_bytes) f.fail<sparsevec>("the vector is cut short");
    sparsevec value;
    value.dimensions = field::load<std::int32_t>(bytes.data());
    const std::size_t size = field::load<std::uint32_t>(bytes.data() + 4);
    constexpr std::size_t element_bytes = sizeof(std::int32_t) + sizeof(float);
    const std::size_t left = bytes.size() - sparse_header_bytes;
    if (left % element_bytes != 0 || left / element_bytes != size) {  // a product may exceed 32 bits
        f.fail<sparsevec>("another number of elements than announced");
    }
    value.elements.reserve(size);
    const char* const indices = bytes.data() + sparse_header_bytes;
    const char* const values = indices + size * sizeof(std::int32_t);
    for (std::size_t i = 0; i < size; ++i) {
        value.elements.push_back({field::load<std::int32_t>(indices + i * sizeof(std::int32_t)),
                                  field::load<float>(values + i * sizeof(float))});
    }
    return value;
}

bool has_ascending_indices(const sparsevec& value) {
    std::int64_t before = -1;
    return std::ranges::all_of(value.elements, [&](const sparsevec::element& e) {
        return std::exchange(before, e.index) < e.index && e.index < value.dimensions;
    });
}

}  // namespace

vector codec<vector>::decode(const field& f) {
    return vector{read_dense<vector, float>(f, [](float value) { return value; })};
}

void codec<vector>::encode(const vector& value, encoder& out) { write_dense(value.elements, out, finite); }

halfvec codec<halfvec>::decode(const field& f) { return halfvec{read_dense<halfvec, std::uint16_t>(f, half_to_float)}; }

void codec<halfvec>::encode(const halfvec& value, encoder& out) { write_dense(value.elements, out, finite_half); }

sparsevec codec<sparsevec>::decode(const field& f) {
    sparsevec value = f.is_binary() ? read_sparse_binary(f) : read_sparse_text(f);
    if (!has_ascending_indices(value)) f.fail<sparsevec>("an index is out of range or out of order");
    return value;
}

void codec<sparsevec>::encode(const sparsevec& value, encoder& out) {
    if (value.dimensions < 1 || value.dimensions > max_sparse_dimensions || value.elements.size() > max_elements) {
        throw usage_error{"a sparsevec has 1 to 1000000000 dimensions and at most 16000 elements"};
    }
    if (!has_ascending_indices(value)) throw usage_error{"an index of a sparsevec is out of range or out of order"};
    out.number(value.dimensions);
    out.number(static_cast<std::int32_t>(value.elements.size()));
    out.number(std::int32_t{0});
    for (const sparsevec::element& e : value.elements) out.number(e.index);
    for (const sparsevec::element& e : value.elements) {
        if (e.value == 0) throw usage_error{"an element of a sparsevec is 0"};
        out.number(finite(e.value));
    }
}

}  // namespace coropg
