// Types that are not built in.
//
// Nobody knows the OIDs of such types before a server tells. A unit that sends them waits at the head of the queue for
// a lookup, once a connection and type; a unit whose results have columns of unknown types is answered behind one.
#include <coropg/detail/session/session.hpp>

#include "type_lookup.hpp"

namespace coropg::detail {

namespace {

/// `u` was executed, and nobody knows what its results consist of.
std::exception_ptr unread_error(const unit& u, const unit& lookup) {
    if (lookup.is_stopped()) return stop_error(u, lookup.stopped, "no time to ask for its types", outcome::executed);
    try {
        lookup.throw_failure();
    } catch (const std::exception& e) {
        return std::make_exception_ptr(decode_error{
            std::string{"the types of what it returned could not be asked for: "}.append(e.what()), u.site()});
    }
    return nullptr;
}

}  // namespace

/// True when `u` may be sent. Else it is finished, or a lookup was queued before it. What does not fit the types as they
/// are known is refused only when they are as the server has just told.
bool session::fill_types(unit& u) {
    const bool is_asked = u.types_asked == types_.generation();
    try {
        u.sends_user_types = true;
        if (types_.fill_types(u.parameters)) return true;
        if (is_asked)
            throw usage_error{"the server has no type " + types_.missing_types(u.parameters) +
                              "; is it created, and on the search_path?"};
    } catch (const usage_error& e) {
        types_.forget_names();  // a type may be altered or made anew
        u.parameters.unresolve();
        if (is_asked) {
            unit_ptr refused = queued_.pop_front();
            fail_by(*refused, [&] { return std::make_exception_ptr(usage_error{e.what(), refused->site()}); });
            finish(std::move(refused));
            return false;
        }
    }
    u.types_asked = types_.generation();
    look_up(u.parameters.unresolved(), {}, nullptr, u);
    return false;
}

void session::look_up(const std::vector<std::string_view>& names, const std::vector<oid>& numbers, unit_ptr&& dependent,
                      const unit& asking) {
    unit_ptr u = make_unit({.prepare = prepare::never}, asking.where);
    ask_for_types(*u, PQserverVersion(native_handle()), names, numbers);
    u->is_for = purpose::lookup;
    u->deadline = asking.deadline;
    u->asks_for = dependent ? nullptr : &asking;
    u->dependent = std::move(dependent);
    types_.begin_lookup();
    queued_.push_front(std::move(u));
}

void session::end_lookup(unit_ptr&& u) noexcept {
    try {
        types_.end_lookup(u->failed() ? nullptr : &u->commands.front().answer, !wire_.is_at_rest());
    } catch (const std::exception& e) {
        u->fail(std::current_exception());
        guard(*this, [&] { close(std::string{"the answer about types cannot be read: "} + e.what()); });
    }
    unit_ptr dependent = std::move(u->dependent);
    if (dependent) {
        if (u->failed()) fail_by(*dependent, [&] { return unread_error(*dependent, *u); });
        for (command& c : dependent->commands) c.answer.know(types_.known());
        return finish(std::move(dependent));
    }
    if (!u->failed() || state_ == state::closed) return;
    // The unit that asked does not go out with unknown types: the server may take a composite's members for others. If
    // it is not there any more, another one may be in its place that has not asked.
    queued_.for_each([&u](unit& q) {
        if (&q == u->asks_for && q.types_asked != 0 && !q.failed()) q.fail_as(*u);
    });
}

}  // namespace coropg::detail
