// A member that is misspelt in `renamed` would keep its own name.
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
    static constexpr std::pair<std::string_view, std::string_view> renamed[]{{"user_id", "id"}};
#endif
};

coropg::detail::row_reader<user> use(const coropg::result& r) { return coropg::detail::row_reader<user>{r}; }
