#include <coropg/detail/params.hpp>

#include <algorithm>

namespace coropg::detail {

void params::finish(std::size_t from, oid type, coropg::format format) {
    const std::size_t length = bytes_.size() - from;
    if (length > max_parameter_bytes) {
        bytes_.resize(from);
        throw usage_error{"a parameter of " + std::to_string(length) + " bytes exceeds the limit of " +
                          std::to_string(max_parameter_bytes)};
    }
    slots_.push_back({from, type, static_cast<std::int32_t>(length), format});
    if (format == format::text) bytes_.push_back('\0');  // libpq reads text up to the NUL
}

void params::fill(param_arrays& out, std::size_t first, std::size_t count) const {
    out.types.resize(count);
    out.values.resize(count);
    out.lengths.resize(count);
    out.formats.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const slot& s = slots_[first + i];
        out.types[i] = s.type;
        out.values[i] = s.length < 0 ? nullptr : (s.length == 0 && bytes_.empty() ? "" : bytes_.data() + s.offset);
        out.lengths[i] = std::max(s.length, 0);
        out.formats[i] = static_cast<int>(s.format);
    }
}

bool params::has_types(const std::vector<oid>& types, std::size_t first, std::size_t count) const {
    return types.size() == count &&
           std::equal(types.begin(), types.end(), slots_.begin() + static_cast<std::ptrdiff_t>(first),
                      [](oid type, const slot& s) { return type == s.type; });
}

std::vector<oid> params::types(std::size_t first, std::size_t count) const {
    std::vector<oid> list;
    list.reserve(count);
    for (std::size_t i = 0; i < count; ++i) list.push_back(slots_[first + i].type);
    return list;
}

std::uint64_t params::hash_types(std::uint64_t seed, std::size_t first, std::size_t count) const noexcept {
    for (std::size_t i = 0; i < count; ++i) seed = (seed ^ slots_[first + i].type) * 0x9E3779B97F4A7C15ULL;
    return seed ^ (seed >> 32U) ^ count;
}

}  // namespace coropg::detail
