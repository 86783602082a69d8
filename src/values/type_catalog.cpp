#include <coropg/detail/values/pg_types.hpp>
#include <coropg/detail/values/type_catalog.hpp>

#include <algorithm>
#include <utility>

namespace coropg::detail {

namespace {

constexpr oid text = 25;

/// Takes the last part of a dotted name off: "app.\"Mood\"" leaves "app" and gives "Mood".
std::string take_last_part(std::string_view& name) {
    std::string part;
    if (!name.ends_with('"')) {
        const std::size_t dot = name.rfind('.');
        part = name.substr(dot + 1);  // npos + 1 is 0
        for (char& c : part)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        name = dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
        return part;
    }
    name.remove_suffix(1);
    while (!name.empty()) {
        const char c = name.back();
        name.remove_suffix(1);
        if (c == '"') {
            if (!name.ends_with('"')) break;
            name.remove_suffix(1);
        }
        part.insert(part.begin(), c);
    }
    if (name.ends_with('.')) name.remove_suffix(1);
    return part;
}

/// Whether `name` is that of the type, or that with its schema.
bool is_named(const type_catalog::known_type& type, std::string_view name) {
    if (take_last_part(name) != type.name) return false;
    if (name.empty()) return true;
    const std::string schema = take_last_part(name);
    return schema == type.schema || (schema == "pg_temp" && type.schema.starts_with("pg_temp_"));
}

}  // namespace

void type_catalog::add(known_type type) {
    const oid number = type.number;
    types_.insert_or_assign(number, std::move(type));
}

void type_catalog::add_name(std::string_view name, oid number) { names_.insert_or_assign(std::string{name}, number); }

const type_catalog::known_type* type_catalog::find(oid number) const noexcept {
    const auto found = types_.find(number);
    return found == types_.end() ? nullptr : &found->second;
}

bool type_catalog::is_bottomless(oid number) const noexcept {
    constexpr int most_levels = 64;
    for (int level = 0; level < most_levels; ++level) {
        const known_type* const type = find(number);
        if (type == nullptr || (type->kind != 'd' && type->category != 'A')) return false;
        number = type->kind == 'd' ? type->base : type->element;
    }
    return true;
}

const type_catalog::known_type* type_catalog::find_base(oid number) const noexcept {
    const known_type* type = find(number);
    while (type != nullptr && type->kind == 'd' && type->base >= first_user_oid) type = find(type->base);
    return type == nullptr || type->is_doubted() ? nullptr : type;
}

oid type_catalog::number_of(std::string_view name) const noexcept {
    const auto found = names_.find(name);
    if (found == names_.end()) return 0;
    return find(found->second) == nullptr || find_base(found->second) != nullptr ? found->second : 0;
}

oid type_catalog::like(oid number) const noexcept {
    const known_type* const type = number < first_user_oid ? nullptr : find(number);
    if (type == nullptr) return number;
    if (type->kind == 'd') return like(type->base);
    if (type->kind == 'e' || type->category == 'S') return text;
    if (type->category != 'A') return number;
    const oid array = array_of(like(type->element));
    return array != 0 ? array : number;
}

bool type_catalog::is_over(const known_type& domain, oid base) const noexcept {
    for (const known_type* d = &domain; d != nullptr && d->kind == 'd'; d = find(d->base))
        if (d->base == base) return true;
    return false;
}

bool type_catalog::may_be(oid number, std::string_view name) const noexcept {
    const known_type* const type = find(number);
    if (type == nullptr || is_named(*type, name)) return true;
    if (type->kind == 'd') return may_be(type->base, name);
    if (name.ends_with("[]")) return type->category == 'A' && may_be(type->element, name.substr(0, name.size() - 2));
    return std::ranges::any_of(types_, [&](const auto& each) {
        return each.second.kind == 'd' && is_named(each.second, name) && is_over(each.second, number);
    });
}

}  // namespace coropg::detail
