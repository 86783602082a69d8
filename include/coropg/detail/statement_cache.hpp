// Which statements a connection has prepared, and what to do with the next one. Pure decisions: the session sends what
// this room decides.
//
// The key is the SQL and the parameter types; the name is a hash of both, so that behind a pooler two clients can only
// mean the same statement by the same name.
#pragma once

#include <coropg/detail/unit.hpp>

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coropg::detail {

class statement_cache {
 public:
    /// How a statement is to be sent.
    struct plan {
        enum class way : unsigned char { unnamed, parse_and_run, run };
        way how = way::unnamed;
        const char* name = "";
    };

    explicit statement_cache(std::size_t capacity = 256) : capacity_{capacity} {}

    /// Notes one more use of the statement and decides how it is sent. Between `parse_and_run` and its `parsed`, the
    /// same statement runs unnamed in other units; in the same one, the server skips it when that Parse fails.
    plan next(const command& c, const params& parameters, prepare mode);
    /// The server has answered the Parse of a statement.
    void parsed(const command& c, const params& parameters, bool succeeded);

    /// Forgets a statement; if the server has it, its name is among `take_evicted`.
    void forget(const command& c, const params& parameters);
    /// Forgets all: the server has dropped its statements.
    void clear() noexcept;
    [[nodiscard]] bool has_evicted() const noexcept { return !evicted_.empty(); }
    /// Names of statements that the server is to deallocate.
    std::vector<std::string> take_evicted() { return std::exchange(evicted_, {}); }

    [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

 private:
    enum class status : unsigned char { seen, parsing, ready };

    struct entry {
        std::uint64_t key;
        std::string sql;
        std::vector<oid> types;
        std::string name;
        status state = status::seen;
        /// The parameters of the unit whose Parse is under way; only compared.
        const params* parsed_with = nullptr;
    };
    using order = std::list<entry>;

    static std::uint64_t key_of(const command& c, const params& parameters) noexcept;
    static bool matches(const entry& e, const command& c, const params& parameters);
    static std::string name_of(const entry& e);
    order::iterator find(const command& c, const params& parameters);
    bool make_room();
    void evict(order::iterator e);

    std::size_t capacity_;
    order order_;  // most recently used first
    std::unordered_map<std::uint64_t, order::iterator> index_;
    std::vector<std::string> evicted_;
};

}  // namespace coropg::detail
