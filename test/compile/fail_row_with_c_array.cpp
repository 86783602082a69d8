// A C array as a member of a row.
// first: a row has no C arrays: make the member a std::array or std::vector
#include <coropg/sync.hpp>

#include <array>
#include <string>

struct point {
    std::string name;
    std::array<double, 3> at;
};

struct c_point {
    std::string name;
    double at[3];
};

void use(coropg::sync::connection& conn) {
#ifdef COROPG_MUST_PASS
    conn.fetch<point>("SELECT name, at FROM points");
#else
    conn.fetch<c_point>("SELECT name, at FROM points");
#endif
}
