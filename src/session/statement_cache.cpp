#include <coropg/detail/session/statement_cache.hpp>
#include <coropg/detail/sql/scanner.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

/// Statements that the server still has, until they can be deallocated: not within a transaction.
constexpr std::size_t max_evicted = 256;

/// Texts that are remembered as those of statements whose results come in text, 8 bytes each.
constexpr std::size_t max_in_text = 256;

/// The system catalogs with a column of privileges, which is an aclitem[] and has no binary form.
/// Source: pg_attribute of PostgreSQL 14 to 18.
constexpr std::string_view catalogs[]{"pg_attribute",
                                      "pg_class",
                                      "pg_database",
                                      "pg_default_acl",
                                      "pg_foreign_data_wrapper",
                                      "pg_language",
                                      "pg_foreign_server",
                                      "pg_init_privs",
                                      "pg_largeobject_metadata",
                                      "pg_namespace",
                                      "pg_parameter_acl",
                                      "pg_proc",
                                      "pg_tablespace",
                                      "pg_type"};

/// The first word of `text` from `at` on, which is left behind it.
std::string next_word(std::string_view text, std::size_t& at) {
    while (at < text.size() && !is_sql_letter(text[at])) ++at;
    std::string word;
    for (; at < text.size() && (is_sql_letter(text[at]) || is_sql_digit(text[at])); ++at)
        word += text[at] >= 'A' && text[at] <= 'Z' ? static_cast<char>(text[at] - 'A' + 'a') : text[at];
    return word;
}

/// Whether there is a `*` that is not that of count(*).
bool shows_all_columns(std::string_view sql) {
    for (std::size_t at = sql.find('*'); at != std::string_view::npos; at = sql.find('*', at + 1))
        if (at == 0 || sql[at - 1] != '(') return true;
    return false;
}

/// Whether a statement names such a catalog, and may show all of its columns or that one. A guess, by words wherever they
/// stand: if it is wrong, results come in text that could come in binary, or fail the first time.
bool shows_privileges(std::string_view sql) {
    if (sql.find("pg_") == std::string_view::npos && sql.find("PG_") == std::string_view::npos) return false;
    bool names_catalog = false;
    bool may_show = shows_all_columns(sql);
    for (std::size_t at = 0; at < sql.size();) {
        const std::string word = next_word(sql, at);
        names_catalog = names_catalog || std::ranges::find(catalogs, word) != std::end(catalogs);
        may_show = may_show || word == "table" || word == "initprivs" || word.ends_with("acl");
    }
    return names_catalog && may_show;
}

}  // namespace

statement_cache::plan statement_cache::next(const unit& u, const command& c, std::span<const oid> types) {
    const prepare how = u.preparing == prepare::automatic ? by_default_ : u.preparing;
    if (c.is_own) return {};
    const statement_text& text = u.text_of(c);
    if (how == prepare::never) return {.in_text = is_for_text(text)};
    const std::uint64_t key = key_of(text, types);
    const order::iterator found = find(key);
    const bool first_use = found == order_.end();
    if (first_use) {
        const bool in_text = is_for_text(text);
        if (!make_room()) return {.in_text = in_text};
        order_.push_front({key, std::string{text.sql}, {types.begin(), types.end()}, {}, in_text, status::seen});
        index_.emplace(key, order_.begin());
    } else {
        if (!matches(*found, text, types)) return {.in_text = is_for_text(text)};
        order_.splice(order_.begin(), order_, found);
    }
    entry& e = order_.front();
    const bool is_of_same_unit = e.state == status::parsing && e.parsed_by == &u;
    if (e.state == status::ready || is_of_same_unit) return {plan::way::run, e.in_text, e.name.c_str()};
    const bool is_unnamed = e.state == status::parsing || (first_use && how != prepare::always);
    if (is_unnamed || evicted_.size() >= max_evicted) return {.in_text = e.in_text};
    e.name = name_of(e);
    e.state = status::parsing;
    e.parsed_by = &u;
    return {plan::way::parse_and_run, e.in_text, e.name.c_str()};
}

void statement_cache::ask_for_text(const statement_text& text) {
    for (entry& e : order_)
        if (e.sql == text.sql) e.in_text = true;
    if (std::ranges::find(in_text_, text.hash) != in_text_.end()) return;
    if (in_text_.size() == max_in_text) in_text_.pop_front();
    in_text_.push_back(text.hash);
}

bool statement_cache::is_for_text(const statement_text& text) const {
    const bool has_failed = !in_text_.empty() && std::ranges::find(in_text_, text.hash) != in_text_.end();
    return has_failed || shows_privileges(text.sql);
}

void statement_cache::parsed(const unit& u, const command& c, bool succeeded) {
    const auto e = find(u, c);
    if (e == order_.end() || e->state != status::parsing) return;
    e->state = succeeded ? status::ready : status::seen;
    if (!succeeded) ++losses_;
}

void statement_cache::forget(const unit& u, const command& c) {
    if (const auto e = find(u, c); e != order_.end()) evict(e);
}

void statement_cache::forget_ready() noexcept {
    ++losses_;
    for (auto e = order_.begin(); e != order_.end();) {
        const auto next = std::next(e);
        if (e->state == status::ready) {
            index_.erase(e->key);
            order_.erase(e);
        }
        e = next;
    }
}

void statement_cache::clear() noexcept {
    ++losses_;
    index_.clear();
    order_.clear();
}

bool statement_cache::make_room() {
    if (order_.size() < capacity_) return true;
    const auto oldest =
        std::find_if(order_.rbegin(), order_.rend(), [](const entry& e) { return e.state != status::parsing; });
    if (oldest == order_.rend()) return false;
    evict(std::prev(oldest.base()));
    return true;
}

void statement_cache::evict(order::iterator e) {
    if (e->state == status::ready) {
        evicted_.push_back(e->name);
        ++losses_;
    }
    index_.erase(e->key);
    order_.erase(e);
}

statement_cache::order::iterator statement_cache::find(std::uint64_t key) {
    if (!order_.empty() && order_.front().key == key) return order_.begin();  // as in a batch
    const auto found = index_.find(key);
    return found == index_.end() ? order_.end() : found->second;
}

statement_cache::order::iterator statement_cache::find(const unit& u, const command& c) {
    const std::vector<oid> types = u.parameters.types(c.first_parameter, c.parameter_count);
    const order::iterator found = find(key_of(u.text_of(c), types));
    return found != order_.end() && matches(*found, u.text_of(c), types) ? found : order_.end();
}

bool statement_cache::matches(const entry& e, const statement_text& text, std::span<const oid> types) {
    return e.sql == text.sql && std::ranges::equal(e.types, types);
}

std::uint64_t statement_cache::key_of(const statement_text& text, std::span<const oid> types) noexcept {
    std::uint64_t key = text.hash;
    for (const oid type : types) key = (key ^ type) * 0x9E3779B97F4A7C15ULL;
    return key ^ (key >> 32U) ^ types.size();
}

std::string statement_cache::name_of(const entry& e) const {
    std::string content = e.sql;
    for (const oid type : e.types) content.append(1, '\0').append(std::to_string(type));
    std::string name = "coropg_";
    name += to_string(boost::uuids::name_generator_sha1{boost::uuids::ns::oid()}(content));
    if (losses_ != 0) name.append("_").append(std::to_string(losses_));  // GCC 12 warns of "_" + a string at -O3
    return name;
}

}  // namespace coropg::detail
