#include <coropg/detail/session/type_resolver.hpp>

#include "../values/unknown_types.hpp"
#include "type_lookup.hpp"

namespace coropg::detail {

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

void type_resolver::forget_by(name_change done, bool at_rest) {
    if (done == name_change::types)
        forget();
    else if (done == name_change::meaning || (at_rest && is_meaning_local_))
        forget_names();
    is_meaning_local_ = !at_rest && (is_meaning_local_ || done != name_change::none);
    is_provisional_ = is_provisional_ && !at_rest;
}

void type_resolver::undo() {
    if (is_provisional_) forget();
}

}  // namespace coropg::detail
