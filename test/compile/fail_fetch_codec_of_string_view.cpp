// A codec that is derived from that of a view reads views, unless it says that it copies.
// expect: owns_its_memory
#include <coropg/sync.hpp>

#include <string>
#include <string_view>

#ifdef COROPG_MUST_PASS
using text = std::string;
#else
using text = std::string_view;
#endif

struct name {
    text value;
};

template <>
struct coropg::codec<name> : coropg::codec<text> {
    static name decode(const field& f) { return {codec<text>::decode(f)}; }
};

void use(coropg::sync::connection& conn) { conn.fetch<name>("SELECT name FROM users"); }
