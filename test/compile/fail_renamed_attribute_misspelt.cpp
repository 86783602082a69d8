// The same of the attributes of a composite.
// expect: coropg::columns<...>::renamed names a member that the struct does not have
#include <coropg/detail/values/mapping.hpp>
#include <coropg/types/types.hpp>

struct user {
    int id;
    std::string nickname;
};

template <>
struct coropg::columns<user> {
#ifdef COROPG_MUST_PASS
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{ "id", "user_id" }};
#else
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"ident", "user_id"}};
#endif
};

template <>
struct coropg::codec<user> : coropg::composite_codec<user, "user"> {};

user use(const coropg::field& f) { return coropg::codec<user>::decode(f); }
