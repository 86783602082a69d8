#include <coropg/detail/params.hpp>

#include <coropg/detail/composite.hpp>
#include <coropg/detail/type_catalog.hpp>

#include <algorithm>
#include <ranges>
#include <utility>

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

std::vector<std::string_view> params::unresolved() const {
    std::vector<std::string_view> names;
    for (const unresolved_slot& s : declared_) names.push_back(s.type_name);
    for (const unresolved_type& t : within_) names.push_back(t.type_name);
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

bool params::resolve(const type_catalog& types) {
    for (const std::string_view name : unresolved())
        if (types.number_of(name) == 0) return false;
    for (const unresolved_slot& s : declared_) slots_[s.index].type = types.number_of(s.type_name);
    if (std::ranges::any_of(within_, [](const unresolved_type& t) { return !t.members.empty(); })) as_encoded_ = bytes_;
    // Backwards: what lies within a composite is settled before the composite itself may be put in another order.
    for (const unresolved_type& t : std::views::reverse(within_)) {
        const oid number = types.number_of(t.type_name);
        char* const at = bytes_.data() + t.offset;
        if (t.members.empty())
            store_oid(at, number);
        else
            settle_composite({at, bytes_.size() - t.offset}, t.members, *types.find(number), types);
    }
    is_resolved_ = true;
    return true;
}

void params::unresolve() {
    if (!as_encoded_.empty()) bytes_ = std::exchange(as_encoded_, {});
    is_resolved_ = false;
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
