// Which statements a connection has prepared, and what to do with the next one. Pure decisions: the session sends what
// this room decides.
//
// The key is the SQL and the parameter types; the name is a hash of both, so that behind a pooler two clients can only
// mean the same statement by the same name. No name is parsed twice: a pooler that keeps statements itself, as
// PgBouncer does since 1.21, does not learn that one is gone, and ends a connection that parses its name again. So the
// name has a number, too, once the connection has lost a statement.
//
// Results come in binary, but for statements with a column that has no such form: docs/adr/0012.
#pragma once

#include <coropg/detail/session/unit.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace coropg::detail {

class statement_cache {
 public:
    /// The way to send a statement.
    struct plan {
        enum class way : unsigned char { unnamed, parse_and_run, run };
        way how = way::unnamed;
        /// Its results are asked for in text: they have columns without a binary form.
        bool in_text = false;
        const char* name = "";
    };

    explicit statement_cache(std::size_t capacity = 256) : capacity_{capacity} {}

    /// What becomes of statements that leave it to the session.
    void prepare_by_default(prepare how) noexcept { by_default_ = how; }
    /// Notes one more use of a command's statement, whose parameters are of `types`, and decides how it is sent.
    /// Between `parse_and_run` and its `parsed`, the same statement runs unnamed in other units; in the same one, the
    /// server skips it when that Parse fails.
    plan next(const unit& u, const command& c, std::span<const oid> types);
    /// The server has answered the Parse of a statement.
    void parsed(const unit& u, const command& c, bool succeeded);

    /// From now on the results of this statement are asked for in text, whatever its parameters.
    void ask_for_text(const statement_text& text);

    /// Forgets a statement; if the server has it, its name is among `take_evicted`.
    void forget(const unit& u, const command& c);
    /// Forgets those that the server had: it has dropped them. What is being parsed was sent behind that.
    void forget_ready() noexcept;
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
        bool in_text = false;
        status state = status::seen;
        /// The unit whose Parse is under way; only compared.
        const unit* parsed_by = nullptr;
    };
    using order = std::list<entry>;

    static std::uint64_t key_of(const statement_text& text, std::span<const oid> types) noexcept;
    static bool matches(const entry& e, const statement_text& text, std::span<const oid> types);
    [[nodiscard]] std::string name_of(const entry& e) const;
    /// The entry of that key, which may be another statement's by chance.
    order::iterator find(std::uint64_t key);
    order::iterator find(const unit& u, const command& c);
    /// Whether results of a statement that is not in the cache come in text.
    [[nodiscard]] bool is_for_text(const statement_text& text) const;
    bool make_room();
    void evict(order::iterator e);

    std::size_t capacity_;
    prepare by_default_ = prepare::automatic;
    order order_;  // most recently used first
    std::unordered_map<std::uint64_t, order::iterator> index_;
    std::vector<std::string> evicted_;
    std::deque<std::uint64_t> in_text_;  ///< hashes of texts, the last at the back
    std::uint32_t losses_ = 0;           ///< how often names became unusable
};

}  // namespace coropg::detail
