// A strong typedef of a view is a view, also within a tuple or an array.
// expect: owns_its_memory
#include <coropg/sync.hpp>
#include <coropg/types/strong.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#ifdef COROPG_MUST_PASS
using text = std::string;
#else
using text = std::string_view;
#endif

struct name {
    text value;
};

template <>
struct coropg::codec<name> : coropg::strong_codec<name> {};

void use(coropg::sync::connection& conn) {
    conn.fetch<std::tuple<int, std::vector<name>>>("SELECT 1, names FROM teams");
}
