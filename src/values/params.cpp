#include <coropg/detail/values/params.hpp>

#include <coropg/detail/values/composite.hpp>
#include <coropg/detail/values/type_catalog.hpp>

#include <algorithm>
#include <cstring>
#include <ranges>
#include <utility>

namespace coropg::detail {

namespace {

/// Whatever is appended then cannot fail.
template <class Vector>
void make_room(Vector& to, std::size_t more) {
    if (to.capacity() - to.size() < more) to.reserve(std::max(2 * to.capacity(), to.size() + more));
}

}  // namespace

std::size_t params::add_header() {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(header));
    return at;
}

void params::finish(std::size_t at, oid type, coropg::format format) {
    const std::size_t length = bytes_.size() - at - sizeof(header);
    if (length > max_parameter_bytes)
        throw usage_error{"a parameter of " + std::to_string(length) + " bytes exceeds the limit of " +
                          std::to_string(max_parameter_bytes)};
    const bool is_text = format == format::text;
    put(at, {.type = type, .length = static_cast<std::uint32_t>(length) & longest, .is_text = is_text});
    if (is_text) bytes_.push_back('\0');  // libpq reads text up to the NUL
}

void params::add_null(oid type) { put(add_header(), {.type = type, .is_null = true}); }

params::header params::header_at(std::size_t at) const noexcept {
    header h;
    std::memcpy(&h, bytes_.data() + at, sizeof h);
    return h;
}

void params::put(std::size_t at, const header& h) noexcept { std::memcpy(bytes_.data() + at, &h, sizeof h); }

template <class Visit>
void params::for_each(std::size_t first, std::size_t count, Visit visit) const {
    std::size_t at = first;
    for (std::size_t i = 0; i < count; ++i) {
        const header h = header_at(at);
        visit(i, h, bytes_.data() + at + sizeof h);
        at += sizeof h + h.length + h.is_text;
    }
}

void params::append(const params& others) {
    make_room(bytes_, others.bytes_.size());
    make_room(declared_, others.declared_.size());
    make_room(within_, others.within_.size());
    const std::size_t offset = bytes_.size();
    bytes_.insert(bytes_.end(), others.bytes_.begin(), others.bytes_.end());
    for (named_parameter p : others.declared_) {
        p.at += offset;
        declared_.push_back(p);
    }
    for (unresolved_type t : others.within_) {
        t.offset += offset;
        within_.push_back(t);
    }
}

void params::fill(param_arrays& out, std::size_t first, std::size_t count) const {
    out.make_room(count);
    for_each(first, count, [&out](std::size_t i, const header& h, const char* value) {
        out.types[i] = h.type;
        out.values[i] = h.is_null ? nullptr : value;
        out.lengths[i] = static_cast<int>(h.length);
        out.formats[i] = static_cast<int>(h.is_text || h.is_null ? format::text : format::binary);
    });
}

std::vector<std::string_view> params::unresolved() const {
    std::vector<std::string_view> names;
    for (const named_parameter& p : declared_) names.push_back(p.type_name);
    for (const unresolved_type& t : within_) names.push_back(t.type_name);
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

bool params::fill_types(const type_catalog& types) {
    for (const std::string_view name : unresolved())
        if (types.number_of(name) == 0) return false;
    if (std::ranges::any_of(within_, [](const unresolved_type& t) { return !t.members.empty(); })) as_encoded_ = bytes_;
    for (const named_parameter& p : declared_) {
        header h = header_at(p.at);
        h.type = types.number_of(p.type_name);
        put(p.at, h);
    }
    // Backwards: what lies within a composite comes before the composite itself is put in another order.
    for (const unresolved_type& t : std::views::reverse(within_)) {
        const oid number = types.number_of(t.type_name);
        char* const at = bytes_.data() + t.offset;
        const auto* const type = types.find(number);
        if (t.members.empty())
            store(at, number);
        else if (type != nullptr)
            fit_composite({at, bytes_.size() - t.offset}, t.members, *type, types);
        else  // a transaction does not see what is younger than its snapshot
            throw usage_error{"the server does not tell of what the type " + std::string{t.type_name} + " consists"};
    }
    is_resolved_ = true;
    return true;
}

void params::unresolve() {
    if (!as_encoded_.empty()) bytes_ = std::exchange(as_encoded_, {});
    is_resolved_ = false;
}

std::vector<oid> params::types(std::size_t first, std::size_t count) const {
    std::vector<oid> list(count);
    for_each(first, count, [&list](std::size_t i, const header& h, const char*) { list[i] = h.type; });
    return list;
}

}  // namespace coropg::detail
