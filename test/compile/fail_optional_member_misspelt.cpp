// A member that is misspelt in `optional` would not be.
// expect: coropg::columns<...>::optional names a member that the struct does not have
#include <coropg/detail/values/mapping.hpp>
#include <coropg/types/types.hpp>

struct user {
    int id;
    std::string nickname;
};

template <>
struct coropg::columns<user> {
#ifdef COROPG_MUST_PASS
    static constexpr std::string_view optional[]{"nickname"};
#else
    static constexpr std::string_view optional[]{"nick_name"};
#endif
};

coropg::detail::row_reader<user> use(const coropg::result& r) { return coropg::detail::row_reader<user>{r}; }
