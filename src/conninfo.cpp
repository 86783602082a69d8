#include <coropg/conninfo.hpp>
#include <coropg/detail/pq.hpp>

#include <algorithm>
#include <cctype>
#include <limits>
#include <numeric>

namespace coropg {

namespace {

/// What libpq marks as a password, and what it should.
bool is_secret(std::string_view keyword, const PQconninfoOption* known) {
    constexpr std::string_view secrets[]{"password", "sslpassword", "oauth_client_secret", "scram_client_key",
                                         "scram_server_key"};
    if (std::ranges::find(secrets, keyword) != std::end(secrets)) return true;
    for (const PQconninfoOption* o = known; o != nullptr && o->keyword != nullptr; ++o)
        if (keyword == o->keyword) return o->dispchar != nullptr && *o->dispchar == '*';
    return false;
}

/// In a URI the host begins behind the first `@`: what follows in the password would be shown as a name.
void require_plain_host(std::string_view host) {
    const std::size_t at = host.find('@', host.starts_with('@') ? 1 : 0);
    if (at != std::string_view::npos)
        throw usage_error{"the host holds an \"@\": if it is part of a password in a URI, write it as %40"};
}

/// In a URI the host ends at the first `/`: a password with one ends up as the port, and what follows as the database.
void require_plain_database(std::string_view text) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos || scheme > text.find_first_of(" =")) return;
    const std::string_view rest = text.substr(scheme + 3);
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos && slash < rest.find('?') &&
        rest.substr(slash, rest.find('?') - slash).find('@') != std::string_view::npos)
        throw usage_error{
            "the database of the URI holds an \"@\": if it is part of a password, write a \"/\" there as %2F, and in any "
            "name an \"@\" as %40"};
}

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row.back();
}

/// A keyword, and by how many letters another word differs from it.
struct near_keyword {
    std::string keyword;
    std::size_t distance = std::numeric_limits<std::size_t>::max();
};

near_keyword nearest(std::string_view word) {
    if (word == "load_balance_hosts") return {std::string{word}, 0};  // ours, where libpq is too old for it
    const detail::pq::options known{PQconndefaults()};
    near_keyword best;
    for (const PQconninfoOption* o = known.get(); o != nullptr && o->keyword != nullptr; ++o) {
        if (const std::size_t d = distance(word, o->keyword); d < best.distance) best = {o->keyword, d};
    }
    return best;
}

[[noreturn]] void fail_unknown(std::string_view keyword, const near_keyword& meant) {
    throw usage_error{"unknown connection parameter \"" + std::string{keyword} + "\"; did you mean \"" + meant.keyword +
                      "\"?"};
}

void require_known(std::string_view keyword) {
    if (const near_keyword meant = nearest(keyword); meant.distance > 0) fail_unknown(keyword, meant);
}

/// The scheme that a text begins with, without "://", where it names a database's: other words may be a password. Else "".
std::string_view database_scheme(std::string_view text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+:";
    constexpr std::string_view products[]{"postgres", "pgsql",  "psql",    "mysql", "mariadb",   "sqlite",  "sqlserver",
                                          "mssql",    "oracle", "mongodb", "redis", "cockroach", "redshift"};
    constexpr std::string_view additions[]{"asyncpg", "psycopg",  "psycopg2",  "pg8000",
                                           "pymysql", "aiomysql", "aiosqlite", "srv"};
    const std::string_view scheme = text.substr(0, text.find("://"));
    if (scheme.size() == text.size() || scheme.find_first_not_of(letters) != std::string_view::npos) return {};
    std::string small{scheme};
    std::ranges::transform(small, small.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string_view product = small;
    if (product.starts_with("jdbc:")) product.remove_prefix(5);
    const std::string_view base = product.substr(0, product.find('+'));
    const std::string_view addition = base.size() == product.size() ? "" : product.substr(base.size() + 1);
    const bool is_known = std::ranges::any_of(products, [base](std::string_view name) {
        return base == name || (name == "postgres" && base == "postgresql");
    });
    const bool is_plain = addition.empty() || std::ranges::find(additions, addition) != std::end(additions);
    return is_known && is_plain ? scheme : std::string_view{};
}

/// A text that libpq can take for nothing, as it begins like the URI of another library or another product.
void require_own_scheme(std::string_view text) {
    if (text.starts_with("postgresql://") || text.starts_with("postgres://")) return;
    const std::string_view scheme = database_scheme(text);
    if (scheme.empty()) return;
    throw usage_error{"the connection text begins with \"" + std::string{scheme} +
                      "://\": expected is postgresql://user@host:port/database, or key=value pairs such as host=... "
                      "dbname=..."};
}

/// What libpq's complaint means. Its own words quote the text, in a way that depends on the language.
std::string_view what_is_wrong(std::string_view problem) {
    struct complaint {
        std::string_view words;
        std::string_view meaning;
    };
    constexpr complaint complaints[]{
        {"missing \"=\"",
         "a word has no \"=\" behind it; a database alone is dbname=..., and a value with blanks stands in single quotes"},
        {"unterminated quoted string", "a single quote is not closed"},
        {"percent-encoded", "a percent sign stands for itself only as %25"},
        {"IPv6", "a \"[\" of an IPv6 address has no \"]\""},
        {"unexpected character", "behind the \"]\" of an IPv6 address comes neither \":\" nor \"/\""},
        {"key/value separator", "behind the \"?\" of a URI stands what is no key=value"},
    };
    for (const complaint& c : complaints)
        if (problem.find(c.words) != std::string_view::npos) return c.meaning;
    return "expected is postgresql://user@host:port/database, or host=... dbname=...";
}

/// libpq quotes the offending part of the text, which can be a password in the wrong place: only what is nearly a keyword
/// is shown.
[[noreturn]] void fail_parse(std::string_view problem) {
    constexpr std::string_view unknown = "connection option \"";
    constexpr std::string_view unknown_in_uri = "invalid URI query parameter: \"";
    for (const std::string_view mark : {unknown, unknown_in_uri}) {
        const std::size_t at = problem.find(mark);
        if (at == std::string_view::npos) continue;
        const std::string_view rest = problem.substr(at + mark.size());
        const std::string_view keyword = rest.substr(0, rest.find('"'));
        const near_keyword meant = nearest(keyword);
        const bool is_slip = keyword.size() > 3 && meant.distance <= 2;
        if (meant.distance > 0 && is_slip) fail_unknown(keyword, meant);
        if (meant.distance > 0)
            throw usage_error{
                "the connection text has an unknown parameter, which is not shown, for it may be part of a password: in "
                "a URI write the password percent-encoded, in key=value pairs in single quotes"};
        throw usage_error{"this version of libpq does not know \"" + std::string{keyword} +
                          "\" in a text: use the setter of coropg::conninfo"};
    }
    throw usage_error{"the connection text is neither a valid postgresql:// URI nor key=value pairs: " +
                      std::string{what_is_wrong(problem)}};
}

}  // namespace

conninfo::conninfo(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) throw usage_error{"the connection text holds a NUL byte"};
    require_own_scheme(text);
    require_plain_database(text);
    const detail::pq::plain_english language;
    char* problem = nullptr;
    const detail::pq::options parsed{PQconninfoParse(std::string{text}.c_str(), &problem)};
    if (!parsed) {
        const std::unique_ptr<char, detail::pq::freed_by<PQfreemem>> owner{problem};
        fail_parse(problem == nullptr ? "out of memory" : problem);
    }
    for (const PQconninfoOption* o = parsed.get(); o->keyword != nullptr; ++o)
        if (o->val != nullptr) settings_.emplace_back(o->keyword, o->val);
    require_plain_host(get("host"));
}

conninfo& conninfo::connect_timeout(std::chrono::milliseconds value) {
    if (value.count() < 0) throw usage_error{"connect_timeout is below 0"};
    constexpr std::chrono::seconds longest{std::numeric_limits<int>::max()};  // of libpq
    return set("connect_timeout",
               std::to_string(std::min(std::chrono::ceil<std::chrono::seconds>(value), longest).count()));
}

conninfo& conninfo::set(std::string_view keyword, std::string_view value) {
    require_known(keyword);
    if (value.find('\0') != std::string_view::npos)
        throw usage_error{"connection parameter \"" + std::string{keyword} + "\" holds a NUL byte"};
    const auto same = [&](const setting& s) { return s.first == keyword; };
    if (const auto it = std::ranges::find_if(settings_, same); it != settings_.end())
        it->second = value;
    else
        settings_.emplace_back(keyword, value);
    return *this;
}

std::string_view conninfo::get(std::string_view keyword) const noexcept {
    const auto it = std::ranges::find(settings_, keyword, &setting::first);
    return it == settings_.end() ? std::string_view{} : std::string_view{it->second};
}

std::string conninfo::describe() const {
    const detail::pq::options known{PQconndefaults()};
    std::string text;
    for (const auto& [keyword, value] : settings_) {
        if (is_secret(keyword, known.get())) continue;
        text += (text.empty() ? "" : " ") + keyword + "=" + value;
    }
    return text;
}

}  // namespace coropg
