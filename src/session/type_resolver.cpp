#include <coropg/detail/session/type_resolver.hpp>

#include "../values/unknown_types.hpp"
#include "type_lookup.hpp"

#include <algorithm>

namespace coropg::detail {

namespace {

/// Whether a statement with this tag makes, alters or drops what is a type, or has one.
bool is_of_types(std::string_view tag) {
    constexpr std::string_view kinds[]{"TYPE", "DOMAIN", "TABLE", "VIEW", "EXTENSION", "SCHEMA", "OWNED"};
    const bool is_definition = tag.starts_with("CREATE ") || tag.starts_with("ALTER ") || tag.starts_with("DROP ");
    return is_definition && std::ranges::any_of(kinds, [tag](std::string_view kind) { return tag.ends_with(kind); });
}

bool names_search_path(std::string_view sql) {
    constexpr std::string_view name = "search_path";
    const auto is_same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
    return !std::ranges::search(sql, name, is_same).empty();
}

}  // namespace

std::string type_resolver::missing_types(const params& parameters) const {
    std::string missing;
    for (const std::string_view name : parameters.unresolved())
        if (known_->number_of(name) == 0) missing.append(missing.empty() ? "" : ", ").append(name);
    return missing;
}

void type_resolver::note_types(unit& u, result& answer) const {
    const PGresult* const r = answer.native_handle();
    for (int i = 0; i < PQnfields(r); ++i) {
        if (!may_hold_user_types(PQftype(r, i))) continue;
        answer.know(known_);
        if (u.is_for != purpose::lookup) find_unknown_types(answer, i, *known_, u.unknown_types);
    }
}

void type_resolver::end_lookup(const result* answer, bool in_transaction) {
    --lookups_;
    if (answer == nullptr) return;
    is_provisional_ = is_provisional_ || in_transaction;
    auto more = std::make_shared<type_catalog>(*known_);
    learn_types(*more, *answer);
    known_ = std::move(more);
}

void type_resolver::forget_names() {
    auto fewer = std::make_shared<type_catalog>(*known_);
    fewer->forget_names();
    share(std::move(fewer));
}

void type_resolver::forget() {
    is_provisional_ = false;
    share(std::make_shared<type_catalog>());
    if (clean_) clean_ = known_;
}

void type_resolver::note_tag(std::string_view tag, std::string_view sql) {
    if (tag == "COMMIT" || tag == "ROLLBACK") {
        if (is_path_local_) forget_names();
        if (tag == "ROLLBACK") return undo();  // to a savepoint, perhaps
        is_provisional_ = is_path_local_ = false;
    } else if (is_of_types(tag)) {
        tag.starts_with("CREATE ") ? forget_names() : forget();
    } else if (tag == "DISCARD ALL" || tag == "RESET" || (tag == "SET" && names_search_path(sql))) {
        is_path_local_ = tag == "SET";
        forget_names();
    }
}

void type_resolver::undo() {
    if (is_provisional_) forget();
}

}  // namespace coropg::detail
