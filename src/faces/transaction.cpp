#include <coropg/sql.hpp>
#include <coropg/transaction.hpp>

namespace coropg::detail {

namespace {

std::string begin_of(const transaction_options& options) {
    std::string sql = "BEGIN";
    switch (options.isolation) {
        case isolation::server_default: break;
        case isolation::read_committed: sql += " ISOLATION LEVEL READ COMMITTED"; break;
        case isolation::repeatable_read: sql += " ISOLATION LEVEL REPEATABLE READ"; break;
        case isolation::serializable: sql += " ISOLATION LEVEL SERIALIZABLE"; break;
    }
    if (options.read_only) sql += " READ ONLY";
    if (options.deferrable) sql += " DEFERRABLE";
    return sql;
}

}  // namespace

std::vector<std::string> opening_of(const transaction_options& options, bool is_savepoint, std::source_location where) {
    const bool has_modes = options.isolation != isolation::server_default || options.read_only || options.deferrable;
    if (is_savepoint && has_modes)
        throw usage_error{"isolation, read_only and deferrable are of the whole transaction, not of a savepoint",
                          {{}, where}};
    std::vector<std::string> opening;
    if (!is_savepoint) opening.push_back(begin_of(options));
    for (const setting& s : options.set_local) {
        if (!is_plain_name(s.name))
            throw usage_error{"set_local: no name of a setting: " + std::string{s.name}, {{}, where}};
        opening.push_back("SET LOCAL " + std::string{s.name} + " = ");
        opening.back() += sql::literal(s.value, where).text();
    }
    return opening;
}

const std::shared_ptr<scope>& ended_scope() {
    static const auto ended = [] {
        auto s = std::make_shared<scope>();
        s->ended = true;
        return s;
    }();
    return ended;
}

}  // namespace coropg::detail
