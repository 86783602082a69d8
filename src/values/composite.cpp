#include <coropg/detail/values/composite.hpp>
#include <coropg/detail/values/pg_types.hpp>

#include "in_quotes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace coropg::detail {

namespace {

constexpr std::size_t count_bytes = 4;
constexpr std::size_t field_header_bytes = 8;

constexpr const char* cut_short = "the record is cut short";
constexpr const char* malformed = "malformed record";

std::size_t field_size(const char* at) {
    const auto length = field::load<std::int32_t>(at + 4);
    return field_header_bytes + (length < 0 ? 0 : static_cast<std::size_t>(length));
}

std::string name_of(oid type, const type_catalog& types) {
    if (const auto* known = types.find(type)) return known->name;
    const std::string builtin = builtin_type_name(type);
    return builtin.empty() ? "type " + std::to_string(type) : builtin;
}

std::string names_of(const type_catalog::known_type& type) {
    std::string names;
    for (const auto& a : type.attributes) names += (names.empty() ? "" : ", ") + a.name;
    return names;
}

/// The fields of a tuple, or those of a composite that no server told of.
std::string by_position(const record_reader& in, std::span<int> at) {
    if (in.parts().size() != at.size())
        return std::to_string(in.parts().size()) + " fields instead of " + std::to_string(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) at[i] = static_cast<int>(i);
    return {};
}

/// Whether the value is of other attributes than the type is said to have.
bool contradicts(const record_reader& in, const type_catalog::known_type& type) {
    return !std::ranges::equal(in.parts(), type.attributes, {}, &record_reader::part::type,
                               &type_catalog::attribute::type);
}

std::string by_name(const type_catalog::known_type& type, const attribute_names& wanted, std::span<int> at) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
        const auto a = std::ranges::find(type.attributes, wanted.names[i], &type_catalog::attribute::name);
        at[i] = a == type.attributes.end() ? -1 : static_cast<int>(a - type.attributes.begin());
        if (at[i] >= 0)
            ++found;
        else if (!wanted.may_lack[i])
            return "no attribute for member " + std::string{wanted.names[i]} + " in (" + names_of(type) + ")";
    }
    if (found == type.attributes.size() || wanted.lax) return {};
    for (const auto& a : type.attributes)
        if (std::ranges::find(wanted.names, std::string_view{a.name}) == wanted.names.end())
            return "no member for attribute " + a.name;
    return {};
}

/// Of these types the binary form is the text.
bool is_plain_text(oid type) {
    constexpr std::array<oid, 6> texts{25, 1043, 1042, 19, 114, 142};
    return std::ranges::find(texts, type) != texts.end();
}

/// The type of the elements of an array, also of a domain over one; else 0.
oid element_of(oid array, const type_catalog& types) {
    const auto* known = types.find(array);
    for (; known != nullptr && known->kind == 'd'; known = types.find(array)) array = known->base;
    return known != nullptr && known->category == 'A' ? known->element : coropg::detail::element_of(array);
}

/// Whether the bytes of a field that was written as `written` are those of the attribute's type, but for the types that
/// they name.
bool fits(oid written, oid wanted, const type_catalog& types) {
    const oid like = types.like(wanted);
    if (written == wanted || written == like || (is_plain_text(written) && is_plain_text(like))) return true;
    const oid element = element_of(wanted, types);
    return element != 0 && fits(element_of(written, types), element, types);
}

/// Has a field, and an array in it that of its elements, name the type of the attribute. An array has its dimensions, a
/// flag and then that type; see array_send in arrayfuncs.c.
void name_type(char* field, std::size_t size, oid wanted, const type_catalog& types) {
    constexpr std::size_t element_at = field_header_bytes + 8;
    store(field, wanted);
    const oid element = element_of(wanted, types);
    if (element != 0 && size >= element_at + sizeof element) store(field + element_at, element);
}

[[noreturn]] void does_not_fit(const type_catalog::known_type& type, const std::string& reason) {
    throw usage_error{"a parameter does not fit the composite type " + in_quotes(type.name) + " (" + names_of(type) +
                      "): " + reason};
}

}  // namespace

record_reader::record_reader(const field& f) : problem_{f.is_binary() ? read_binary(f.bytes()) : read_text(f.bytes())} {
    if (f.is_binary() || f.types() == nullptr) return;
    const auto* const type = f.types()->find(f.type());
    if (type == nullptr || type->attributes.size() != parts_.size()) return;
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].type = type->attributes[i].type;
}

std::string find_attributes(const field& f, const record_reader& in, const attribute_names& wanted, std::span<int> at) {
    const bool is_of_tuple = wanted.names.empty() || wanted.names.front().empty();
    if (is_of_tuple || f.types() == nullptr) return by_position(in, at);
    const auto* const type = f.types()->find(f.type());
    if (type == nullptr || type->kind != 'c') return "the names of its attributes are not known";
    std::string problem = contradicts(in, *type) ? "the server no longer has the type as (" + names_of(*type) + ")"
                                                 : by_name(*type, wanted, at);
    if (!problem.empty()) type->doubt();
    return problem;
}

// int32 number of fields; for each field its type's OID, int32 length or -1, bytes. Source: record_send in rowtypes.c.
const char* record_reader::read_binary(std::string_view bytes) {
    if (bytes.size() < count_bytes) return cut_short;
    const auto count = field::load<std::int32_t>(bytes.data());
    bytes.remove_prefix(count_bytes);
    if (count < 0) return malformed;
    if (static_cast<std::size_t>(count) > bytes.size() / field_header_bytes) return cut_short;
    parts_.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) {
        if (bytes.size() < field_header_bytes) return cut_short;
        const auto type = field::load<oid>(bytes.data());
        const auto length = field::load<std::int32_t>(bytes.data() + 4);
        bytes.remove_prefix(field_header_bytes);
        if (length < -1) return malformed;
        const auto size = static_cast<std::size_t>(std::max(length, 0));
        if (size > bytes.size()) return cut_short;
        parts_.push_back({bytes.substr(0, size), type, length < 0});
        bytes.remove_prefix(size);
    }
    return bytes.empty() ? nullptr : malformed;
}

// "(" [field {"," field}] ")"; a field of no characters is NULL; within quotes "" and \" are a quote, \\ a backslash.
// Source: PostgreSQL manual, "Composite Type Input and Output Syntax".
const char* record_reader::read_text(std::string_view text) {
    if (text.size() < 2 || !text.starts_with('(') || !text.ends_with(')')) return malformed;
    text = text.substr(1, text.size() - 2);
    if (text.empty()) {  // one column that is NULL looks the same as none: the reader's user knows how many there are
        parts_.push_back({{}, 0, true});
        return nullptr;
    }
    std::string value;
    bool quotes_open = false;
    bool is_null = true;
    const auto end_field = [&] {
        unescaped_.push_front(std::exchange(value, {}));
        parts_.push_back({unescaped_.front(), 0, is_null});
        is_null = true;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\') {
            if (++i == text.size()) return malformed;
            value += text[i];
        } else if (c == '"') {
            if (quotes_open && i + 1 < text.size() && text[i + 1] == '"')
                value += text[++i];
            else
                quotes_open = !quotes_open;
        } else if (c == ',' && !quotes_open) {
            end_field();
            continue;
        } else {
            value += c;
        }
        is_null = false;
    }
    if (quotes_open) return malformed;
    end_field();
    return nullptr;
}

void fit_composite(std::span<char> bytes, std::span<const std::string_view> members,
                   const type_catalog::known_type& type, const type_catalog& types) {
    if (type.kind == 'd') {
        if (const auto* base = types.find(type.base)) return fit_composite(bytes, members, *base, types);
    }
    if (type.kind != 'c') throw usage_error{"the type " + in_quotes(type.name) + " is not a composite"};
    if (type.attributes.size() != members.size())
        does_not_fit(type, "it has " + std::to_string(members.size()) + " members");

    std::vector<std::string_view> fields;
    const char* at = bytes.data() + count_bytes;
    for (std::size_t i = 0; i < members.size(); ++i) {
        fields.emplace_back(at, field_size(at));
        at += fields.back().size();
    }

    std::string fitted;
    fitted.reserve(static_cast<std::size_t>(at - bytes.data()));
    for (std::size_t i = 0; i < members.size(); ++i) {
        const auto& [name, wanted] = type.attributes[i];
        const auto found = members[i].empty() ? members.begin() + static_cast<std::ptrdiff_t>(i)
                                              : std::ranges::find(members, std::string_view{name});
        if (found == members.end()) does_not_fit(type, "no member for attribute " + in_quotes(name));
        const std::string_view source = fields[static_cast<std::size_t>(found - members.begin())];
        const auto written = field::load<oid>(source.data());
        if (!fits(written, wanted, types))
            does_not_fit(type, "attribute " + in_quotes(name) + " is " + name_of(wanted, types) +
                                   ", but the member goes out as " + name_of(written, types));
        fitted += source;
        name_type(fitted.data() + fitted.size() - source.size(), source.size(), wanted, types);
    }
    std::ranges::copy(fitted, bytes.data() + count_bytes);
}

}  // namespace coropg::detail
