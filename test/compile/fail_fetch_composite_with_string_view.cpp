// A view in a composite would outlive the result, too, wherever the composite is.
// expect: owns_its_memory
#include <coropg/sync.hpp>
#include <coropg/types/composite.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#ifdef COROPG_MUST_PASS
using text = std::string;
#else
using text = std::string_view;
#endif

struct person {
    text name;
    int age;
};

template <>
struct coropg::codec<person> : coropg::composite_codec<person, "person"> {};

void use(coropg::sync::connection& conn) {
    conn.fetch<std::tuple<int, std::vector<std::optional<person>>>>("SELECT 1, people FROM teams");
}
