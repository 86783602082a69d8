// Types that are not built in.
//
// Nobody knows the OIDs of such types before a server tells. A unit that sends them waits at the head of the queue for
// a lookup, once a connection and type; a unit whose results have columns of unknown types is answered behind one.
#include <coropg/detail/session.hpp>
#include <coropg/detail/type_lookup.hpp>

namespace coropg::detail {

/// True when `u` may be sent. Else it is finished, or a lookup was queued before it.
bool session::resolve_types(unit& u) {
    try {
        u.sends_user_types = true;
        if (u.parameters.resolve(*types_)) return true;
        if (u.types_asked) {
            std::string missing;
            for (const std::string_view name : u.parameters.unresolved())
                if (types_->number_of(name) == 0) missing.append(missing.empty() ? "" : ", ").append(name);
            throw usage_error{"the server has no type " + missing + "; is it created, and on the search_path?"};
        }
        u.types_asked = true;
        look_up(u.parameters.unresolved(), {}, nullptr, u);
    } catch (const usage_error& e) {
        forget_type_names();  // a type may be altered or made anew
        unit_ptr refused = queued_.pop_front();
        refused->fail(std::make_exception_ptr(usage_error{e.what(), refused->site()}));
        finish(std::move(refused));
    }
    return false;
}

void session::look_up(const std::vector<std::string_view>& names, const std::vector<oid>& numbers, unit_ptr&& dependent,
                      const unit& asking) {
    unit_ptr u = make_unit({}, asking.where);
    ask_for_types(*u, names, numbers);
    u->is_lookup = true;
    u->deadline = asking.deadline;
    u->dependent = std::move(dependent);
    ++lookups_;
    queued_.push_front(std::move(u));
}

/// `u` was executed, and nobody knows what its results consist of.
void session::fail_unread(unit& u, const unit& lookup) {
    if (lookup.is_stopped())
        return u.fail(stop_error(u, lookup.stopped, "no time to ask for its types", outcome::executed));
    try {
        lookup.throw_failure();
    } catch (const std::exception& e) {
        u.fail(std::make_exception_ptr(decode_error{
            std::string{"the types of what it returned could not be asked for: "}.append(e.what()), u.site()}));
    }
}

void session::end_lookup(unit_ptr&& u) {
    --lookups_;
    if (!u->failed()) {
        auto more = std::make_shared<type_catalog>(*types_);
        learn_types(*more, u->commands.front().answer);
        types_ = std::move(more);
    }
    unit_ptr dependent = std::move(u->dependent);
    if (dependent) {
        if (u->failed()) fail_unread(*dependent, *u);
        for (command& c : dependent->commands) c.answer.know(types_);
        return finish(std::move(dependent));
    }
    if (!u->failed() || state_ == state::closed) return;
    // Who asked does not go out with types left open: the server may take a composite's members for others.
    queued_.for_each([&u](unit& q) {
        if (q.types_asked && !q.failed()) q.fail_as(*u);
    });
}

void session::forget_type_names() {
    auto fewer = std::make_shared<type_catalog>(*types_);
    fewer->forget_names();
    types_ = std::move(fewer);
}

void session::note_types(unit& u, result& answer) {
    const PGresult* const r = answer.native_handle();
    for (int i = 0; i < PQnfields(r); ++i) {
        const oid type = PQftype(r, i);
        if (type < first_user_oid) continue;
        answer.know(types_);
        if (types_->find(type) == nullptr && !u.is_lookup) u.unknown_types.push_back(type);
    }
}

}  // namespace coropg::detail
