// From the SQLSTATE of a server's report to the type that is thrown for it.
#include <coropg/errors.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace coropg::detail {

namespace {

using thrower = void (*)(diagnostics&&, call_site&&, outcome);

struct row {
    std::string_view sqlstate;
    thrower throw_it;
};

template <class Error>
[[noreturn]] void raise(diagnostics&& fields, call_site&& site, outcome became) {
    throw Error{std::move(fields), std::move(site), became};
}

constexpr row table[]{
#include "server_errors.inc"
};

static_assert(std::ranges::is_sorted(table, {}, &row::sqlstate));

thrower find(std::string_view sqlstate) {
    const row* found = std::ranges::lower_bound(table, sqlstate, {}, &row::sqlstate);
    return found != std::end(table) && found->sqlstate == sqlstate ? found->throw_it : nullptr;
}

}  // namespace

void throw_server_error(diagnostics fields, call_site site, outcome became) {
    thrower throw_it = find(fields.sqlstate);
    // Servers newer than the table and RAISE with a code of one's own: the class is what is known.
    if (throw_it == nullptr && fields.sqlstate.size() == 5) throw_it = find(fields.sqlstate.substr(0, 2) + "000");
    if (throw_it != nullptr) throw_it(std::move(fields), std::move(site), became);
    throw server_error{std::move(fields), std::move(site), became};
}

}  // namespace coropg::detail
