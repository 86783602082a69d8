// What may hold a view may outlive what that refers to.
// expect: owns_its_memory
#include <coropg/sync.hpp>
#include <coropg/types/variant.hpp>

#include <string>
#include <string_view>
#include <variant>

#ifdef COROPG_MUST_PASS
using text = std::string;
#else
using text = std::string_view;
#endif

void use(coropg::sync::connection& conn) {
    conn.fetch_one<std::variant<std::monostate, int, text>>("SELECT value FROM settings");
}
