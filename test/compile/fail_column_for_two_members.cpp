// A column feeds one member.
// expect: coropg::columns<...>::renamed gives a member two columns, or two members the same one
#include <coropg/detail/values/mapping.hpp>
#include <coropg/types/types.hpp>

struct user {
    int id;
    std::string nickname;
};

template <>
struct coropg::columns<user> {
#ifdef COROPG_MUST_PASS
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"id", "nickname"}, { "nickname", "id" }};
#else
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"id", "nickname"}};
#endif
};

coropg::detail::row_reader<user> use(const coropg::result& r) { return coropg::detail::row_reader<user>{r}; }
