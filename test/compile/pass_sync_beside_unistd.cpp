// unistd.h has a function sync(), which the namespace coropg::sync must live with. `namespace sync = coropg::sync;` in
// the global namespace is an error then; these forms are none.
#include <coropg/sync.hpp>

#include <unistd.h>

#include <type_traits>

namespace pg = coropg;
namespace db = coropg::sync;

namespace {

bool by_alias(const db::connection* conn) { return conn == nullptr; }

bool by_alias_of_coropg(const pg::sync::connection* conn) { return conn == nullptr; }

bool by_directive() {
    using namespace pg;
    return std::is_same_v<sync::connection, db::connection>;
}

}  // namespace

int main() { return by_alias(nullptr) && by_alias_of_coropg(nullptr) && by_directive() ? 0 : 1; }
