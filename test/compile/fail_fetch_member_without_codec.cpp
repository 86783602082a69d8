// An aggregate with a member that no codec reads.
// first: no coropg::codec says how to read this type
#include <coropg/sync.hpp>

#include <map>

struct user {
    int id;
#ifdef COROPG_MUST_PASS
    std::string settings;
#else
    std::map<std::string, std::string> settings;
#endif
};

user find(coropg::sync::connection& conn) { return conn.fetch_one<user>("SELECT id, settings FROM users"); }
