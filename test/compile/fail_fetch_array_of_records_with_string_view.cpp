// A view in an anonymous record would outlive the result, too.
// expect: owns_its_memory
#include <coropg/sync.hpp>
#include <coropg/types/array.hpp>
#include <coropg/types/composite.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#ifdef COROPG_MUST_PASS
using text = std::string;
#else
using text = std::string_view;
#endif

void use(coropg::sync::connection& conn) {
    conn.fetch_one<std::vector<std::tuple<int, text>>>("SELECT array_agg((id, name)) FROM users");
}
